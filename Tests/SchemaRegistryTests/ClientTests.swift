import Foundation
import Testing

@testable import SchemaRegistry

@Suite struct ClientTests {
  static var quick: RegistryClient.Settings {
    var settings = RegistryClient.Settings()
    settings.maxAttempts = 4
    settings.firstPauseMillis = 2
    settings.maxPauseMillis = 8
    settings.timeoutMillis = 5_000
    return settings
  }

  /// A port on which nothing listens.
  static let deadURL = "http://127.0.0.1:1"

  @Test func asksOnceAndRemembersBothWays() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        let id = try await client.register(subject: "a/b value", schema: Samples.heartbeat)
        #expect(id == 1)
        #expect(try await client.register(subject: "a/b value", schema: Samples.heartbeat) == 1)
        #expect(try await client.lookUp(subject: "a/b value", schema: Samples.heartbeat) == 1)
        #expect(client.requestCount == 1)
        #expect(try await client.schema(id: 1) == Samples.heartbeat)
        #expect(try await client.schema(id: 1) == Samples.heartbeat)
        #expect(client.requestCount == 2)
        #expect(try await client.subjects() == ["a/b value"])
        #expect(try await client.versions(subject: "a/b value") == [1])
        let version = RegistryClient.Version(subject: "a/b value", version: 1, id: 1, schema: Samples.heartbeat)
        #expect(try await client.latest(subject: "a/b value") == version)
        #expect(try await client.version(1, subject: "a/b value") == version)
      }
    }
  }

  /// A lookup that was answered by canonical form does not stand for a registration of the text.
  @Test func registersAfterALookUp() async throws {
    let documented = Samples.heartbeat.replacingOccurrences(of: "\"fields\"", with: "\"doc\":\"d\",\"fields\"")
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        #expect(try await client.register(subject: "s", schema: Samples.heartbeat) == 1)
        #expect(try await client.lookUp(subject: "s", schema: documented) == 1)
        #expect(try await client.register(subject: "s", schema: documented) == 2)
      }
    }
  }

  /// What a lookup finds is asked anew, and tells which text was found.
  @Test func tellsWhichVersionHasTheSchema() async throws {
    let documented = Samples.heartbeat.replacingOccurrences(of: "\"fields\"", with: "\"doc\":\"d\",\"fields\"")
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        #expect(try await client.register(subject: "s", schema: Samples.heartbeat) == 1)
        let found = try await client.version(of: documented, subject: "s")
        #expect(found == RegistryClient.Version(subject: "s", version: 1, id: 1, schema: Samples.heartbeat))
        #expect(try await registry.delete("/subjects/s").status == 200)
        let error = await #expect(throws: RegistryError.self) {
          try await client.version(of: Samples.heartbeat, subject: "s")
        }
        #expect(error == .subjectNotFound(subject: "s"))
      }
    }
  }

  @Test func concurrentCallersShareOneRequest() async throws {
    let fake = FakeRegistry([(200, #"{"schema":"\"int\""}"#)])
    try await fake.serve(pauseMillis: 200) { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)")
      let schemas = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<50 { group.addTask { try await client.schema(id: 9) } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(schemas == ["\"int\""])
    }
    #expect(await fake.requests == ["GET /schemas/ids/9"])
  }

  @Test func aCancelledCallerLeavesTheOthersAlone() async throws {
    let fake = FakeRegistry([(200, #"{"schema":"\"int\""}"#)])
    try await fake.serve(pauseMillis: 400) { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)")
      let patient = Task { try await client.schema(id: 9) }
      try await Task.sleep(for: .milliseconds(100))
      let hasty = Task { try await client.schema(id: 9) }
      try await Task.sleep(for: .milliseconds(50))
      hasty.cancel()
      let error = await #expect(throws: RegistryError.self) { try await hasty.value }
      #expect(error == .cancelled)
      #expect(try await patient.value == "\"int\"")
    }
    #expect(await fake.requests == ["GET /schemas/ids/9"])
  }

  @Test(arguments: [50001, 50002, 50003, 50004])
  func asksAgainWhateverTheServersErrorIs(code: Int) async throws {
    let fake = FakeRegistry([(500, "{\"error_code\":\(code),\"message\":\"later\"}"), (200, #"{"id":4}"#)])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      #expect(try await client.register(subject: "s", schema: "\"int\"") == 4)
      #expect(client.requestCount == 2)
    }
  }

  /// A schema that leans on others comes with all of them written out, so that it can be read by itself.
  @Test func writesOutReferences() async throws {
    let base = #"{"type":"record","name":"Base","namespace":"refs","fields":[{"name":"a","type":"long"}]}"#
    let middle = #"{"type":"array","items":"refs.Base"}"#
    @Sendable func body(_ schema: String, _ name: String, _ subject: String) throws -> String {
      let text = String(decoding: try JSONEncoder().encode(schema), as: UTF8.self)
      return "{\"schema\":\(text),\"references\":[{\"name\":\"\(name)\",\"subject\":\"\(subject)\",\"version\":1}]}"
    }
    let top = #"{"type":"record","name":"Top","fields":[{"name":"b","type":"refs.Base"}]}"#
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.post("/subjects/base/versions", schema: base).id == 1)
        #expect(try await registry.post("/subjects/m/versions", text: try body(middle, "refs.Base", "base")).id == 2)
        #expect(try await registry.post("/subjects/top/versions", text: try body(top, "m", "m")).id == 3)
        let client = try RegistryClient(registry.url)
        let text = try await client.schema(id: 3)
        #expect(
          text == #"{"type":"record","name":"Top","fields":[{"name":"b","type":\#(base)}]}"#)
        #expect(client.requestCount == 3)
        _ = try await client.schema(id: 3)
        #expect(client.requestCount == 3)
      }
    }
  }

  @Test func aReferenceThatIsNotThereNamesIDAndSubject() async throws {
    let leaning = #"{"schema":"\"x.Y\"","references":[{"name":"x.Y","subject":"away","version":2}]}"#
    let fake = FakeRegistry([(200, leaning), (404, #"{"error_code":40401,"message":"none"}"#)])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      let error = await #expect(throws: RegistryError.self) { try await client.schema(id: 9) }
      let text = "\(String(describing: error))"
      #expect(text.contains("away") && text.contains("9"), "\(text)")
    }
  }

  @Test func triesAgainAfterAServersError() async throws {
    let fake = FakeRegistry([(503, ""), (500, "{}"), (429, ""), (200, #"{"schema":"\"int\""}"#)])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      #expect(try await client.schema(id: 9) == "\"int\"")
      #expect(client.requestCount == 4)
    }
  }

  @Test func givesUpAfterItsAttempts() async throws {
    let fake = FakeRegistry([(503, #"{"error_code":50003,"message":"no leader"}"#)])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      let error = await #expect(throws: RegistryError.self) { try await client.schema(id: 9) }
      #expect(
        error == .unreachable(urls: "http://127.0.0.1:\(port)", reason: "GET /schemas/ids/9: status 503: no leader"))
    }
    #expect(await fake.requests.count == 4)
  }

  @Test(arguments: [
    (401, #"{"error_code":401,"message":"who?"}"#, RegistryError.notAllowed(status: 401, reason: "who?")),
    (404, #"{"error_code":40403,"message":"none"}"#, RegistryError.unknownID(9)),
    (
      404, "<html>",
      RegistryError.unexpectedAnswer(request: "GET /schemas/ids/9", status: 404, code: 404, reason: "<html>")
    ),
    (
      501, #"{"error_code":501,"message":"later"}"#,
      RegistryError.unexpectedAnswer(request: "GET /schemas/ids/9", status: 501, code: 501, reason: "later")
    ),
  ])
  func takesOtherErrorsAsFinal(status: Int, body: String, expected: RegistryError) async throws {
    let fake = FakeRegistry([(status, body)])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      let error = await #expect(throws: RegistryError.self) { try await client.schema(id: 9) }
      #expect(error == expected)
    }
    #expect(await fake.requests == ["GET /schemas/ids/9"])
  }

  @Test func anAnswerThatIsNotJSONIsAnError() async throws {
    let fake = FakeRegistry([(200, "hello")])
    try await fake.serve { port in
      let client = try RegistryClient("http://127.0.0.1:\(port)", settings: Self.quick)
      let error = await #expect(throws: RegistryError.self) { try await client.schema(id: 9) }
      guard case .unexpectedAnswer("GET /schemas/ids/9", 200, _, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func saysThatNoRegistryAnswers() async throws {
    let client = try RegistryClient("http://user:secret@127.0.0.1:1", settings: Self.quick)
    let error = await #expect(throws: RegistryError.self) { try await client.schema(id: 9) }
    guard case .unreachable(let urls, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(urls == Self.deadURL)
    #expect(error?.description.contains("secret") == false)
    #expect(error?.description.contains("SCHEMA_REGISTRY_URL") == true)
  }

  @Test func goesOnToTheNextURL() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient("\(Self.deadURL), \(registry.url)", settings: Self.quick)
        #expect(try await client.register(subject: "s", schema: Samples.heartbeat) == 1)
        #expect(client.requestCount == 2)
        #expect(try await client.subjects() == ["s"])
        #expect(client.requestCount == 3, "the URL that answered is asked first")
      }
    }
  }

  @Test func sendsCredentialsAsAHeader() async throws {
    let fake = FakeRegistry([(200, "[]")])
    try await fake.serve { port in
      let client = try RegistryClient("http://al%40ice:p%3Aw%C3%A9@127.0.0.1:\(port)/base/")
      #expect(try await client.subjects() == [])
    }
    #expect(await fake.requests == ["GET /base/subjects"])
    #expect(await fake.authorizations == ["Basic " + Data("al@ice:p:wé".utf8).base64EncodedString()])
  }

  @Test func namesSubjectAndWhatToDo() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url, settings: Self.quick)
        let none = await #expect(throws: RegistryError.self) {
          try await client.lookUp(subject: "none-value", schema: Samples.heartbeat)
        }
        #expect(none == .subjectNotFound(subject: "none-value"))
        #expect(none?.description.contains("none-value") == true)
        _ = try await client.register(subject: "s", schema: Samples.heartbeat)
        let other = await #expect(throws: RegistryError.self) {
          try await client.lookUp(subject: "s", schema: "\"int\"")
        }
        #expect(other == .schemaNotRegistered(subject: "s"))
        let version = await #expect(throws: RegistryError.self) { try await client.version(8, subject: "s") }
        #expect(version == .versionNotFound(subject: "s", version: "8"))
        let invalid = await #expect(throws: RegistryError.self) {
          try await client.register(subject: "s", schema: "\"strange\"")
        }
        guard case .invalidSchema("s", let reason) = invalid else {
          Issue.record("\(String(describing: invalid))")
          return
        }
        #expect(reason.contains("strange"))
      }
    }
  }

  @Test(arguments: [
    "", " , ", "localhost:8081", "ftp://host", "http://", "http://host?x=1", "http://host#a", "http://a,nonsense",
  ])
  func refusesWhatIsNoURL(text: String) {
    #expect(throws: RegistryError.self) { try RegistryClient(text) }
  }

  @Test func theCacheForgetsTheOldest() {
    var cache = BoundedCache<Int, Int>(capacity: 3)
    for key in 0..<10 {
      cache.insert(key, for: key)
      cache.insert(key * 2, for: key)
      #expect(cache.count <= 3)
    }
    #expect((0..<10).map { cache[$0] } == [nil, nil, nil, nil, nil, nil, nil, 14, 16, 18])
  }
}
