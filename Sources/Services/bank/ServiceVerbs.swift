import ArgumentParser
import AuditService
import BankSupport
import CommandGeneratorService
import CommandHandlerService
import Foundation
import GraphQLEndpointService
import HeartbeatService

struct CommandHandlerVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "command-handler", abstract: "Answer account creations and transfers.",
    discussion: "What the strategies are and what they promise: docs/variants.md.")

  @OptionGroup var options: HomeOptions

  @OptionGroup var strategy: StrategyOption

  func perform() async throws {
    let environment = try options.environment()
    let strategy = try strategy.chosen()
    var settings = HandlerSettings()
    settings.feedback = try FeedbackTopics(environment)
    if strategy == .python { try PythonHandler.become(environment) }
    try await CommandHandlerService.run(environment, strategy: strategy, settings: settings)
  }
}

extension HandlerStrategy: ExpressibleByArgument {}

/// How the command handler works.
struct StrategyOption: ParsableArguments {
  @Option(help: "How commands are handled; BANK_STRATEGY, else batch.")
  var strategy: HandlerStrategy?

  /// - Throws: `ValidationError` for a value of the environment that is none.
  func chosen() throws -> HandlerStrategy {
    if let strategy { return strategy }
    guard let text = ProcessInfo.processInfo.environment[HandlerStrategy.variable], !text.isEmpty else { return .batch }
    guard let strategy = HandlerStrategy(rawValue: text) else {
      let all = HandlerStrategy.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("\(HandlerStrategy.variable) is \"\(text)\": it must be one of \(all)")
    }
    return strategy
  }
}

struct GraphQLEndpointVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "graphql-endpoint", abstract: "Serve what a client sees of the bank as GraphQL.",
    discussion: "BANK_GRAPHQL_* and BANK_ALLOWED_ORIGINS change its limits: docs/graphql.md.")

  @OptionGroup var options: HomeOptions

  func perform() async throws { try await GraphQLEndpointService.run(try options.environment()) }
}

struct AuditVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Check over database and topics that no money was made or lost.",
    discussion: "Runs beside a running bank. Exit status 1 when an invariant (I1 to I4) does not hold.")

  @OptionGroup var options: HomeOptions

  @Flag(help: "Print the report as JSON.")
  var json = false

  func perform() async throws {
    let report = try await AuditService.run(try options.environment())
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } else {
      print(report.text)
    }
    if !report.isGood { throw ExitCode(1) }
  }
}

struct HeartbeatVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "heartbeat", abstract: "Send the beats that set the pace of the command generator.",
    discussion: "GET and POST / on its port (17888) read and change the pace while it runs.")

  @OptionGroup var options: HomeOptions

  @Option(help: "Beats at a time.")
  var batchSize = 0

  @Option(help: "Milliseconds from one batch to the next.")
  var sleepMillis = 1000

  func validate() throws { _ = try HeartbeatVerb.pace(batchSize: batchSize, sleepMillis: sleepMillis) }

  func perform() async throws {
    let pace = try HeartbeatVerb.pace(batchSize: batchSize, sleepMillis: sleepMillis)
    try await HeartbeatService.run(try options.environment(), pace: pace)
  }

  /// - Throws: `ValidationError` for what is out of range.
  static func pace(batchSize: Int, sleepMillis: Int) throws -> HeartbeatControl.Pace {
    do { return try HeartbeatControl.Pace(batchSize: batchSize, sleepMillis: sleepMillis) } catch {
      throw ValidationError(error.message)
    }
  }
}

struct CommandGeneratorVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "command-generator", abstract: "Make a command of each beat, and pay each new account a salary.")

  @OptionGroup var options: HomeOptions

  func perform() async throws { try await CommandGeneratorService.run(try options.environment()) }
}
