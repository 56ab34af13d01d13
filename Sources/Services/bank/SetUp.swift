import ArgumentParser
import BankSupport
import Definitions
import Foundation
import SetupDBService

/// Databases, topics, schemas, and the mark that they belong together. Each step may be repeated.
enum SetUp {
  /// Makes what is missing.
  ///
  /// - Parameter write: takes each line for the person at the terminal.
  /// - Returns: the incarnation.
  static func run(_ environment: BankEnvironment, write: @escaping @Sendable (String) -> Void) async throws -> UUID {
    for line in try await databases(environment) { write(line) }
    let outcome = try await SynchronizeVerb.synchronizer(environment).run(Topology.description, write: write)
    // What differs was written and is left alone.
    guard outcome.exitStatus != 1 else {
      throw SupportError(outcome.failure ?? "the definitions' topics can't be applied, see above")
    }
    return try await Incarnation.establish(environment, databases: BankEnvironment.databaseNames)
  }

  /// Makes the databases, and gives their roles the passwords with which the services will come.
  static func databases(_ environment: BankEnvironment) async throws -> [String] {
    var passwords: [String: String] = [:]
    for role in BankEnvironment.databaseRoles {
      passwords[role] = try environment.databaseAccess(role: role).password
    }
    let owner = try environment.postgres(database: "postgres", role: environment.databaseOwner)
    let report = try await SetupDBService.run(
      owner, databases: Topology.description.databases, passwords: passwords)
    return report.databases.map { database in
      let what = database.isCreated ? "created" : database.isChanged ? "changed" : "as it was"
      return "database \(database.name): \(what), version \(database.version)"
    }
  }
}

struct SetupDBVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "setup-db", abstract: "Make the databases, their tables, roles and passwords; twice is harmless.")

  @OptionGroup var options: HomeOptions

  func perform() async throws {
    for line in try await SetUp.databases(try options.environment()) { print(line) }
  }
}

struct SetUpVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "setup",
    abstract: "Make databases, topics and schemas, and mark that they belong together; twice is harmless.")

  @OptionGroup var options: HomeOptions

  func perform() async throws {
    let incarnation = try await SetUp.run(try options.environment()) { print($0) }
    print("incarnation \(incarnation.text)")
  }
}
