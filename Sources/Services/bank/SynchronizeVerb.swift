import ArgumentParser
import BankSupport
import Definitions
import Foundation
import SchemaRegistry
import SynchronizerService
import TopologyModel

struct SynchronizeVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synchronize",
    abstract: "Bring topics, schemas, levels and ACLs to what the definitions say.",
    discussion: """
      Without a verb: apply. Everything is checked first; what can't be done is refused, and then nothing is changed.
      """,
    subcommands: [SynchronizePlanVerb.self, SynchronizeApplyVerb.self, SynchronizeDumpVerb.self],
    defaultSubcommand: SynchronizeApplyVerb.self)

  static func synchronizer(
    _ environment: BankEnvironment, _ planOptions: PlanOptions = PlanOptions()
  ) throws -> Synchronizer {
    var settings = Synchronizer.Settings()
    settings.options = planOptions
    return Synchronizer(
      kafka: try environment.kafka(), registry: try RegistryClient(try environment.registryURL()), settings: settings)
  }
}

/// What plan and apply have in common.
struct SynchronizeOptions: ParsableArguments, Sendable {
  /// A topology with schemas of this many bytes is read.
  private static let maxTopologyBytes = 64 << 20

  @OptionGroup var home: HomeOptions

  @Option(
    help: ArgumentHelp(
      "What \"avrogen topology --json\" wrote of other definitions; the bank's own unless given.", valueName: "file"))
  var topology: String?

  @Flag(help: "Delete topics and ACLs that the definitions own and don't declare.")
  var delete = false

  @Flag(help: "Delete topics that have records or are read, too; goes with --delete.")
  var deleteNonEmpty = false

  @Option(help: ArgumentHelp("How many topics may be deleted at most.", valueName: "n"))
  var maxDeletes = PlanOptions().maxDeletes

  @Flag(help: "Print JSON on standard output; everything else goes to standard error.")
  var json = false

  func validate() throws {
    guard maxDeletes >= 0 else { throw ValidationError("--max-deletes is \(maxDeletes): it can't be below 0") }
    guard delete || !deleteNonEmpty else { throw ValidationError("--delete-non-empty goes with --delete") }
  }

  var planOptions: PlanOptions {
    PlanOptions(deletes: delete, deletesNonEmpty: deleteNonEmpty, maxDeletes: maxDeletes)
  }

  func declared() throws -> TopologyDescription {
    guard let topology else { return Topology.description }
    guard let bytes = try Files.read(Files.absolute(topology), limitBytes: Self.maxTopologyBytes) else {
      throw SupportError("there is no file \(topology)")
    }
    return try TopologyDescription(topologyJSON: bytes)
  }

  func synchronizer() throws -> Synchronizer {
    try SynchronizeVerb.synchronizer(try home.environment(), planOptions)
  }
}

struct SynchronizePlanVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Say what apply would do, and change nothing.",
    discussion: "Exit status 0 nothing to do, 1 refused or failed, 3 there is something to do.")

  @OptionGroup var options: SynchronizeOptions

  func perform() async throws {
    let plan = try await options.synchronizer().plan(try options.declared())
    let speech = Speech(json: options.json)
    if options.json {
      print(plan.json, terminator: "")
    } else {
      for line in plan.lines(inColour: speech.isInColour) { speech.line(line) }
    }
    if !plan.summary.isEmpty { speech.aside("plan: \(plan.summary)") }
    if plan.isBlocked { throw ExitCode(1) }
    if !plan.isEmpty { throw ExitCode(3) }
  }
}

struct SynchronizeApplyVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Do what the plan says; the same without a verb.",
    discussion: "Exit status 0 done or nothing to do, 1 refused or failed. Interrupted, the next run finishes.")

  private static let maxPlanBytes = 64 << 20

  @OptionGroup var options: SynchronizeOptions

  @Option(
    help: ArgumentHelp(
      "Apply what \"plan --json\" wrote, if the cluster is still as it was then.", valueName: "file"))
  var plan: String?

  func validate() throws {
    guard plan == nil || !(options.delete || options.maxDeletes != PlanOptions().maxDeletes) else {
      throw ValidationError("with --plan, what may be deleted is what the plan was made with")
    }
  }

  func perform() async throws {
    let speech = Speech(json: options.json)
    let declared = try options.declared()
    let synchronizer = try options.synchronizer()
    let outcome: SynchronizerOutcome
    if let plan {
      guard let bytes = try Files.read(Files.absolute(plan), limitBytes: Self.maxPlanBytes) else {
        throw SupportError("there is no file \(plan)")
      }
      let saved = try SynchronizerPlan(json: bytes)
      outcome = await synchronizer.apply(saved, declared, write: speech.line, progress: speech.progress)
    } else {
      outcome = await synchronizer.run(declared, write: speech.line, progress: speech.progress)
    }
    speech.end()
    if options.json { print(outcome.json, terminator: "") }
    if outcome.exitStatus != 0 { throw ExitCode(outcome.exitStatus) }
  }
}

struct SynchronizeDumpVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "dump", abstract: "Write definitions of what a running cluster and its registry have.",
    discussion: """
      One YAML file on standard output. A plan of it is empty; what can't be said in it is told on standard error.
      """)

  @OptionGroup var home: HomeOptions

  func perform() async throws {
    let dump = try await SynchronizeVerb.synchronizer(try home.environment())
      .dump(unmanaged: Topology.description.unmanaged)
    for note in dump.notes { printError("note: \(note)") }
    print(dump.yaml, terminator: "")
  }
}

/// Lines for people: on standard output, or with `--json` on standard error; steps always go to standard error.
private struct Speech: Sendable {
  private let descriptor: Int32
  private let isLive = isatty(2) == 1
  /// On a terminal, unless `NO_COLOR` says otherwise (no-color.org).
  let isInColour: Bool

  init(json: Bool) {
    descriptor = json ? 2 : 1
    let plain = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
    isInColour = isatty(descriptor) == 1 && plain.isEmpty
  }

  func line(_ text: String) { write((isLive ? "\r\u{1B}[K" : "") + text + "\n", to: descriptor) }

  func aside(_ text: String) { write(text + "\n", to: 2) }

  /// One line that is rewritten where a person looks at it, else a line each.
  func progress(_ step: SynchronizerProgress) {
    let text = "[\(step.step)/\(step.steps)] \(step.text)"
    write(isLive ? "\r\u{1B}[K\(text.prefix(79))" : "\(text)\n", to: 2)
  }

  func end() {
    if isLive { write("\r\u{1B}[K", to: 2) }
  }

  private func write(_ text: String, to descriptor: Int32) {
    FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(Data(text.utf8))
  }
}
