import Foundation
import PythonPeer
import Testing

/// A root certificate with two server certificates that it signed, and a root that signed none, made by openssl.
final class TestCertificates {
  private let folder = TemporaryFolder()
  var root: String { "\(folder.path)/root.crt" }
  var otherRoot: String { "\(folder.path)/other.crt" }
  /// For `localhost` alone.
  var named: (certificate: String, key: String) { server("named") }
  /// For `localhost` and 127.0.0.1.
  var addressed: (certificate: String, key: String) { server("addressed") }

  init() throws {
    for name in ["root", "other"] { try make(name, ["-subj", "/CN=\(name) of a test"]) }
    for (name, names) in [("named", "DNS:localhost"), ("addressed", "DNS:localhost,IP:127.0.0.1")] {
      try make(
        name,
        [
          "-subj", "/CN=server of a test", "-addext", "subjectAltName=\(names)", "-CA", root, "-CAkey",
          "\(folder.path)/root.key",
        ])
    }
  }

  private func server(_ name: String) -> (certificate: String, key: String) {
    ("\(folder.path)/\(name).crt", "\(folder.path)/\(name).key")
  }

  private func make(_ name: String, _ more: [String]) throws {
    let (certificate, key) = server(name)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      [
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-keyout", key, "-out", certificate,
      ] + more
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = errors
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "openssl (scripts/setup test installs it): \(text)")
  }
}

/// A listener in front of a server that speaks TLS or asks for a password, which the server itself does not; see
/// Python/guarded_server.py.
final class GuardedServer {
  let port: Int
  private let conversation: PythonConversation

  /// - Parameter options: `--tls CERTIFICATE KEY`, `--kafka`, `--sasl USER:PASSWORD`, `--basic USER:PASSWORD`.
  init(before port: Int, _ options: [String]) throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Python/guarded_server.py").path
    conversation = try PythonConversation([script, String(port)] + options)
    let line = String(decoding: try conversation.receive() ?? Data(), as: UTF8.self)
    self.port = try #require(Int(line), "no port but \(line)")
  }
}
