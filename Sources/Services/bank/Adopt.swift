import ArgumentParser
import BankSupport

struct Adopt: AsyncVerb {
  static let configuration = CommandConfiguration(
    abstract: "Declare that databases and topics belong together although they are from different runs.",
    discussion: """
      Gives both a new incarnation. All positions start over: what is in the topics is read again, and what was decided \
      before keeps its outcome. The services must be stopped; "bank up --infrastructure-only" starts just the servers.
      """)

  @OptionGroup var options: HomeOptions

  func perform() async throws {
    let environment = try options.environment()
    let services = ["heartbeat", "command-generator", "command-handler"]
    let running = (environment.run?.services ?? []).filter {
      services.contains($0.name) && Leftovers.isOurs($0.pid, home: environment.home)
    }
    guard running.isEmpty else {
      throw SupportError("\(running.map(\.name).joined(separator: ", ")) still running: bank down first")
    }
    let incarnation = try await Incarnation.adopt(environment, databases: BankEnvironment.databaseNames)
    print("incarnation \(incarnation.text)")
  }
}
