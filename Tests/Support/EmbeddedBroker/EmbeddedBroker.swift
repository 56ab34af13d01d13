import Foundation
import FreePort
import Synchronization

/// The real broker binary as a child process, for tests: a random port, data in a temporary folder, killed when the
/// last reference goes, or the test process ends however it ends.
public final class EmbeddedBroker: Sendable {
  public let port: Int
  /// Where it keeps its data; removed in the end.
  public let directory: URL
  private let binary: URL
  private let process = Mutex<ChildProcess?>(nil)

  /// `host:port`
  public var bootstrapServers: String { "127.0.0.1:\(port)" }

  /// Starts a broker and waits until it accepts connections.
  ///
  /// - Throws: when the binary is not there or does not come up; never skips.
  public static func start() throws -> EmbeddedBroker {
    let binary = try findBinary()
    var failure: any Error = EmbeddedBrokerError(message: "no port was free")
    // Another process may take the port between our look and the broker's bind.
    for _ in 0..<3 {
      let broker = EmbeddedBroker(
        port: try freePort(), directory: try temporaryDirectory(), binary: binary)
      do {
        try broker.launch()
        return broker
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private init(port: Int, directory: URL, binary: URL) {
    self.port = port
    self.directory = directory
    self.binary = binary
  }

  deinit {
    stopProcess(SIGKILL)
    try? FileManager.default.removeItem(at: directory)
  }

  /// `BANK_BROKER_BINARY`, else `.tools/broker/noida-db` of the package.
  public static func findBinary() throws -> URL {
    if let path = ProcessInfo.processInfo.environment["BANK_BROKER_BINARY"], !path.isEmpty {
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw EmbeddedBrokerError(message: "BANK_BROKER_BINARY names no executable file: \(path)")
      }
      return URL(fileURLWithPath: path)
    }
    // <package>/Tests/Support/EmbeddedBroker/EmbeddedBroker.swift
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let binary = root.appending(path: ".tools/broker/noida-db")
    guard FileManager.default.isExecutableFile(atPath: binary.path) else {
      throw EmbeddedBrokerError(
        message: "no broker binary at .tools/broker/noida-db: run `make test`, or name one in BANK_BROKER_BINARY")
    }
    return binary
  }

  /// Starts it again, with the same port and data, after `kill` or `stop`.
  public func restart() throws {
    guard process.withLock({ $0 == nil }) else { return }
    try launch()
  }

  /// kill -9: what it had not saved is lost.
  public func kill() { stopProcess(SIGKILL) }

  /// Removes what it has, after `kill` or `stop`.
  public func wipe() throws { try FileManager.default.removeItem(at: directory.appending(path: "data")) }

  /// Lets it save everything and waits for its end.
  public func stop() { stopProcess(SIGTERM) }

  /// Sends a signal, such as SIGSTOP; nothing while it does not run.
  public func signal(_ number: Int32) { process.withLock { $0 }?.signal(number) }

  /// What it printed.
  public var log: String {
    (try? String(contentsOf: directory.appending(path: "broker.log"), encoding: .utf8)) ?? ""
  }

  private func launch() throws {
    let arguments = [
      "start", "--only", "kafka", "--kafka-port", String(port), "--data-dir", directory.appending(path: "data").path,
    ]
    let child = try ChildProcess(binary.path, arguments, log: directory.appending(path: "broker.log").path)
    process.withLock { $0 = child }
    let deadline = ContinuousClock.now + .seconds(20)
    while !accepts(port: port) {
      guard child.ended == nil else {
        process.withLock { $0 = nil }
        throw EmbeddedBrokerError(message: "the broker ended at once:\n\(log)")
      }
      guard ContinuousClock.now < deadline else {
        kill()
        throw EmbeddedBrokerError(message: "the broker did not listen within 20 s:\n\(log)")
      }
      usleep(20_000)
    }
  }

  private func stopProcess(_ number: Int32) {
    let child = process.withLock { process in
      defer { process = nil }
      return process
    }
    guard let child else { return }
    child.signal(number)
    for _ in 0..<500 {
      if child.ended != nil { return }
      usleep(20_000)
    }
    child.signal(SIGKILL)
    child.waitForEnd()
  }
}

public struct EmbeddedBrokerError: Error, CustomStringConvertible {
  public let message: String
  public var description: String { message }
}

/// A new folder of its own.
public func temporaryDirectory() throws -> URL {
  let directory = FileManager.default.temporaryDirectory.appending(path: "bank-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  return directory
}
