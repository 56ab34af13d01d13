/// What one call asks for.
struct Invocation: Equatable {
  enum Verb: String, CaseIterable {
    case generate, check, compat
    case recordHistory = "record-history"
    case sql, avsc, topology

    /// Whether records are compared with what shipped of them.
    var readsHistory: Bool { [.generate, .check, .compat, .recordHistory].contains(self) }
  }

  var verb: Verb
  /// Files, folders, or `-`; in the order given.
  var definitions: [String]
  /// Nil for standard output.
  var output: String?
  /// Files and folders with what shipped; empty for `history` in each folder of definitions.
  var history: [String] = []
  /// Record what breaks compatibility too.
  var isForced = false
  /// Modules that the definitions may refer to, each once.
  var modules: [Module] = []

  /// A module, and the files and folders of its definitions.
  struct Module: Equatable {
    /// As it is imported.
    var name: String
    var paths: [String]
  }

  /// Why the arguments cannot be followed.
  struct UsageError: Error, Equatable {
    var message: String
  }

  enum Request: Equatable {
    case run(Invocation)
    case help
    case version
  }

  static let version = "0.1.0"

  static let help = """
    Usage: avrogen VERB [--definitions DIR|FILE…] [--output DIR] [FILE…]

    Reads definitions (.yaml, .yml, .avsc) and writes what is made of them.

    Verbs:
      generate          Swift: <file>.swift for each input and AvrogenIndex.swift
      check             nothing; says what is wrong
      compat            nothing; compares each record with what shipped of it, in history/
      record-history    history/<full name>.<version>.avsc, one for each record that is new or has changed
      sql               <database>.sql, one a database
      avsc              <full name>.avsc, one a named type
      topology --json   topics, services, databases as JSON (topology.json)
    \(OwnVerb.all.map(\.help).joined())
    Options:
      --definitions DIR|FILE…   folders and files to read (default: definitions); - is standard input
      --history DIR|FILE        what shipped (default: history in each folder of definitions)
      --module NAME=DIR|FILE    definitions of a module that these may refer to; nothing is made of them
      --output DIR              folder to write to (default: standard output)
      --force                   record what breaks compatibility, too
      --help, --version

    Exit status: 0 good, 1 problems in the definitions or files, 2 usage.

    """

  /// Takes the arguments without the program's name.
  static func parse(_ arguments: [String]) throws(UsageError) -> Request {
    var parser = ArgumentReader(arguments)
    return try parser.read()
  }
}

private struct ArgumentReader {
  private var rest: ArraySlice<String>
  private var verb: String?
  private var definitions: [String] = []
  private var output: String?
  private var history: [String] = []
  private var modules: [Invocation.Module] = []
  private var isJSON = false
  private var isForced = false

  init(_ arguments: [String]) {
    rest = arguments[...]
  }

  mutating func read() throws(Invocation.UsageError) -> Invocation.Request {
    var isLiteral = false
    while let argument = rest.popFirst() {
      if isLiteral || argument == "-" || !argument.hasPrefix("-") {
        takePositional(argument, isLiteral: isLiteral)
        continue
      }
      let (name, attached) = split(argument)
      if let attached, !["--definitions", "--history", "--module", "--output"].contains(name) {
        throw Invocation.UsageError(message: "\(name) takes no value, got \(quoted(attached))")
      }
      switch name {
      case "--help", "-h": return .help
      case "--version": return .version
      case "--": isLiteral = true
      case "--json": isJSON = true
      case "--force": isForced = true
      case "--history": history.append(try value(of: name, attached))
      case "--definitions": definitions.append(try value(of: name, attached))
      case "--module": try takeModule(try value(of: name, attached))
      case "--output":
        guard output == nil else { throw Invocation.UsageError(message: "--output is given twice") }
        output = try value(of: name, attached)
      default:
        let known = [
          "--definitions", "--history", "--module", "--output", "--json", "--force", "--help", "--version",
        ]
        throw Invocation.UsageError(message: "unknown option \(quoted(name))\(NearName.hint(name, among: known))")
      }
    }
    return .run(try invocation())
  }

  /// The first word is the verb, everything else an input.
  private mutating func takePositional(_ argument: String, isLiteral: Bool) {
    if verb == nil, !isLiteral {
      verb = argument
    } else {
      definitions.append(argument)
    }
  }

  /// `NAME=PATH`; a name that was given before gets one path more.
  private mutating func takeModule(_ text: String) throws(Invocation.UsageError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[1].isEmpty else {
      throw Invocation.UsageError(message: "--module takes NAME=PATH, got \(quoted(text))")
    }
    guard Names.isModuleName(parts[0]) else {
      throw Invocation.UsageError(message: "\(quoted(parts[0])) is no name of a module")
    }
    if let index = modules.firstIndex(where: { $0.name == parts[0] }) {
      modules[index].paths.append(parts[1])
    } else {
      modules.append(Invocation.Module(name: parts[0], paths: [parts[1]]))
    }
  }

  private func split(_ argument: String) -> (name: String, value: String?) {
    guard let equals = argument.firstIndex(of: "="), argument.hasPrefix("--") else { return (argument, nil) }
    return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
  }

  private mutating func value(of name: String, _ attached: String?) throws(Invocation.UsageError) -> String {
    guard let value = attached ?? rest.popFirst(), !value.isEmpty, value == "-" || !value.hasPrefix("--") else {
      throw Invocation.UsageError(message: "\(name) needs a value")
    }
    return value
  }

  private func invocation() throws(Invocation.UsageError) -> Invocation {
    let verbs = Invocation.Verb.allCases.map(\.rawValue) + OwnVerb.all.map(\.name)
    guard let verb else {
      throw Invocation.UsageError(message: "a verb is missing: one of \(verbs.joined(separator: ", "))")
    }
    guard let known = Invocation.Verb(rawValue: verb) else {
      throw Invocation.UsageError(message: "unknown verb \(quoted(verb))\(NearName.hint(verb, among: verbs))")
    }
    if isJSON, known != .topology { throw Invocation.UsageError(message: "--json belongs to topology") }
    if !isJSON, known == .topology {
      throw Invocation.UsageError(message: "topology is written as JSON only: add --json")
    }
    if output != nil, known == .check || known == .compat {
      throw Invocation.UsageError(message: "\(verb) writes nothing: leave --output out")
    }
    try checkHistory(known)
    return Invocation(
      verb: known, definitions: definitions.isEmpty ? ["definitions"] : definitions, output: output,
      history: history, isForced: isForced, modules: modules)
  }

  private func checkHistory(_ verb: Invocation.Verb) throws(Invocation.UsageError) {
    if !history.isEmpty, !verb.readsHistory {
      throw Invocation.UsageError(message: "\(verb.rawValue) reads no history: leave --history out")
    }
    if isForced, verb != .recordHistory {
      throw Invocation.UsageError(message: "--force belongs to record-history")
    }
    guard verb == .recordHistory else { return }
    if history.count > 1 { throw Invocation.UsageError(message: "record-history takes one --history, a folder") }
    if output != nil {
      throw Invocation.UsageError(message: "record-history writes to history: --history says where, not --output")
    }
  }
}
