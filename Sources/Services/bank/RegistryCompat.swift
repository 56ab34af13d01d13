import ArgumentParser
import AvroSchema
import BankSupport
import Foundation
import SchemaRegistry

/// Which registry a verb talks to.
struct RegistryOptions: ParsableArguments, Sendable {
  @OptionGroup var home: HomeOptions

  @Option(
    help: ArgumentHelp("URL of the registry; SCHEMA_REGISTRY_URL or the run's own unless given.", valueName: "url"))
  var registry: String?

  func client() throws -> RegistryClient {
    try RegistryClient(try registry ?? home.environment().registryURL())
  }
}

struct RegistryCompatVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "compat", abstract: "Check .avsc files against a subject of a running registry.",
    discussion: """
      Each file by itself is compared with the subject's versions at the level that holds for it. Exit status 1 when one \
      doesn't fit.
      """)

  @OptionGroup var options: RegistryOptions

  @Option(help: "The subject.")
  var subject: String

  @Argument(help: "Files, each with one schema.")
  var files: [String]

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one .avsc file") }
  }

  func perform() async throws {
    let client = try options.client()
    let level = try await client.config(subject: subject, defaultToGlobal: true) ?? .backward
    let versions = try await versions(client)
    var isRefused = false
    for file in files {
      let candidate = try Schema(parsing: String(contentsOfFile: file, encoding: .utf8))
      let findings = level.findings(for: candidate, against: versions.map(\.schema))
      print("\(file): \(findings.isEmpty ? "fits" : "does not fit") \(subject) (\(level.rawValue))")
      for finding in findings { print("  version \(versions[finding.versionIndex].version): \(finding)") }
      isRefused = isRefused || !findings.isEmpty
    }
    if isRefused { throw ExitCode(1) }
  }

  /// Oldest first; none when nothing was registered under the subject.
  private func versions(_ client: RegistryClient) async throws -> [(version: Int32, schema: Schema)] {
    let numbers: [Int32]
    do {
      numbers = try await client.versions(subject: subject)
    } catch RegistryError.subjectNotFound {
      return []
    }
    var versions: [(version: Int32, schema: Schema)] = []
    for number in numbers {
      let text = try await client.version(number, subject: subject).schema
      versions.append((number, try Schema(parsing: text)))
    }
    return versions
  }
}

struct RegistryImportVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Write the latest schema of every subject of a running registry as .avsc.")

  @OptionGroup var options: RegistryOptions

  @Option(
    help: ArgumentHelp("Folder to write to; made when missing. Files of the same name are replaced.", valueName: "dir"))
  var output: String

  func perform() async throws {
    let client = try options.client()
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    for subject in try await client.subjects() {
      let latest = try await client.latest(subject: subject)
      let path = "\(output)/\(Self.fileName(subject)).avsc"
      try Data((latest.schema + "\n").utf8).write(to: URL(fileURLWithPath: path))
      print("\(path): \(subject) version \(latest.version), id \(latest.id)")
    }
  }

  /// A subject may hold anything: what is not a letter, digit, `.`, `_` or `-` is written as `%` and two digits, and a
  /// dot at the start too.
  static func fileName(_ subject: String) -> String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
    return subject.utf8.enumerated().map { index, byte in
      if plain.contains(byte), index > 0 || byte != UInt8(ascii: ".") { return String(UnicodeScalar(byte)) }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
