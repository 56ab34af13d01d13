import ArgumentParser
import BankSupport
import SchemaRegistryServer

struct RegistryVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry", abstract: "Run the embedded schema registry alone, or ask a running one.",
    subcommands: [RegistryRunVerb.self, RegistryCompatVerb.self, RegistryImportVerb.self],
    defaultSubcommand: RegistryRunVerb.self)
}

struct RegistryRunVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the embedded schema registry alone; the same without a verb.")

  @OptionGroup var options: HomeOptions

  @Option(help: "Where the schemas are kept; <home>/registry unless given.")
  var directory: String?

  @Option(help: "Address to bind.")
  var host = "127.0.0.1"

  @Option(help: "Port to bind; 8081 plus the offset unless given.")
  var port: Int?

  func perform() async throws {
    let folder = directory ?? options.homePath + "/registry"
    try Files.makeFolder(folder)
    let port = try port ?? Ports(offset: options.portOffset).registry
    let signals = StopSignals()
    let registry = EmbeddedRegistry(directory: folder, host: host, port: port)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await registry.run() }
      group.addTask { await signals.wait() }
      try await group.next()
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }
}
