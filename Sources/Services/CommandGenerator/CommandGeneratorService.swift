import BankSupport
import Definitions
import KafkaRuntime
import Logging
import SchemaRegistry

/// `bank command-generator`: makes a command of each beat, and pays each new account a salary.
public enum CommandGeneratorService {
  /// Runs until the process is asked to stop.
  ///
  /// - Throws: when a setting is missing or wrong, the port is taken, the registry lacks a schema, or topics and
  ///   run.json are not from the same run. A broker or a registry that is away is waited for.
  public static func run(_ environment: BankEnvironment) async throws {
    let host = ServiceHost(
      name: "command-generator", address: environment.bindAddress, port: environment.ports.commandGenerator)
    let waiting = Waiting(
      metrics: host.metrics, health: host.health, logger: Logger(label: "command-generator"))
    let loop = GeneratorLoop(
      kafka: try environment.kafka(), registry: try RegistryClient(try environment.registryURL()),
      metrics: host.metrics, health: host.health)
    try await host.run {
      _ = try await waiting.forServers {
        try await Incarnation.verify(environment, database: nil, role: "command_generator")
      }
      try await loop.run()
    }
  }
}
