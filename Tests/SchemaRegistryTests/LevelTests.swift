import AvroSchema
import Foundation
import SchemaRegistry
import Testing

@Suite struct LevelTests {
  static let one = Samples.record("R", fields: 1)
  static let two = Samples.record("R", fields: 2)

  @Test func whatBreaksTheLevelIsRefusedWithConfluentsWords() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory, level: .backward) { registry async throws in
        #expect(try await registry.post("/subjects/s/versions", schema: Self.one).id == 1)
        let refused = try await registry.post("/subjects/s/versions", schema: Self.two)
        #expect(refused.status == 409 && refused.errorCode == 409)
        let difference =
          "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'f1' at path '/fields/1' in the new "
          + "schema has no default value and is missing in the old schema', additionalInfo:'f1'}"
        #expect(
          refused.message
            == "Schema being registered is incompatible with an earlier schema for subject \"s\", details: [\(difference), "
            + "{oldSchemaVersion: 1}, {oldSchema: '\(Self.one)'}, {validateFields: 'false', compatibility: 'BACKWARD'}]"
        )
        let path = "/compatibility/subjects/s/versions"
        #expect(try await registry.post(path, schema: Self.two).text == #"{"is_compatible":false}"#)
        #expect(try await registry.post(path + "/latest", schema: Self.one).text == #"{"is_compatible":true}"#)
        let verbose = try await registry.post(path + "/1?verbose=true", schema: Self.two)
        #expect((verbose.json["messages"] as? [String])?.first == difference)
        // What is there already is found, whatever the level says now.
        #expect(try await registry.post("/subjects/s/versions", schema: Self.one).id == 1)
        #expect(try await registry.get("/subjects/s/versions").text == "[1]")
      }
    }
  }

  @Test func levelsOutliveARestart() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory, level: .backward) { registry async throws in
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"BACKWARD"}"#)
        #expect(try await registry.put("/config", #"{"compatibility":"full"}"#).text == #"{"compatibility":"FULL"}"#)
        #expect(try await registry.put("/config/a", #"{"compatibility":"NONE"}"#).status == 200)
        #expect(try await registry.put("/config/b", #"{"compatibility":"NONE"}"#).status == 200)
        #expect(try await registry.send("DELETE", "/config/b").text == #"{"compatibilityLevel":"NONE"}"#)
        #expect(try await registry.send("DELETE", "/config/b").errorCode == 40401)
      }
      try await withRegistry(directory: directory, level: .backward) { registry async throws in
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"FULL"}"#)
        #expect(try await registry.get("/config/a").text == #"{"compatibilityLevel":"NONE"}"#)
        #expect(try await registry.get("/config/b").errorCode == 40408)
        #expect(
          try await registry.get("/config/b?defaultToGlobal=true").text == #"{"compatibilityLevel":"FULL"}"#)
        #expect(try await registry.send("DELETE", "/config").status == 200)
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"BACKWARD"}"#)
      }
    }
  }

  @Test(arguments: [
    ("PUT", "/config", "", 400), ("PUT", "/config", "[]", 422), ("PUT", "/config", #"{"compatibility":7}"#, 422),
    ("PUT", "/config", #"{"compatibility":"SIDEWAYS"}"#, 422), ("POST", "/config", "{}", 405),
    ("PUT", "/config", #"{"compatibility":"NONE","validateFields":true}"#, 501), ("PUT", "/config/a/b", "{}", 404),
    ("POST", "/compatibility", "{}", 404),
    ("POST", "/compatibility/subjects/s/versions/0", #"{"schema":"\"int\""}"#, 422),
    ("POST", "/compatibility/subjects/s/versions/latest", #"{"schema":"{"}"#, 422),
    ("POST", "/compatibility/subjects/s/versions/latest", "\u{0}{", 400),
    ("POST", "/compatibility/subjects/s/versions/7", #"{"schema":"\"int\""}"#, 404),
    ("GET", "/compatibility/subjects/s/versions", "", 405),
  ])
  func garbageIsAnswered(_ method: String, _ path: String, _ body: String, _ status: Int) async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let sent = method == "GET" ? nil : Data(body.utf8)
        let answer = try await registry.send(method, path, body: sent)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.errorCode != nil && !answer.message.isEmpty)
        #expect(try await registry.get("/config").status == 200)
      }
    }
  }

  @Test func ourClientAsksTheSame() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory, level: .backward) { registry async throws in
        let client = try RegistryClient(registry.url)
        _ = try await client.register(subject: "s", schema: Self.one)
        #expect(try await client.compatibility(subject: "s", schema: Self.one).isCompatible)
        let answer = try await client.compatibility(subject: "s", schema: Self.two)
        #expect(!answer.isCompatible && answer.messages.count == 4)
        #expect(try await client.compatibility(subject: "s", schema: Self.two, version: 1).isCompatible == false)
        #expect(try await client.config() == .backward)
        #expect(try await client.config(subject: "s") == nil)
        try await client.setConfig(.none, subject: "s")
        #expect(try await client.config(subject: "s") == CompatibilityMode.none)
        try await client.deleteConfig(subject: "s")
        #expect(try await client.config(subject: "s", defaultToGlobal: true) == .backward)
        try await client.setConfig(.full)
        #expect(try await client.config() == .full)
        // A configuration without a level.
        #expect(try await registry.put("/config/s", #"{"normalize":true}"#).status == 200)
        #expect(try await client.config(subject: "s") == nil)
        #expect(try await client.config(subject: "s", defaultToGlobal: true) == .full)
        #expect(try await client.mode(subject: "s") == "READWRITE")
        #expect(try await registry.put("/mode/s", #"{"mode":"READONLY"}"#).status == 200)
        #expect(try await client.mode(subject: "s") == "READONLY")
      }
    }
  }
}
