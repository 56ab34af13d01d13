import Foundation
import PythonPeer
import SchemaRegistry
import Testing

/// confluent-kafka, which many use and none of us wrote, against the embedded registry.
@Suite struct PythonTests {
  @Test func confluentKafkaWorksUnchanged() async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "confluent_client.py")
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let output = try await PythonPeer.run([script.path, registry.url])
        let found = try JSONDecoder().decode(Found.self, from: Data(output.utf8))
        #expect(found == Found.expected, "\(output)")

        // What Python registered is what our own client finds.
        let codec = TopicCodec(CodecTests.topic, registry: try RegistryClient(registry.url))
        #expect(try await RegistryClient(registry.url).subjects() == ["heartbeat-value", "levels", "odd/subject ä"])
        let error = await #expect(throws: RegistryError.self) { try await codec.prepare() }
        #expect(error == .schemaNotRegistered(subject: "heartbeat-value"), "its namespace is another")
      }
    }
  }

  struct Found: Decodable, Equatable {
    var notRegistered: [Int]
    var bytes, strictBytes, latestBytes: String
    var read, fastavro: [String: Int]
    var subjects: [String]
    var versions: [Int]
    var canonicalForm: [Int]
    var oddSubject: Int
    var compatibility: String
    var types: [String]
    var unknownID, unknownSubject, unknownVersion, badSchema: [Int]
    var levels: String

    enum CodingKeys: String, CodingKey {
      case notRegistered = "not registered"
      case bytes
      case strictBytes = "strict bytes"
      case latestBytes = "latest bytes"
      case read, fastavro, subjects, versions
      case canonicalForm = "canonical form"
      case oddSubject = "odd subject"
      case compatibility, types
      case unknownID = "unknown id"
      case unknownSubject = "unknown subject"
      case unknownVersion = "unknown version"
      case badSchema = "bad schema"
      case levels
    }

    static let expected = Found(
      notRegistered: [404, 40401], bytes: "0000000001ac02", strictBytes: "0000000001ac02",
      latestBytes: "0000000001ac02", read: ["beat": 150], fastavro: ["beat": 150], subjects: ["heartbeat-value"],
      versions: [1], canonicalForm: [1, 1], oddSubject: 1, compatibility: "NONE", types: ["AVRO"],
      unknownID: [404, 40403], unknownSubject: [404, 40401], unknownVersion: [404, 40402],
      badSchema: [422, 42201],
      levels: #"["BACKWARD", false, true, false, true, [409, 409], [404, 40408], "NONE", true, "#
        + #""FULL_TRANSITIVE", [404, 40402], [422, 42201], [422, 42203]]"#)
  }
}
