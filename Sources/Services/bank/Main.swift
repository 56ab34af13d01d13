import ArgumentParser
import BankSupport
import Foundation
import Glibc

/// The one program of the bank; each service is a verb.
struct Bank: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bank",
    abstract: "A bank on Kafka and Postgres that moves money exactly.",
    discussion: """
      Where a server is looked for: the environment (KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DB_HOSTNAME), then run.json \
      under the home, which "bank up" writes. Exit status: 0 good, 1 failed, 2 usage, 3 differences.
      """,
    groupedSubcommands: [
      CommandGroup(name: "A run", subcommands: [Up.self, Down.self, Clean.self, Adopt.self]),
      CommandGroup(name: "Set-up", subcommands: [SetUpVerb.self, SetupDBVerb.self, SynchronizeVerb.self]),
      CommandGroup(
        name: "Services",
        subcommands: [
          HeartbeatVerb.self, CommandGeneratorVerb.self, CommandHandlerVerb.self, GraphQLEndpointVerb.self,
          FrontendVerb.self, RegistryVerb.self,
        ]),
      CommandGroup(name: "Checks", subcommands: [AuditVerb.self]),
      CommandGroup(name: "Measuring", subcommands: [LoadTestVerb.self, ReportVerb.self]),
    ])
}

/// The common options.
struct HomeOptions: ParsableArguments, Sendable {
  @Option(help: ArgumentHelp("Folder of the run's state; BANK_HOME, else .bank.", valueName: "dir"))
  var home: String?

  @Option(help: ArgumentHelp("Added to every port, so that runs fit beside each other.", valueName: "n"))
  var portOffset = 0

  /// The home as an absolute path.
  var homePath: String {
    let named = ProcessInfo.processInfo.environment["BANK_HOME"]
    return Files.absolute(home ?? (named?.isEmpty == false ? named : nil) ?? ".bank")
  }

  /// Where the servers are.
  func environment() throws -> BankEnvironment {
    try BankEnvironment.resolve(home: home, portOffset: portOffset)
  }
}

/// A verb whose work is asynchronous. `bank up` isn't one: it keeps the main thread for starting children.
protocol AsyncVerb: ParsableCommand, Sendable {
  func perform() async throws
}

@main
enum Main {
  static func main() {
    // A reader of our output that has gone away is no reason to die in the middle of something.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Bank.parseAsRoot()
      guard let verb = command as? any AsyncVerb else {
        try command.run()
        exit(0)
      }
      Task {
        do {
          try await verb.perform()
          exit(0)
        } catch { end(error) }
      }
      dispatchMain()
    } catch { end(error) }
  }

  /// Prints what went wrong and ends with the contract's exit status.
  static func end(_ error: any Error) -> Never {
    let code = Bank.exitCode(for: error)
    if code == .success || error is CleanExit {
      print(Bank.fullMessage(for: error))
      exit(0)
    }
    if !(error is ExitCode) {
      let isUsage = code == .validationFailure
      let message = isUsage ? Bank.fullMessage(for: error) : "bank: \(error)"
      FileHandle.standardError.write(Data((message + "\n").utf8))
      exit(isUsage ? 2 : 1)
    }
    exit(code.rawValue)
  }
}
