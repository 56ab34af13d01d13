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
    for (name, location) in Self.circles(builder.drafts.map(\.name.text), edges) {
      note("input \(name) needs itself, so that no value of it has an end", at: location)
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

  /// One finding for each circle that a walk over the edges closes, at the edge that closes it.
  private static func circles(_ names: [String], _ edges: Edges) -> [(name: String, location: SourceLocation)] {
    var found: [(name: String, location: SourceLocation)] = []
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
          found.append((edge.to, edge.location))
        } else if !done.contains(edge.to) {
          path.append((edge.to, 0))
          onPath.insert(edge.to)
        }
      }
    }
    return found
  }
}
