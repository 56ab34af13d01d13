import Foundation

/// Python programs that do what the code under test does: the interpreter that has fastavro and confluent-kafka, and
/// ways to ask it.
public enum PythonPeer {
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// What `scripts/setup test` makes, or what BANK_PYTHON names.
  public static func interpreter() throws -> URL {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let path =
      ProcessInfo.processInfo.environment["BANK_PYTHON"] ?? root.appendingPathComponent(".venv/bin/python").path
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure(
        description: "no Python with fastavro and confluent-kafka: `make test` makes .venv, or set BANK_PYTHON to an "
          + "interpreter")
    }
    return URL(fileURLWithPath: path)
  }

  /// Runs a script to its end.
  ///
  /// - Parameter arguments: the script's path, then what it takes.
  /// - Returns: standard output.
  /// - Throws: ``Failure`` with standard error when the exit status is not 0.
  public static func run(_ arguments: [String]) async throws -> String {
    // Files, not pipes: nothing has to be read while the process runs.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("python-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["output", "errors"].map { folder.appendingPathComponent($0) }
    for file in files { try Data().write(to: file) }
    let process = Process()
    process.executableURL = try interpreter()
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in continuation.resume() }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        continuation.resume(throwing: error)
      }
    }
    let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(arguments.first ?? "python") ended with \(process.terminationStatus): \(texts[1])")
    }
    return texts[0]
  }
}

/// A script that answers each line with a line, until its input ends.
public final class PythonConversation {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffered = Data()

  /// - Parameter arguments: the script's path, then what it takes.
  public init(_ arguments: [String]) throws {
    process.executableURL = try PythonPeer.interpreter()
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  public func send(_ line: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
  }

  /// The next line; nil when the process has ended.
  public func receive() throws -> Data? {
    while true {
      if let end = buffered.firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffered[..<end]
        buffered = Data(buffered[buffered.index(after: end)...])
        return Data(line)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      buffered += more
    }
  }
}
