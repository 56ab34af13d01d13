import AvroSchema

/// The inputs of a run, read, checked and turned into a model.
struct Loader {
  /// One input: a path, or `-` for standard input.
  struct Input: Sendable {
    var path: String
    var content: Result<[UInt8], InputError>

    init(path: String, bytes: [UInt8]) {
      self.path = path
      content = .success(bytes)
    }

    init(path: String, content: Result<[UInt8], InputError>) {
      self.path = path
      self.content = content
    }
  }

  /// Another module, whose types the definitions may refer to.
  struct Module: Sendable {
    /// As it is imported.
    var name: String
    var inputs: [Input]
  }

  struct InputError: Error, Sendable {
    var message: String
  }

  /// A model without problems, or the lines that say what is wrong.
  enum Outcome {
    case good(Model)
    case bad([String])
  }

  /// What was read, with what is wrong with it.
  struct Loaded {
    /// Whole when there is no problem.
    var model: Model
    /// Of the definitions, then of other modules, then of the history.
    var paths: [String]
    var problems: Diagnostics
    /// Empty when the definitions or a file of the history have a problem.
    var histories: [RecordHistory]
    /// Where a record breaks what it has to keep to.
    var breaks: Diagnostics

    var outcome: Outcome {
      let all = Diagnostics()
      for problem in problems.problems.union(breaks.problems) { all.add(problem) }
      return all.problems.isEmpty ? .good(model) : .bad(all.lines(paths: paths))
    }
  }

  /// Reads and checks everything; never stops at the first problem. Records are compared with `history` once there is no
  /// other problem.
  static func load(_ inputs: [Input], modules: [Module] = [], history: [Input] = []) -> Outcome {
    read(inputs, modules: modules, history: history).outcome
  }

  static func read(_ inputs: [Input], modules: [Module] = [], history: [Input]) -> Loaded {
    let foreign = modules.flatMap(\.inputs)
    let paths = (inputs + foreign + history).map(\.path)
    let diagnostics = Diagnostics()
    let reader = DefinitionReader(paths: paths, diagnostics: diagnostics)
    let files = inputs.map(\.path).map { DefinitionFile(path: $0, stem: stem(of: $0)) }
    checkStems(files, diagnostics)
    // Own files first: their names go before those of others.
    let isComplete = read(inputs, firstFile: 0, into: reader)
    reader.draft.moduleByFile = moduleByFile(modules, firstFile: inputs.count)
    _ = read(foreign, firstFile: inputs.count, into: reader)
    var builder = ModelBuilder(draft: reader.draft, diagnostics: diagnostics, isComplete: isComplete)
    let model = builder.build(files: files)
    ForeignProblems(draft: reader.draft, hasUnknownNames: builder.resolver.hasUnknownNames)
      .sift(diagnostics, model)
    if diagnostics.problems.isEmpty { checkTexts(model, reader.draft, diagnostics) }
    let versions = HistoryReader(diagnostics: diagnostics).read(history, firstFile: inputs.count + foreign.count)
    var loaded = Loaded(model: model, paths: paths, problems: diagnostics, histories: [], breaks: Diagnostics())
    guard diagnostics.problems.isEmpty else { return loaded }
    loaded.histories = RecordHistory.all(of: model, versions, diagnostics)
    let check = HistoryCheck(places: DefinitionPlaces(draft: reader.draft, resolver: builder.resolver), files: files)
    for problem in check.problems(of: loaded.histories) { loaded.breaks.add(problem) }
    return loaded
  }

  /// False when one of the files could not be read.
  private static func read(_ inputs: [Input], firstFile: Int, into reader: DefinitionReader) -> Bool {
    var isComplete = true
    for (index, input) in inputs.enumerated() {
      guard let root = readRoot(input, file: firstFile + index, reader.diagnostics) else {
        isComplete = false
        continue
      }
      if isAvro(input.path) {
        reader.readAvro(root, file: firstFile + index)
      } else {
        reader.readYAML(root, file: firstFile + index)
      }
    }
    return isComplete
  }

  private static func moduleByFile(_ modules: [Module], firstFile: Int) -> [Int: String] {
    let names = modules.flatMap { module in module.inputs.map { _ in module.name } }
    return Dictionary(uniqueKeysWithValues: names.enumerated().map { (firstFile + $0.offset, $0.element) })
  }

  private static func readRoot(_ input: Input, file: Int, _ diagnostics: Diagnostics) -> Node? {
    do {
      let source = try SourceText(try input.content.get(), file: file)
      return isAvro(input.path)
        ? JSONReader.read(source, diagnostics: diagnostics) : YAMLReader.read(source, diagnostics: diagnostics)
    } catch let problem as Problem {
      diagnostics.add(problem)
    } catch let error as InputError {
      diagnostics.error(Location(file: file, line: 1, column: 1), error.message)
    } catch {
      diagnostics.error(Location(file: file, line: 1, column: 1), "cannot be read: \(error)")
    }
    return nil
  }

  private static func isAvro(_ path: String) -> Bool { path.hasSuffix(".avsc") }

  /// File name without its last extension; standard input is `stdin`.
  static func stem(of path: String) -> String {
    if path == "-" { return "stdin" }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
    return String(name[..<dot])
  }

  /// Each file becomes `<stem>.swift` in one folder, whose file system may not tell case apart.
  private static func checkStems(_ files: [DefinitionFile], _ diagnostics: Diagnostics) {
    var seen: [String: String] = [:]
    for (index, file) in files.enumerated() {
      let start = Location(file: index, line: 1, column: 1)
      let stem = file.stem.lowercased()
      if stem == "avrogenindex" {
        diagnostics.error(start, "the name AvrogenIndex is taken by a generated file; rename this one")
      }
      if let other = seen[stem] {
        diagnostics.error(start, "\(other) gives \(file.stem).swift too; rename one of them")
      }
      seen[stem] = seen[stem] ?? file.path
    }
  }

  /// The second opinion: what is emitted must be a schema for those who read it, here and in another implementation.
  static func checkTexts(_ model: Model, _ draft: Draft, _ diagnostics: Diagnostics) {
    let types = model.namedTypes
    for type in model.types {
      let text = type.schema.text(.full, types: types)
      let declaration = draft.declarationByName[type.name].map { draft.declarations[$0] }
      let location = declaration?.location ?? Location(file: type.file, line: 1, column: 1)
      do throws(SchemaError) {
        _ = try Schema(parsing: text)
      } catch {
        diagnostics.error(location, "the schema of \(type.name) can't be read back: \(error.message)")
        // Whoever holds this one has the same problem.
        return
      }
      guard let message = Libavro.refusal(of: text) else { continue }
      // In a schema's text a name without dots is one of the enclosing namespace, so this cannot be written.
      let isMixed = message.hasPrefix("Unknown Avro") && hasMixedNamespaces(model)
      let hint = isMixed ? "; a type without namespace cannot be named inside one that has a namespace" : ""
      diagnostics.error(location, "libavro refuses the schema of \(type.name): \(message)\(hint)")
    }
  }

  private static func hasMixedNamespaces(_ model: Model) -> Bool {
    model.allTypes.contains { $0.name.namespace.isEmpty } && model.allTypes.contains { !$0.name.namespace.isEmpty }
  }
}
