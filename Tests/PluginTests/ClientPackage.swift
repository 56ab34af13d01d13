import Foundation

/// A package in a folder of its own that has this one as a dependency, as its users do.
struct ClientPackage {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Holds ``folder`` alone.
  private let base: URL
  /// Its name is the package's identity, and part of the path that plugins write to.
  let folder: URL
  /// The one that has the plugin.
  let target: URL
  /// What the build plugin writes.
  var generated: URL {
    folder.appending(path: ".build/plugins/outputs/client/Events/destination/AvrogenBuild")
  }

  struct Outcome {
    var status: Int32
    var output: String
  }

  init() throws {
    base = FileManager.default.temporaryDirectory.appending(path: "avrogen-\(UUID().uuidString)")
    folder = base.appending(path: "client")
    target = folder.appending(path: "Events")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try writeManifest(dependencies: [], targets: "")
  }

  /// - Parameters:
  ///   - dependencies: what `Events` depends on besides AvroRuntime, as in a manifest.
  ///   - targets: those besides `Events`, each with a comma before it; `avro` is the dependency on AvroRuntime and
  ///     `avrogen` the plugin.
  func writeManifest(dependencies: [String], targets: String) throws {
    let manifest = """
      // swift-tools-version: 6.2
      import PackageDescription

      let avro = Target.Dependency.product(name: "AvroRuntime", package: "open-bank-mark")
      let avrogen = Target.PluginUsage.plugin(name: "AvrogenBuild", package: "open-bank-mark")
      let package = Package(
        name: "client",
        platforms: [.macOS(.v15)],
        dependencies: [.package(name: "open-bank-mark", path: "\(Self.repository.path)")],
        targets: [
          .target(
            name: "Events", dependencies: [\((["avro"] + dependencies).joined(separator: ", "))], path: "Events",
            plugins: [avrogen])\(targets)
        ])
      """
    try Data(manifest.utf8).write(to: folder.appending(path: "Package.swift"))
  }

  /// A copy of a package in `Examples`, whose build folder, if it has one, stays behind.
  init(copyOf example: String, target: String) throws {
    base = FileManager.default.temporaryDirectory.appending(path: "avrogen-\(UUID().uuidString)")
    folder = base.appending(path: example)
    self.target = folder.appending(path: "Sources/\(target)")
    let source = Self.repository.appending(path: "Examples/\(example)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: source.appending(path: "Sources"), to: folder.appending(path: "Sources"))
    let manifest = try String(contentsOf: source.appending(path: "Package.swift"), encoding: .utf8)
    let moved = manifest.replacing("path: \"../..\"", with: "path: \"\(Self.repository.path)\"")
    try Data(moved.utf8).write(to: folder.appending(path: "Package.swift"))
  }

  /// - Parameter name: a path from the target on.
  func write(_ text: String, to name: String) throws {
    let file = target.appending(path: name).standardizedFileURL
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: target.appending(path: name)) }

  func remove() { try? FileManager.default.removeItem(at: base) }

  func text(of name: String) throws -> String {
    try String(contentsOf: generated.appending(path: name), encoding: .utf8)
  }

  func build() async throws -> Outcome { try await swift(["build"]) }

  /// Runs `swift <verb> …` in the package, with a build folder of its own: the one around this test is locked.
  func swift(_ arguments: [String]) async throws -> Outcome {
    let log = folder.appending(path: "output-\(UUID().uuidString).log")
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    defer {
      try? output.close()
      try? FileManager.default.removeItem(at: log)
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    let scratch = folder.appending(path: ".build").path
    process.arguments = ["swift", arguments[0], "--scratch-path", scratch] + arguments.dropFirst()
    process.currentDirectoryURL = folder
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    let status = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do {
          try process.run()
        } catch {
          process.terminationHandler = nil
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      if process.isRunning { process.terminate() }
    }
    return Outcome(status: status, output: try String(contentsOf: log, encoding: .utf8))
  }
}
