import AvroSchema

/// Reads schemas, IDL and protocols and makes definitions of their types.
struct Importer {
  /// A file to read.
  struct Source {
    var kind: ImportKind
    var input: Loader.Input
  }

  /// Definitions that read back to the same schemas, or the lines that say what is wrong.
  enum Outcome {
    case good(files: [DefinitionsText.File], types: [Schema], notes: [String])
    case bad([String])
  }

  /// Finds what an `import` names: its path as it stands, and the path of the file that has it.
  typealias Finder = (String, String, ImportKind) throws(Loader.InputError) -> Source

  private let find: Finder
  private let diagnostics = Diagnostics()
  private let notes = ImportNotes()
  private var sources: [Source]
  private var indexByPath: [String: Int] = [:]
  private var isComplete = true
  private var cleaner: ImportCleaner
  /// Types of all files, with the namespace that each stands in.
  private var roots: [(node: Node, namespace: String, file: Int)] = []

  static func run(_ sources: [Source], find: @escaping Finder) -> Outcome {
    var importer = Importer(sources, find: find)
    return importer.run()
  }

  private init(_ sources: [Source], find: @escaping Finder) {
    self.find = find
    self.sources = sources
    cleaner = ImportCleaner(notes: notes)
    for (index, source) in sources.enumerated() { indexByPath[source.input.path] = index }
  }

  private var paths: [String] { sources.map(\.input.path) }

  private mutating func run() -> Outcome {
    // Grows by what files import. Each is read once, so circles end.
    var index = 0
    while index < sources.count {
      read(index)
      index += 1
    }
    let reader = DefinitionReader(paths: paths, diagnostics: diagnostics)
    for root in roots {
      let context = TypeContext(file: root.file, namespace: root.namespace, isPlain: false, isAvro: true)
      for node in root.node.items ?? [root.node] { _ = reader.readType(node, context) }
    }
    var builder = ModelBuilder(draft: reader.draft, diagnostics: diagnostics, isComplete: isComplete)
    let model = builder.build(files: paths.map { DefinitionFile(path: $0, stem: Loader.stem(of: $0)) })
    if diagnostics.problems.isEmpty { Loader.checkTexts(model, reader.draft, diagnostics) }
    if model.types.isEmpty, diagnostics.problems.isEmpty {
      diagnostics.error(Location(file: 0, line: 1, column: 1), "no record, enum or fixed in what is imported")
    }
    guard diagnostics.problems.isEmpty else { return .bad(diagnostics.lines(paths: paths)) }
    return write(model.types.map(\.schema), reader.draft)
  }

  // MARK: Reading

  private mutating func read(_ index: Int) {
    do {
      let bytes = try sources[index].input.content.get()
      if sources[index].kind == .idl {
        readIDL(try SourceText(Self.withoutTail(bytes), file: index), index)
      } else {
        let source = try SourceText(bytes, file: index)
        guard let root = JSONReader.read(source, diagnostics: diagnostics) else {
          isComplete = false
          return
        }
        readJSON(root, index)
      }
    } catch let problem as Problem {
      isComplete = false
      diagnostics.add(problem)
    } catch let error as Loader.InputError {
      isComplete = false
      diagnostics.error(Location(file: index, line: 1, column: 1), error.message)
    } catch {
      isComplete = false
      diagnostics.error(Location(file: index, line: 1, column: 1), "cannot be read: \(error)")
    }
  }

  /// IDL may end with U+001A, as old systems have it, and whatever follows; form feeds are white space in it.
  private static func withoutTail(_ bytes: [UInt8]) -> [UInt8] {
    bytes.prefix { $0 != 0x1A }.map { $0 == 0x0C ? 0x20 : $0 }
  }

  private mutating func readJSON(_ root: Node, _ index: Int) {
    if sources[index].kind == .protocol {
      let (types, namespace) = cleaner.protocol(root, diagnostics)
      roots += types.map { ($0, namespace, index) }
    } else {
      roots += cleaner.schema(root).map { ($0, "", index) }
    }
  }

  private mutating func readIDL(_ source: SourceText, _ index: Int) {
    let file = IDLParser.parse(source, diagnostics, notes)
    if !file.isGood { isComplete = false }
    for type in file.types {
      guard let node = cleaner.named(type.node, in: type.namespace) else { continue }
      roots.append((node, type.namespace, index))
    }
    for item in file.imports { add(item, from: sources[index].input.path) }
  }

  private mutating func add(_ item: IDLImport, from path: String) {
    do throws(Loader.InputError) {
      let source = try find(item.path, path, item.kind)
      if let known = indexByPath[source.input.path] {
        guard sources[known].kind != source.kind else { return }
        diagnostics.error(item.location, "\(source.input.path) is read as \(sources[known].kind.rawValue) already")
        return
      }
      guard sources.count < InputLimits.files else {
        throw Loader.InputError(message: "more than \(InputLimits.files) files")
      }
      indexByPath[source.input.path] = sources.count
      sources.append(source)
      if case .failure(let error) = source.input.content { throw error }
    } catch {
      isComplete = false
      diagnostics.error(item.location, "cannot import \(quoted(item.path)): \(error.message)")
    }
  }

  // MARK: Writing

  private func write(_ types: [Schema], _ draft: Draft) -> Outcome {
    let names = paths.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let shown = names.count > 5 ? names.prefix(4) + ["\(names.count - 4) more"] : names[...]
    do throws(DefinitionsTextError) {
      let files = try DefinitionsText.files(of: types, comment: "Imported from \(shown.joined(separator: ", ")).")
      let lines = Self.differences(files, types)
      return lines.isEmpty ? .good(files: files, types: types, notes: notes.lines(paths: paths)) : .bad(lines)
    } catch {
      let declaration = error.type.flatMap { draft.declarationByName[$0] }.map { draft.declarations[$0] }
      let location = declaration?.location ?? Location(file: 0, line: 1, column: 1)
      diagnostics.error(location, "definitions can't say this: \(error.description)")
      return .bad(diagnostics.lines(paths: paths))
    }
  }

  /// What is written is read again: nothing may get lost on the way.
  static func differences(_ files: [DefinitionsText.File], _ types: [Schema]) -> [String] {
    switch Loader.load(files.map { Loader.Input(path: $0.name, bytes: Array($0.text.utf8)) }) {
    case .bad(let lines):
      return ["avrogen: error: the definitions made of this are not good:"] + lines
    case .good(let model):
      let expected = texts(types)
      let found = texts(model.types.map(\.schema))
      let names = Set(expected.keys).union(found.keys).filter { expected[$0] != found[$0] }
      return names.sorted().map { "avrogen: error: \($0) would not stay the same as definitions; please report this" }
    }
  }

  private static func texts(_ schemas: [Schema]) -> [FullName: String] {
    let types = NamedTypes(of: schemas)
    var texts: [FullName: String] = [:]
    for name in types.names { texts[name] = types[name]?.text(.full, types: types) }
    return texts
  }
}
