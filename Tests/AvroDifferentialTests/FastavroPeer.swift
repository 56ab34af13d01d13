import Foundation

/// fastavro in a process of its own: one request a line, one answer a line.
final class FastavroPeer {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var buffered = Data()

  /// Python is that of `BANK_PYTHON`, or of the virtual environment that `scripts/setup test` makes.
  init() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let root = here.deletingLastPathComponent().deletingLastPathComponent()
    let script = here.appendingPathComponent("fastavro_peer.py")
    let python = ProcessInfo.processInfo.environment["BANK_PYTHON"]
    process.executableURL = python.map { URL(fileURLWithPath: $0) } ?? root.appendingPathComponent(".venv/bin/python")
    process.arguments = [script.path]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func send(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8)) }

  /// The next line; nil when the process has ended.
  func receive() throws -> Data? {
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
