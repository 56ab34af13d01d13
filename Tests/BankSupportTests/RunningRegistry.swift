import Foundation
import SchemaRegistry
import Testing

/// `bank registry` without a verb, on a free port, and the programs that are asked about it.
final class RunningRegistry {
  let program: BankProgram
  let folder = TemporaryFolder()
  let url: String
  let client: RegistryClient
  private let process: Process

  /// - Parameter directory: of its schemas; one of its own unless given.
  init(directory: String? = nil) throws {
    program = try BankProgram()
    let log = folder.path + "/registry.log"
    try Data().write(to: URL(fileURLWithPath: log))
    let handle = try #require(FileHandle(forWritingAtPath: log))
    process = Process()
    process.executableURL = URL(fileURLWithPath: try BankProgram.path())
    process.arguments = ["registry", "--directory", directory ?? folder.path + "/registry", "--port", "0"]
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let limit = Date().addingTimeInterval(60)
    var port: Substring?
    while port == nil {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      port = text.firstMatch(of: #/ready on http://127\.0\.0\.1:(\d+),/#)?.1
      if port == nil {
        guard process.isRunning, Date() < limit else {
          kill(process.processIdentifier, SIGKILL)
          throw RegistryDidNotStart(log: text)
        }
        usleep(20_000)
      }
    }
    url = "http://127.0.0.1:\(port ?? "")"
    client = try RegistryClient(url)
  }

  deinit {
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
  }

  /// Ends the server; the rest stays.
  func stop() {
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
  }

  /// `bank registry <verb> --registry <url> …`
  func bank(_ verb: String, _ more: String...) throws -> (status: Int32, output: String) {
    try program.run(["registry", verb, "--registry", url] + more)
  }

  /// `avrogen …`; both outputs.
  static func avrogen(_ arguments: String...) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try BankProgram.path())
      .deletingLastPathComponent().appendingPathComponent("avrogen")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }

  func write(_ text: String, to name: String) throws -> String {
    let path = "\(folder.path)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }
}

struct RegistryDidNotStart: Error { var log: String }
