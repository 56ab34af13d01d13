import Foundation
import PythonPeer
import Testing

@testable import SchemaRegistryServer

/// Every endpoint and every error code, asked by Python: requests and confluent-kafka's client.
@Suite struct RestTests {
  private static var script: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("rest_client.py").path
  }

  @Test func pythonAsksEveryEndpointAndErrorCode() async throws {
    try await withDirectory { directory in
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
      _ = try await PythonPeer.run([Self.script, "certificate", directory])
      let output = try await Self.withAllRegistries(directory) { addresses in
        let json = String(decoding: try JSONEncoder().encode(addresses), as: UTF8.self)
        return try await PythonPeer.run([Self.script, "run", json])
      }
      let outcomes = try JSONDecoder().decode([String: String?].self, from: Data(output.utf8))
      let names = try await Self.checks()
      #expect(Set(outcomes.keys) == Set(names))
      for name in names {
        if let problem = outcomes[name] ?? nil { Issue.record("\(name): \(problem)") }
      }
    }
  }

  /// docs/registry.md has a table of endpoints and one of codes; their last columns name the checks.
  @Test func theDocumentationNamesEachCheck() async throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("docs/registry.md"), encoding: .utf8)
    for name in try await Self.checks() { #expect(text.contains("`\(name)`"), "\(name)") }
  }

  private static func checks() async throws -> [String] {
    let output = try await PythonPeer.run([script, "names"])
    return try JSONDecoder().decode([String].self, from: Data(output.utf8))
  }

  private struct Kind: Sendable {
    var name: String
    var limits = RegistryLimits()
    var configure: @Sendable (inout EmbeddedRegistry) -> Void = { _ in }
  }

  /// One as it is used, and one for each way to be otherwise.
  private static func withAllRegistries(
    _ directory: String, _ body: @escaping @Sendable ([String: String]) async throws -> String
  ) async throws -> String {
    var users = RegistryUsers()
    users.add(name: "alice", password: "wonder:land")
    let tls = RegistryTLS(
      certificateChainFile: "\(directory)/certificate.pem", privateKeyFile: "\(directory)/key.pem")
    try await withRegistry(directory: "\(directory)/readOnly") { registry async throws in
      #expect(try await registry.post("/subjects/s/versions", schema: "\"int\"").id == 1)
    }
    // Whatever is written to this file meets a full disk.
    try FileManager.default.createDirectory(atPath: "\(directory)/full", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      atPath: "\(directory)/full/registry.jsonl", withDestinationPath: "/dev/full")
    var hasty = RegistryLimits()
    hasty.writeTimeoutMillis = 100
    let kinds: [Kind] = [
      Kind(name: "plain"), Kind(name: "global"), Kind(name: "full"),
      Kind(name: "readOnly", configure: { $0.isReadOnly = true }),
      Kind(name: "users", configure: { [users] in $0.users = users }),
      Kind(name: "tls", configure: { $0.tls = tls }),
      Kind(name: "slow", limits: hasty, configure: { $0.sync = { _ in usleep(1_500_000) } }),
    ]
    return try await start(
      kinds[...], directory, ["authority": "\(directory)/certificate.pem"], body)
  }

  private static func start(
    _ kinds: ArraySlice<Kind>, _ directory: String, _ addresses: [String: String],
    _ body: @escaping @Sendable ([String: String]) async throws -> String
  ) async throws -> String {
    guard let kind = kinds.first else { return try await body(addresses) }
    let (name, rest) = (kind.name, kinds.dropFirst())
    return try await withRegistry(
      directory: "\(directory)/\(kind.name)", limits: kind.limits, level: .backward, configure: kind.configure
    ) { registry async throws in
      var all = addresses
      all[name] = registry.url
      return try await start(rest, directory, all, body)
    }
  }
}
