import Foundation
import PackagePlugin

/// `swift package avrogen VERB …`: runs avrogen in the package's folder with these arguments, so that what it makes can
/// be written into the source tree.
@main
struct AvrogenCommand: CommandPlugin {
  func performCommand(context: PluginContext, arguments: [String]) async throws {
    let process = Process()
    process.executableURL = try context.tool(named: "avrogen").url
    process.arguments = arguments
    process.currentDirectoryURL = context.package.directoryURL
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw CommandError(status: process.terminationStatus)
    }
  }
}

/// What was wrong is on standard error already.
struct CommandError: Error, CustomStringConvertible {
  var status: Int32
  var description: String { "avrogen ended with status \(status)" }
}
