import ArgumentParser
import BankSupport
import SchemaRegistryServer

struct RegistryVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry", abstract: "Run the embedded schema registry alone, ask a running one, or move one.",
    subcommands: [
      RegistryRunVerb.self, RegistryCompatVerb.self, RegistryImportVerb.self, RegistryExportTopicVerb.self,
      RegistryImportTopicVerb.self,
    ],
    defaultSubcommand: RegistryRunVerb.self)
}

/// Where an embedded registry keeps its schemas.
struct RegistryDirectory: ParsableArguments, Sendable {
  @OptionGroup var home: HomeOptions

  @Option(help: "Where the schemas are kept; <home>/registry unless given.")
  var directory: String?

  var path: String { directory ?? home.homePath + "/registry" }
}

struct RegistryRunVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the embedded schema registry alone; the same without a verb.")

  @OptionGroup var directory: RegistryDirectory

  @Option(help: "Address to bind.")
  var host = "127.0.0.1"

  @Option(help: "Port to bind; 8081 plus the offset unless given.")
  var port: Int?

  @Flag(help: "Refuse every change.")
  var readOnly = false

  @Option(help: ArgumentHelp("Users who may ask, name:password a line; everyone unless given.", valueName: "file"))
  var users: String?

  @Option(help: ArgumentHelp("Certificate chain (PEM): HTTPS in place of HTTP.", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("The certificate's private key (PEM).", valueName: "file"))
  var privateKey: String?

  func validate() throws {
    guard (certificate == nil) == (privateKey == nil) else {
      throw ValidationError("--certificate and --private-key go together")
    }
  }

  func perform() async throws {
    try Files.makeFolder(directory.path)
    let port = try port ?? Ports(offset: directory.home.portOffset).registry
    let signals = StopSignals()
    var registry = EmbeddedRegistry(directory: directory.path, host: host, port: port)
    registry.isReadOnly = readOnly
    if let users { registry.users = try RegistryUsers(file: users) }
    if let certificate, let privateKey {
      registry.tls = RegistryTLS(certificateChainFile: certificate, privateKeyFile: privateKey)
    }
    try await withThrowingTaskGroup(of: Void.self) { [registry] group in
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
