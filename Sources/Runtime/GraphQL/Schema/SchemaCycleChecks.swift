/// Definitions that need themselves.
extension SchemaChecks {
  /// Input objects that no finite value can be given for: each field on a circle needs the next (October 2021, section
  /// 3.10, "circular references").
  mutating func checkInputCycles() {
    var edges: [String: [(to: String, location: SourceLocation)]] = [:]
    for draft in builder.drafts {
      guard case .inputObject(let fields) = draft.kind else { continue }
      for field in fields {
        guard case .nonNull(.named(let name)) = field.type, case .inputObject? = schema.types[name.text] else {
          continue
        }
        edges[draft.name.text, default: []].append((name.text, field.name.location))
      }
    }
    for (name, _, location) in Self.circles(builder.drafts.map(\.name.text), edges) {
      note("input \(name) needs itself, so that no value of it has an end", at: location)
    }
  }

  /// Defaults that contain themselves, by way of fields that they leave to their own defaults: coercing one has no end
  /// (edition of September 2025, section 3.10).
  mutating func checkDefaultCycles() {
    var edges: Edges = [:]
    var names: [String] = []
    for draft in builder.drafts {
      guard case .inputObject(let fields) = draft.kind else { continue }
      for field in fields {
        guard let literal = field.defaultValue else { continue }
        let name = "\(draft.name.text).\(field.name.text)"
        names.append(name)
        edges[name, default: []] += leftToDefaults(literal, SchemaType(field.type)).map { ($0, field.name.location) }
      }
    }
    for (name, members, location) in Self.circles(names, edges) {
      let way = (members + [name]).joined(separator: " → ")
      note("the default of \(name) contains itself, so that it has no end: \(way)", at: location)
    }
  }

  /// The fields of input objects in a value that it does not give and that have a default.
  private func leftToDefaults(_ literal: LiteralNode, _ type: SchemaType) -> [String] {
    switch (type, literal.value) {
    case (.nonNull(let inner), _): return leftToDefaults(literal, inner)
    case (.list(let item), .list(let literals)): return literals.flatMap { leftToDefaults($0, item) }
    case (.list(let item), _): return leftToDefaults(literal, item)
    case (.named(let name), .object(let given)):
      guard case .inputObject(let object)? = schema.types[name] else { return [] }
      return object.fields.flatMap { field -> [String] in
        if let value = given.first(where: { $0.name.text == field.name })?.value {
          return leftToDefaults(value, field.type)
        }
        return field.defaultValue == nil ? [] : ["\(name).\(field.name)"]
      }
    default: return []
    }
  }

  /// Directives whose arguments, or the types of those, use the directive itself (section 3.13).
  mutating func checkDirectiveCycles() {
    var edges: [String: [(to: String, location: SourceLocation)]] = [:]
    func add(_ directives: [Directive], to node: String) {
      for directive in directives { edges[node, default: []].append(("@" + directive.name.text, directive.location)) }
    }
    func add(_ values: [InputValueDefinitionNode], to node: String) {
      for value in values {
        add(value.directives, to: node)
        edges[node, default: []].append((value.type.name.text, value.type.location))
      }
    }
    for definition in builder.directives {
      guard case .directive(let arguments, _, _) = definition.kind, let name = definition.name else { continue }
      add(arguments, to: "@" + name.text)
    }
    for draft in builder.drafts {
      let node = draft.name.text
      switch draft.kind {
      case .scalar: add(draft.directives.flatMap { $0 }, to: node)
      case .enumeration(let values):
        add(draft.directives.flatMap { $0 } + values.flatMap(\.directives), to: node)
      case .inputObject(let fields):
        add(draft.directives.flatMap { $0 }, to: node)
        // Fields of input objects may be recursive; only what directives they use counts.
        add(fields, to: node)
      default: break
      }
    }
    let names = builder.directives.compactMap { $0.name.map { "@" + $0.text } }
    for name in names where Self.reaches(name, from: name, edges) {
      guard let place = edges[name]?.first?.location else { continue }
      note("\(name) uses itself in its definition", at: place)
    }
  }

  private typealias Edges = [String: [(to: String, location: SourceLocation)]]

  private static func reaches(_ target: String, from start: String, _ edges: Edges) -> Bool {
    var seen: Set<String> = []
    var waiting = [start]
    while let node = waiting.popLast() {
      for edge in edges[node] ?? [] {
        if edge.to == target { return true }
        if seen.insert(edge.to).inserted { waiting.append(edge.to) }
      }
    }
    return false
  }

  /// One finding for each circle that a walk over the edges closes, at the edge that closes it: where it begins, and all
  /// that is on it.
  private static func circles(
    _ names: [String], _ edges: Edges
  ) -> [(name: String, members: [String], location: SourceLocation)] {
    var found: [(name: String, members: [String], location: SourceLocation)] = []
    var done: Set<String> = []
    for start in names where !done.contains(start) {
      var path = [(name: start, next: 0)]
      var onPath: Set<String> = [start]
      while let (name, next) = path.last {
        let outgoing = edges[name] ?? []
        guard next < outgoing.count else {
          path.removeLast()
          onPath.remove(name)
          done.insert(name)
          continue
        }
        path[path.count - 1].next += 1
        let edge = outgoing[next]
        if onPath.contains(edge.to) {
          let members = path.map(\.name).drop { $0 != edge.to }
          found.append((edge.to, Array(members), edge.location))
        } else if !done.contains(edge.to) {
          path.append((edge.to, 0))
          onPath.insert(edge.to)
        }
      }
    }
    return found
  }
}
