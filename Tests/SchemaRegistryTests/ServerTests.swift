import Foundation
import Testing

@testable import SchemaRegistryServer

@Suite struct ServerTests {
  @Test func registersLooksUpAndServes() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let first = try await registry.post("/subjects/heartbeat-value/versions", schema: Samples.heartbeat)
        #expect(first.status == 200)
        #expect(first.text == #"{"id":1}"#)
        #expect(first.contentType == RegistryEndpoint.contentType)

        let other = Samples.record("Other", fields: 1)
        #expect(try await registry.post("/subjects/other-value/versions", schema: other).id == 2)
        #expect(try await registry.post("/subjects/copy/versions", schema: Samples.heartbeat).id == 1)
        #expect(try await registry.post("/subjects/copy/versions", schema: other).id == 2)
        #expect(try await registry.post("/subjects/copy/versions", schema: Samples.heartbeat).id == 1)

        #expect(try await registry.get("/subjects").text == #"["copy","heartbeat-value","other-value"]"#)
        #expect(try await registry.get("/subjects?subjectPrefix=he").text == #"["heartbeat-value"]"#)
        #expect(try await registry.get("/subjects/copy/versions").text == "[1,2]")
        #expect(try await registry.get("/schemas/ids/1").schema == Samples.heartbeat)
        #expect(try await registry.get("/schemas/ids/1/schema").text == Samples.heartbeat)
        #expect(try await registry.get("/schemas/ids/1/subjects").text == #"["heartbeat-value","copy"]"#)
        #expect(
          try await registry.get("/schemas/ids/1/versions").text
            == #"[{"subject":"heartbeat-value","version":1},{"subject":"copy","version":1}]"#)
        for version in ["2", "latest", "-1"] {
          let answer = try await registry.get("/subjects/copy/versions/\(version)")
          #expect(answer.id == 2)
          #expect(answer.version == 2)
          #expect(answer.schema == other)
          #expect(answer.json["subject"] as? String == "copy")
        }
        #expect(try await registry.get("/subjects/copy/versions/1/schema").text == Samples.heartbeat)
        #expect(try await registry.get("/schemas/types").text == #"["AVRO"]"#)
        #expect(try await registry.get("/").text == "{}")
        #expect(try await registry.get("/health").text == #"{"status":"ok"}"#)
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"NONE"}"#)
        #expect(try await registry.get("/mode").text == #"{"mode":"READWRITE"}"#)
      }
    }
  }

  @Test func looksUpByTextThenByCanonicalForm() async throws {
    let plain = #"{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}"#
    let documented = #"{"type":"record","name":"R","doc":"new","fields":[{"name":"a","type":"long"}]}"#
    let spaced = #"{ "name" : "R", "type": "record", "fields": [ { "type": "long", "name": "a" } ] }"#
    let otherDoc = #"{"type":"record","name":"R","doc":"third","fields":[{"name":"a","type":{"type":"long"}}]}"#
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.post("/subjects/s/versions", schema: plain).id == 1)
        #expect(try await registry.post("/subjects/s/versions", schema: documented).id == 2)
        // White space and the order of members do not make another schema.
        #expect(try await registry.post("/subjects/s/versions", schema: spaced).id == 1)
        #expect(try await registry.post("/subjects/s", schema: spaced).version == 1)
        #expect(try await registry.post("/subjects/s", schema: documented).version == 2)
        let byForm = try await registry.post("/subjects/s", schema: otherDoc)
        #expect(byForm.version == 2)
        #expect(byForm.schema == documented)
        #expect(byForm.json["subject"] as? String == "s")
        #expect(try await registry.get("/subjects/s/versions").text == "[1,2]")
      }
    }
  }

  struct ErrorCase: Sendable, CustomTestStringConvertible {
    var method: String
    var path: String
    var body: String?
    var status: Int
    var code: Int
    var says: String
    var testDescription: String { "\(method) \(path) \(body ?? "") -> \(code)" }

    init(
      _ method: String, _ path: String, _ body: String? = nil, _ status: Int, _ code: Int? = nil, _ says: String
    ) {
      self.method = method
      self.path = path
      self.body = body
      self.status = status
      self.code = code ?? status
      self.says = says
    }
  }

  static let known = #"{"schema":"\"string\""}"#
  static let unknown = #"{"schema":"\"int\""}"#

  static let errors: [ErrorCase] = [
    ErrorCase("GET", "/subjects/none/versions", nil, 404, 40401, "'none'"),
    ErrorCase("GET", "/subjects/none/versions/1", nil, 404, 40401, "'none'"),
    ErrorCase("POST", "/subjects/none", known, 404, 40401, "'none'"),
    ErrorCase("GET", "/subjects/there/versions/2", nil, 404, 40402, "Version 2"),
    ErrorCase("GET", "/subjects/there/versions/2147483647", nil, 404, 40402, "2147483647"),
    ErrorCase("GET", "/schemas/ids/77", nil, 404, 40403, "77"),
    ErrorCase("GET", "/schemas/ids/-1", nil, 404, 40403, "-1"),
    ErrorCase("GET", "/schemas/ids/99999999999", nil, 404, 40403, "99999999999"),
    ErrorCase("GET", "/schemas/ids/x", nil, 404, 40403, "'x'"),
    ErrorCase("GET", "/schemas/ids/77/subjects", nil, 404, 40403, "77"),
    ErrorCase("POST", "/subjects/there", unknown, 404, 40403, "'there'"),
    ErrorCase("GET", "/config/there", nil, 404, 40408, "GET /config"),
    ErrorCase("GET", "/subjects/there/versions/0", nil, 422, 42202, "'0'"),
    ErrorCase("GET", "/subjects/there/versions/-2", nil, 422, 42202, "'-2'"),
    ErrorCase("GET", "/subjects/there/versions/2147483648", nil, 422, 42202, "2147483648"),
    ErrorCase("GET", "/subjects/there/versions/newest", nil, 422, 42202, "newest"),
    ErrorCase("POST", "/subjects/there/versions", #"{"schema":"{"}"#, 422, 42201, "JSON"),
    ErrorCase("POST", "/subjects/there/versions", #"{"schema":"\"strange\""}"#, 422, 42201, "strange"),
    ErrorCase("POST", "/subjects/there/versions", #"{"schema":{"type":"string"}}"#, 422, 42201, "string that holds"),
    ErrorCase("POST", "/subjects/there/versions", "{}", 422, 42201, "schema"),
    ErrorCase("POST", "/subjects/there/versions", "[]", 422, 42201, "object"),
    ErrorCase(
      "POST", "/subjects/there/versions", #"{"schema":"{}","schemaType":"JSON"}"#, 422, 42201, "only AVRO"),
    ErrorCase("POST", "/subjects/there/versions", #"{"schema":"\"int\"","id":7}"#, 422, 42205, "import"),
    ErrorCase("POST", "/subjects//versions", known, 422, 42208, "empty"),
    ErrorCase("POST", "/subjects/a%00b/versions", known, 422, 42208, "control"),
    ErrorCase("POST", "/subjects/a%ffb/versions", known, 400, nil, "UTF-8"),
    ErrorCase("POST", "/subjects/there/versions", "schema=1", 400, nil, "not JSON"),
    ErrorCase("POST", "/subjects/there/versions", "", 400, nil, "not JSON"),
    ErrorCase("GET", "/nothing/here", nil, 404, nil, "/nothing/here"),
    ErrorCase("GET", "/subjects/there/strange", nil, 404, nil, "strange"),
    ErrorCase("GET", "/subjects/there", nil, 405, nil, "POST"),
    ErrorCase("PUT", "/subjects/there/versions", known, 405, nil, "GET or POST"),
    ErrorCase("POST", "/schemas/types", known, 405, nil, "GET"),
    ErrorCase("GET", "/schemas/ids/1?format=poem", nil, 400, nil, "resolved"),
    ErrorCase(
      "POST", "/subjects/there/versions",
      #"{"schema":"\"int\"","references":[{"name":"a","subject":"b","version":1}]}"#, 422, 42201, "not there"),
  ]

  @Test func answersEachErrorWithConfluentsCode() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.post("/subjects/there/versions", text: Self.known).id == 1)
        for item in Self.errors {
          let answer = try await registry.send(item.method, item.path, body: item.body.map { Data($0.utf8) })
          #expect(answer.status == item.status, "\(item.testDescription)")
          #expect(answer.errorCode == item.code, "\(item.testDescription)")
          #expect(answer.message.contains(item.says), "\(item.testDescription): \(answer.message)")
          #expect(answer.contentType == RegistryEndpoint.contentType)
        }
        #expect(try await registry.get("/subjects").text == #"["there"]"#)
        #expect(try await registry.get("/subjects/there/versions").text == "[1]")
      }
    }
  }

  @Test(
    arguments: [
      ("a%2Fb", "a/b"), ("%25", "%"), ("a+b", "a+b"), ("%e6%97%A5", "日"), ("", ""), ("a%", nil), ("a%2", nil),
      ("a%zz", nil), ("%+1", nil), ("%ff", nil), ("%c3%28", nil),
    ] as [(String, String?)])
  func decodesPaths(encoded: String, decoded: String?) {
    #expect(RegistryRequest.percentDecoded(encoded[...]) == decoded)
  }

  @Test func negotiatesContentTypes() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let body = Data(Self.known.utf8)
        let path = "/subjects/a/versions"
        for type in ["application/json; charset=utf-8", "application/vnd.schemaregistry+json"] {
          #expect(try await registry.send("POST", path, body: body, contentType: type).status == 200)
        }
        let form = try await registry.send(
          "POST", path, body: body, contentType: "application/x-www-form-urlencoded")
        #expect(form.errorCode == 415)
        let json = try await registry.send("GET", "/subjects", accept: "application/json")
        #expect(json.contentType == "application/json")
        #expect(try await registry.send("GET", "/subjects", accept: "text/html").errorCode == 406)
        let browser = try await registry.send("GET", "/subjects", accept: "text/html, */*; q=0.8")
        #expect(browser.contentType == RegistryEndpoint.contentType)
      }
    }
  }

  @Test func takesAnySubjectName() async throws {
    let names = ["a/b", "with space", "%41", "é", "e\u{301}", "..", ":x", "a+b?c#d&e=f", "日本"]
    let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz")
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        for (index, name) in names.enumerated() {
          let encoded = try #require(name.addingPercentEncoding(withAllowedCharacters: allowed))
          let schema = Samples.record("R", fields: index + 1)
          #expect(try await registry.post("/subjects/\(encoded)/versions", schema: schema).id == index + 1)
          let latest = try await registry.get("/subjects/\(encoded)/versions/latest")
          #expect(latest.version == 1, "\(name)")
          #expect((latest.json["subject"] as? String)?.unicodeScalars.elementsEqual(name.unicodeScalars) == true)
        }
        let listed = try JSONDecoder().decode([String].self, from: Data(try await registry.get("/subjects").text.utf8))
        #expect(listed.count == names.count)
      }
    }
  }

  @Test func keepsItsLimits() async throws {
    var limits = RegistryLimits()
    limits.maxBodyBytes = 2_000
    limits.maxSubjects = 2
    limits.maxSubjectBytes = 20
    limits.maxVersionsPerSubject = 2
    try await withDirectory { [limits] directory in
      try await withRegistry(directory: directory, limits: limits) { registry async throws in
        let big = Samples.record("Big", fields: 200)
        #expect(try await registry.post("/subjects/a/versions", schema: big).errorCode == 413)
        let long = String(repeating: "x", count: 21)
        #expect(try await registry.post("/subjects/\(long)/versions", text: Self.known).errorCode == 42208)
        for fields in 1...2 {
          let schema = Samples.record("R", fields: fields)
          #expect(try await registry.post("/subjects/a/versions", schema: schema).id == fields)
        }
        let third = try await registry.post("/subjects/a/versions", schema: Samples.record("R", fields: 3))
        #expect(third.errorCode == 42205)
        #expect(try await registry.post("/subjects/b/versions", text: Self.known).id == 3)
        #expect(try await registry.post("/subjects/c/versions", text: Self.known).errorCode == 42205)
        #expect(try await registry.get("/subjects").text == #"["a","b"]"#)
      }
    }
  }

  @Test func concurrentRegistrationsGetOneID() async throws {
    try await withDirectory { directory in
      let ids = try await withRegistry(directory: directory) { registry async throws in
        try await withThrowingTaskGroup(of: (schema: Int, id: Int?).self) { group in
          for attempt in 0..<120 {
            group.addTask {
              let fields = attempt % 6 + 1
              let path = "/subjects/s\(attempt % 4)/versions"
              return (fields, try await registry.post(path, schema: Samples.record("R", fields: fields)).id)
            }
          }
          return try await group.reduce(into: [Int: Set<Int?>]()) { $0[$1.schema, default: []].insert($1.id) }
        }
      }
      #expect(ids.count == 6)
      #expect(ids.values.allSatisfy { $0.count == 1 && !$0.contains(nil) })
      #expect(Set(ids.values.flatMap { $0.compactMap { $0 } }) == Set(1...6))
    }
  }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
