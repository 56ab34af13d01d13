import AvroSchema

/// Looks up the names in type expressions and makes schemas of them.
final class TypeResolver {
  let draft: Draft
  let diagnostics: Diagnostics
  /// False when a file could not be read: an unknown name may be in it, so none is reported.
  let isComplete: Bool

  private var bySimpleName: [ScopedName: [Int]] = [:]
  private var sharedResults: [ScopedName: Resolved?] = [:]
  private var openShared: [ScopedName] = []
  /// Whether the module that is made names a type that nothing defines.
  private(set) var hasUnknownNames = false
  private(set) lazy var knownNames = makeKnownNames()

  /// Nodes of one type, with shared types written out; each step of a chain could double them.
  static let nodeLimit = 10_000

  struct Resolved {
    var schema: Schema
    var nodes: Int
    var height: Int
  }

  init(draft: Draft, diagnostics: Diagnostics, isComplete: Bool) {
    self.draft = draft
    self.diagnostics = diagnostics
    self.isComplete = isComplete
    for (index, declaration) in draft.declarations.enumerated() {
      let name = ScopedName(module: draft.module(of: declaration.location), name: declaration.name.name)
      bySimpleName[name, default: []].append(index)
    }
  }

  /// The schema, or nil when something in it is wrong; that is reported.
  func schema(of expression: TypeExpression) -> Schema? { resolve(expression)?.schema }

  /// Resolves every shared type, also those that nothing uses.
  func checkSharedTypes() {
    for (name, shared) in draft.sharedTypes.sorted(by: { $0.value.location < $1.value.location }) {
      _ = resolveShared(name, usedAt: shared.location)
    }
  }

  // MARK: Expressions

  private func resolve(_ expression: TypeExpression) -> Resolved? {
    switch expression.kind {
    case .invalid: return nil
    case .primitive(let primitive, let logical):
      return Resolved(schema: .primitive(primitive, logicalType: logical), nodes: 1, height: 1)
    case .declared(let index):
      return Resolved(schema: .reference(draft.declarations[index].name), nodes: 1, height: 1)
    case .name(let text, let context):
      return resolveName(text, expression.location, context)
    case .array(let items):
      return wrap(resolve(items), expression.location) { .array(items: $0) }
    case .map(let values):
      return wrap(resolve(values), expression.location) { .map(values: $0) }
    case .optional(let inner):
      let null = Resolved(schema: .primitive(.null), nodes: 1, height: 1)
      guard let resolved = resolve(inner) else { return nil }
      return union([null, resolved], [expression.location, expression.location], expression.location)
    case .union(let branches):
      let resolved = branches.map { resolve($0) }
      let known = resolved.compactMap { $0 }
      guard known.count == branches.count else { return nil }
      return union(known, branches.map(\.location), expression.location)
    }
  }

  private func wrap(_ inner: Resolved?, _ location: Location, _ make: (Schema) -> Schema) -> Resolved? {
    guard let inner else { return nil }
    return bounded(
      Resolved(schema: make(inner.schema), nodes: inner.nodes + 1, height: inner.height + 1), location)
  }

  private func bounded(_ resolved: Resolved, _ location: Location) -> Resolved? {
    if resolved.height > InputLimits.nesting {
      diagnostics.error(location, "a type nested deeper than \(InputLimits.nesting) levels")
      return nil
    }
    if resolved.nodes > Self.nodeLimit {
      diagnostics.error(location, "a type of more than \(Self.nodeLimit) parts, with shared types written out")
      return nil
    }
    return resolved
  }

  /// Specification 1.12, "Unions": no union directly inside, no two of a kind but named types of different names.
  private func union(_ branches: [Resolved], _ places: [Location], _ location: Location) -> Resolved? {
    var seen: Set<String> = []
    var isValid = true
    for (branch, place) in zip(branches, places) {
      guard let kind = Self.branchKind(branch.schema) else {
        diagnostics.error(place, "a union cannot stand directly in a union")
        isValid = false
        continue
      }
      if !seen.insert(kind).inserted {
        diagnostics.error(place, "a union cannot hold \(kind) twice")
        isValid = false
      }
    }
    guard isValid else { return nil }
    let nodes = branches.reduce(1) { $0 + $1.nodes }
    let height = 1 + (branches.map(\.height).max() ?? 0)
    return bounded(Resolved(schema: .union(branches.map(\.schema)), nodes: nodes, height: height), location)
  }

  /// What may be in a union once; nil for a union.
  static func branchKind(_ schema: Schema) -> String? {
    switch schema {
    case .primitive(let primitive, _): primitive.rawValue
    case .array: "array"
    case .map: "map"
    case .union: nil
    case .record(let record): record.name.description
    case .enumeration(let enumeration): enumeration.name.description
    case .fixed(let fixed): fixed.name.description
    case .reference(let name): name.description
    }
  }

  // MARK: Names

  private func resolveName(_ text: String, _ location: Location, _ context: TypeContext) -> Resolved? {
    let shared = ScopedName(module: draft.module(of: location), name: text)
    if !context.isAvro, draft.sharedTypes[shared] != nil { return resolveShared(shared, usedAt: location) }
    guard let index = declaration(text, location, context) else { return nil }
    return Resolved(schema: .reference(draft.declarations[index].name), nodes: 1, height: 1)
  }

  private func resolveShared(_ name: ScopedName, usedAt location: Location) -> Resolved? {
    if let known = sharedResults[name] { return known }
    guard let shared = draft.sharedTypes[name] else { return nil }
    if let start = openShared.firstIndex(of: name) {
      let circle = (openShared[start...] + [name]).map(\.name).joined(separator: " -> ")
      diagnostics.error(location, "shared type \(quoted(name.name)) is defined by itself: \(circle)")
      return nil
    }
    guard openShared.count < InputLimits.nesting else {
      diagnostics.error(location, "a type nested deeper than \(InputLimits.nesting) levels")
      return nil
    }
    openShared.append(name)
    let resolved = resolve(shared.type)
    openShared.removeLast()
    sharedResults[name] = .some(resolved)
    return resolved
  }

  /// The named type that `text` means: in an `.avsc` file by the specification's rules; in YAML also by its simple name
  /// when only one type of any namespace of its own module has it. Types of other modules have their full names only.
  func declaration(_ text: String, _ location: Location, _ context: TypeContext?) -> Int? {
    let module = draft.module(of: location)
    let exact = draft.declarationByName[FullName(text, in: context?.namespace ?? "")]
    if let exact, owner(of: exact) == module { return exact }
    // No module can refer to what depends on it.
    let foreign = exact.flatMap { owner(of: $0) == nil ? nil : $0 }
    if context?.isAvro != true, !text.contains(".") {
      let own = bySimpleName[ScopedName(module: module, name: text)] ?? []
      // What another module's names mean was decided where it was built, perhaps without the modules that are seen here.
      let found = own.isEmpty || module != nil ? own : own + (foreign.map { [$0] } ?? [])
      if found.count == 1 { return found[0] }
      if found.count > 1 {
        let names = found.map { draft.declarations[$0].name.description }.sorted().joined(separator: ", ")
        diagnostics.error(location, "\(quoted(text)) may be any of \(names); write the full name")
        return nil
      }
    }
    if let foreign { return foreign }
    guard isComplete || module != nil else { return nil }
    hasUnknownNames = hasUnknownNames || module == nil
    diagnostics.error(location, "unknown type \(quoted(text))\(module == nil ? hint(text) : "")")
    return nil
  }

  /// Nil for the module that is made.
  private func owner(of declaration: Int) -> String? { draft.module(of: draft.declarations[declaration].location) }

  /// What to do about a name that nothing has.
  private func hint(_ text: String) -> String {
    let others = draft.declarations.indices.filter { owner(of: $0) != nil && draft.declarations[$0].name.name == text }
    guard others.isEmpty else {
      let names = others.map { "\(draft.declarations[$0].name) (module \(owner(of: $0) ?? ""))" }
      return "; another module has \(names.sorted().joined(separator: ", ")): write the full name"
    }
    let near = diagnostics.hint(text, among: knownNames)
    guard near.isEmpty, text.contains(".") else { return near }
    return "; if another module has it, add that module to the dependencies of this target"
  }

  /// Everything that could have been meant, in a fixed order.
  private func makeKnownNames() -> [String] {
    var names = Set(draft.sharedTypes.keys.filter { $0.module == nil }.map(\.name))
    for (index, declaration) in draft.declarations.enumerated() {
      if owner(of: index) == nil { names.insert(declaration.name.name) }
      if !declaration.name.namespace.isEmpty { names.insert(declaration.name.description) }
    }
    return Schema.Primitive.allCases.map(\.rawValue) + names.sorted()
  }
}
