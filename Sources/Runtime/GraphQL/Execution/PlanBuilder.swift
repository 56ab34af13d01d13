import JSONText

/// Makes the plan of one operation. Fragments have no cycles and nesting is bounded: the document was validated.
final class PlanBuilder: Sendable {
  let schema: GraphQLSchema
  let registry: ResolverRegistry
  private let fragments: [String: FragmentDefinition]
  private let literals: LiteralCoercion

  init(
    schema: GraphQLSchema, registry: ResolverRegistry, fragments: [String: FragmentDefinition],
    variables: [String: JSONValue]
  ) {
    self.schema = schema
    self.registry = registry
    self.fragments = fragments
    literals = LiteralCoercion(schema: schema, variables: variables)
  }

  func root(of operation: OperationDefinition, on typeName: String) -> SelectionPlan {
    selection([operation.selectionSet], on: typeName)
  }

  /// The selection sets of merged fields, for an object type.
  func selection(of nodes: [FieldNode], on typeName: String) -> SelectionPlan {
    selection(nodes.compactMap(\.selectionSet), on: typeName)
  }

  private func selection(_ sets: [SelectionSet], on typeName: String) -> SelectionPlan {
    // Each object type has resolvers: that was checked when the engine was made.
    let source = registry.types[typeName]?.source ?? ObjectIdentifier(NoSource.self)
    var collected = FieldGroups()
    do throws(GraphQLError) {
      for set in sets { try collect(set, on: typeName, into: &collected) }
    } catch {
      return SelectionPlan(typeName: typeName, source: source, fields: [], failure: error)
    }
    let fields = collected.groups.compactMap { field($0, of: typeName) }
    return SelectionPlan(typeName: typeName, source: source, fields: fields)
  }

  private func field(_ nodes: [FieldNode], of typeName: String) -> FieldPlan? {
    let node = nodes[0]
    guard let type = schema.types[typeName], let definition = schema.field(node.name.text, on: type) else { return nil }
    var arguments = GraphQLArguments()
    let call: FieldPlan.Call
    if definition.name == "__typename" {
      call = .constant(.string(typeName))
    } else if let resolver = registry.types[typeName]?.fields[definition.name] {
      do throws(GraphQLError) {
        arguments = try literals.arguments(node.arguments, of: definition.arguments, at: node.location)
        call = .resolver(resolver.call)
      } catch {
        call = .failing(error)
      }
    } else {
      return nil
    }
    return FieldPlan(
      key: node.responseKey, coordinate: "\(typeName).\(definition.name)", locations: nodes.map(\.location), call: call,
      arguments: arguments, type: outputType(definition.type, nodes))
  }

  private func outputType(_ type: SchemaType, _ nodes: [FieldNode]) -> OutputType {
    switch type {
    case .nonNull(let type): return .nonNull(outputType(type, nodes))
    case .list(let type): return .list(outputType(type, nodes))
    case .named(let name):
      switch schema.types[name] {
      case .object: return .object(selection(of: nodes, on: name))
      case .interface, .union:
        let possible = schema.possibleTypes[name] ?? []
        return .abstract(AbstractPlan(typeName: name, nodes: nodes, possible: possible, builder: self))
      default: return .leaf(LeafType(named: name, in: schema) ?? .custom)
      }
    }
  }
}

extension LeafType {
  init(scalar name: String) {
    switch name {
    case "Int": self = .int
    case "Float": self = .float
    case "String": self = .string
    case "Boolean": self = .boolean
    case "ID": self = .id
    default: self = .custom
    }
  }
}

// MARK: section 6.3.2

/// Fields by response key, in the order in which the keys turned up.
private struct FieldGroups {
  var groups: [[FieldNode]] = []
  private var index: [String: Int] = [:]
  var visitedFragments: Set<String> = []

  mutating func add(_ node: FieldNode) {
    let key = node.responseKey
    if let place = index[key] {
      groups[place].append(node)
    } else {
      index[key] = groups.count
      groups.append([node])
    }
  }
}

extension PlanBuilder {
  private func collect(
    _ set: SelectionSet, on typeName: String, into collected: inout FieldGroups
  ) throws(GraphQLError) {
    for selection in set.selections {
      switch selection {
      case .field(let node):
        if try includes(node.directives) { collected.add(node) }
      case .inlineFragment(let fragment):
        guard try includes(fragment.directives), applies(fragment.typeCondition, to: typeName) else { continue }
        try collect(fragment.selectionSet, on: typeName, into: &collected)
      case .fragmentSpread(let spread):
        guard try includes(spread.directives), collected.visitedFragments.insert(spread.name.text).inserted,
          let fragment = fragments[spread.name.text], applies(fragment.typeCondition, to: typeName)
        else { continue }
        try collect(fragment.selectionSet, on: typeName, into: &collected)
      }
    }
  }

  private func applies(_ condition: Name?, to typeName: String) -> Bool {
    guard let name = condition?.text, name != typeName else { return true }
    return schema.possibleTypes[name]?.contains(typeName) ?? false
  }

  /// `@skip` and `@include` (sections 3.13.1 and 3.13.2).
  private func includes(_ directives: [Directive]) throws(GraphQLError) -> Bool {
    for directive in directives where directive.name.text == "skip" || directive.name.text == "include" {
      guard let definition = schema.directive(directive.name.text) else { continue }
      let arguments = try literals.arguments(directive.arguments, of: definition.arguments, at: directive.location)
      let isOn = arguments.values["if"] == .bool(true)
      if isOn == (directive.name.text == "skip") { return false }
    }
    return true
  }
}
