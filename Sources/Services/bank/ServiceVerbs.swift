import ArgumentParser
import AuditService
import BankSupport
import CommandHandlerService
import Foundation

struct CommandHandlerVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "command-handler", abstract: "Answer account creations and transfers.")

  @OptionGroup var options: HomeOptions

  func perform() async throws { try await CommandHandlerService.run(try options.environment()) }
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
