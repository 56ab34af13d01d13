import ArgumentParser
import BankSupport
import Definitions
import Foundation
import SchemaRegistry
import SynchronizerService

struct SynchronizeVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "synchronize", abstract: "Make the topics and register the schemas that are missing.",
    discussion: """
      What is there and differs is reported and left alone. Exit status 3 when something differs, 1 when something failed.
      """)

  @OptionGroup var options: HomeOptions

  @Flag(help: "Delete topics that the definitions don't have. Unmanaged and internal ones always stay.")
  var delete = false

  @Flag(help: "Print the outcome as JSON.")
  var json = false

  func perform() async throws {
    let isQuiet = json
    let outcome = try await Self.synchronizer(try options.environment(), deletes: delete).run(Topology.description) {
      if !isQuiet { print($0) }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(outcome), as: UTF8.self))
    }
    if outcome.exitStatus != 0 { throw ExitCode(outcome.exitStatus) }
  }

  static func synchronizer(_ environment: BankEnvironment, deletes: Bool = false) throws -> Synchronizer {
    var settings = Synchronizer.Settings()
    settings.deletes = deletes
    return Synchronizer(
      kafka: try environment.kafka(), registry: try RegistryClient(try environment.registryURL()), settings: settings)
  }
}
