import Foundation
import PackagePlugin

/// Makes Swift of the `.yaml`, `.yml` and `.avsc` files of a target.
///
/// The files are those that SwiftPM itself found in the target, so that one that is added, edited or removed is planned
/// anew; what a plugin finds by listing a folder is not. Those below a folder `history` of the target are no definitions:
/// they are what shipped, which the definitions are compared with.
///
/// The definitions of the targets that this one depends on, directly or not, go along, so that its own may refer to their
/// types.
@main
struct AvrogenBuild: BuildToolPlugin {
  private static let extensions: Set<String> = ["yaml", "yml", "avsc"]

  func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
    guard let module = target.sourceModule else { return [] }
    let files = files(of: module)
    let history = files.filter { isHistory($0, of: target) }
    let inputs = files.filter { !isHistory($0, of: target) }
    guard !inputs.isEmpty else {
      Diagnostics.warning("target \(target.name) uses AvrogenBuild and has no .yaml, .yml or .avsc file")
      return []
    }
    let modules = modules(seenBy: target)
    let folder = context.pluginWorkDirectoryURL
    let names = try outputNames(of: inputs, in: target)
    var arguments = ["generate", "--output", folder.path] + inputs.map(\.path)
    for file in history { arguments += ["--history", file.path] }
    for module in modules {
      for file in module.files { arguments += ["--module", "\(module.name)=\(file.path)"] }
    }
    return [
      .buildCommand(
        displayName: "avrogen \(target.name)",
        executable: try context.tool(named: "avrogen").url,
        arguments: arguments,
        inputFiles: inputs + history + modules.flatMap(\.files),
        outputFiles: names.map { folder.appending(path: $0) })
    ]
  }

  /// In the order in which the target's own run has them: names that Swift would take for the same depend on it.
  private func files(of module: any SourceModuleTarget) -> [URL] {
    module.sourceFiles.map(\.url)
      .filter { Self.extensions.contains($0.pathExtension.lowercased()) }
      .sorted { $0.path < $1.path }
  }

  /// Dependencies that may have definitions: what avrogen makes needs AvroRuntime, so where nothing depends on that,
  /// such files are something else.
  private func modules(seenBy target: Target) -> [(name: String, files: [URL])] {
    target.recursiveTargetDependencies.compactMap { dependency in
      guard let module = dependency.sourceModule,
        dependency.recursiveTargetDependencies.contains(where: { $0.sourceModule?.moduleName == "AvroRuntime" })
      else { return nil }
      let files = files(of: module).filter { !isHistory($0, of: dependency) }
      return files.isEmpty ? nil : (module.moduleName, files)
    }
    .sorted { $0.name < $1.name }
  }

  /// Only folders inside the target count, whatever those around it are called.
  private func isHistory(_ file: URL, of target: Target) -> Bool {
    let root = target.directoryURL.standardizedFileURL.pathComponents
    let path = file.standardizedFileURL.pathComponents
    return path.starts(with: root) && path.dropFirst(root.count).dropLast().contains("history")
  }

  /// Exactly what avrogen writes: `<stem>.swift` an input and the index. All Swift files of a module need names of their
  /// own, whatever their folders.
  private func outputNames(of inputs: [URL], in target: Target) throws -> [String] {
    var owners: [String: URL] = [:]
    for input in inputs {
      let stem = input.deletingPathExtension().lastPathComponent
      guard stem.lowercased() != "avrogenindex" else { throw PlanError.reserved(input.path) }
      if let other = owners.updateValue(input, forKey: stem.lowercased()) {
        throw PlanError.sameStem(other.path, input.path, "\(stem).swift")
      }
    }
    if let module = target.sourceModule {
      for source in module.sourceFiles.map(\.url) where source.pathExtension == "swift" {
        let stem = source.deletingPathExtension().lastPathComponent
        if let input = owners[stem.lowercased()] {
          throw PlanError.sameStem(source.path, input.path, "\(stem).swift")
        }
      }
    }
    return inputs.map { $0.deletingPathExtension().lastPathComponent + ".swift" } + ["AvrogenIndex.swift"]
  }
}

enum PlanError: Error, CustomStringConvertible {
  case sameStem(String, String, String)
  case reserved(String)

  var description: String {
    switch self {
    case .sameStem(let first, let second, let output):
      "\(first) and \(second) would both be \(output) in one module: rename one of them"
    case .reserved(let path): "\(path): AvrogenIndex.swift is what avrogen adds itself: rename the file"
    }
  }
}
