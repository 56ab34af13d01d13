#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@main
struct Main {
  static func main() {
    let result = Program.run(Array(CommandLine.arguments.dropFirst()))
    _ = Files.write(result.output, to: 1)
    _ = Files.write(result.messages, to: 2)
    exit(result.status)
  }
}

/// The command without its process: takes arguments, gives what to print and the exit status.
enum Program {
  struct Result: Equatable {
    var status: Int32
    /// For standard output.
    var output = ""
    /// For standard error.
    var messages = ""
  }

  static func run(_ arguments: [String]) -> Result {
    do throws(Invocation.UsageError) {
      if let verb = OwnVerb.named(arguments.first) { return try verb.run(Array(arguments.dropFirst())) }
      switch try Invocation.parse(arguments) {
      case .help: return Result(status: 0, output: Invocation.help)
      case .version: return Result(status: 0, output: "avrogen \(Invocation.version)\n")
      case .run(let invocation): return run(invocation)
      }
    } catch {
      return Result(status: 2, messages: "avrogen: \(error.message)\nSee avrogen --help.\n")
    }
  }

  private static func run(_ invocation: Invocation) -> Result {
    let inputs: [Loader.Input]
    let modules: [Loader.Module]
    var history: [Loader.Input] = []
    do throws(Loader.InputError) {
      inputs = try Files.inputs(invocation.definitions)
      modules = try Files.modules(invocation.modules)
      if invocation.verb.readsHistory { history = try HistoryRun.inputs(invocation) }
    } catch {
      return Result(status: 1, messages: "avrogen: error: \(error.message)\n")
    }
    let loaded = Loader.read(inputs, modules: modules, history: history)
    if invocation.verb == .recordHistory { return HistoryRun.record(invocation, loaded) }
    switch loaded.outcome {
    case .bad(let lines):
      return Result(status: 1, messages: lines.joined(separator: "\n") + "\n")
    case .good(let model):
      if invocation.verb == .compat { return Result(status: 0, output: HistoryRun.summary(loaded.histories)) }
      return write(invocation, model)
    }
  }

  private static func write(_ invocation: Invocation, _ model: Model) -> Result {
    let files: [GeneratedFile]
    switch invocation.verb {
    case .check, .compat, .recordHistory: return Result(status: 0, output: summary(model) + "\n")
    case .generate: files = emitSwift(model)
    case .sql: files = emitSQL(model)
    case .avsc: files = emitAvsc(model)
    case .topology: files = [GeneratedFile(name: "topology.json", text: emitTopologyJSON(model))]
    }
    guard let folder = invocation.output else {
      return Result(status: 0, output: files.map(\.text).joined())
    }
    do throws(Loader.InputError) {
      try Files.write(files, toFolder: folder)
      return Result(status: 0)
    } catch {
      return Result(status: 1, messages: "avrogen: error: \(error.message)\n")
    }
  }

  private static func summary(_ model: Model) -> String {
    func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
    return [
      count(model.files.count, "file"), count(model.types.count, "type"), count(model.topics.count, "topic"),
      count(model.services.count, "service"), count(model.databases.count, "database"),
    ].joined(separator: ", ") + ": good"
  }
}
