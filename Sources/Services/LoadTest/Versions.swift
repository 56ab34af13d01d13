import BankSupport
import Foundation

/// What ran, for the header of a run file.
enum Versions {
  private static let outputLimit = 200

  /// `git describe` of the checkout that the program stands in, else "unknown".
  static func revision() -> String {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    return firstLine(["git", "-C", program, "describe", "--always", "--dirty", "--abbrev=12"]) ?? "unknown"
  }

  /// Of what the run has started beside the bank's own services.
  static func of(_ run: RunFile) -> [String: String] {
    var versions: [String: String] = [:]
    let names = ["noida-db": "broker", "postgres": "postgres"]
    for pid in ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap({ Int32($0) }) {
      guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe"),
        let name = names[(program as NSString).lastPathComponent], versions[name] == nil,
        run.embedded.contains(name == "broker" ? .broker : .postgres)
      else { continue }
      versions[name] = firstLine([program, "--version"])
    }
    versions["system"] = firstLine(["uname", "-sr"])
    return versions
  }

  /// A program on PATH.
  static func find(_ program: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { "\($0)/\(program)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// The first line that a command prints on standard output; nil when it fails.
  private static func firstLine(_ command: [String]) -> String? {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map { String($0.prefix(outputLimit)) }
  }
}
