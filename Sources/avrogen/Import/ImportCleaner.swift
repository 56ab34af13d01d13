import AvroSchema

/// Makes the nodes of foreign schemas such as avrogen reads: what definitions have no place for goes, with a note, and
/// a type that several files define the same way is defined once.
struct ImportCleaner {
  private let notes: ImportNotes
  private var definitions: [FullName: (file: Int, signature: String)] = [:]

  init(notes: ImportNotes) {
    self.notes = notes
  }

  /// The root of an `.avsc` file: the types that it defines.
  mutating func schema(_ root: Node) -> [Node] {
    (root.items ?? [root]).compactMap { named($0, in: "") }
  }

  /// The root of an `.avpr` file: its types, and their namespace.
  mutating func `protocol`(_ root: Node, _ diagnostics: Diagnostics) -> (types: [Node], namespace: String) {
    guard let name = root["protocol"]?.text, let pairs = root.pairs else {
      diagnostics.error(root.location, "not a protocol: that is an object with the key \"protocol\"")
      return ([], "")
    }
    let namespace = FullName(name, in: root["namespace"]?.text ?? "").namespace
    if !namespace.isEmpty, !Names.isNamespace(namespace) {
      diagnostics.error(root.location, "\(quoted(namespace)) is not a valid namespace")
      return ([], "")
    }
    for pair in pairs where !["protocol", "namespace", "types", "messages"].contains(pair.key) {
      notes.drop(pair.key, of: "the protocol", pair.keyLocation)
    }
    if let messages = root["messages"], let count = messages.pairs?.count, count > 0 {
      let what = count == 1 ? "a message of this protocol is" : "\(count) messages of this protocol are"
      notes.add(messages.location, "\(what) not imported: definitions hold types only")
    }
    guard let types = root["types"], !types.isNull else { return ([], namespace) }
    guard let items = types.items else {
      diagnostics.error(types.location, "\"types\" must be a list, this is \(types.kind)")
      return ([], namespace)
    }
    return (items.compactMap { named($0, in: namespace) }, namespace)
  }

  /// Something that stands at the root of a file; nil when there is nothing to define.
  mutating func named(_ node: Node, in namespace: String) -> Node? {
    let (cleaned, _) = clean(node, in: namespace)
    if ["record", "enum", "fixed"].contains(cleaned["type"]?.text) || cleaned.pairs != nil && cleaned["type"] == nil {
      return cleaned
    }
    // A definition that another file has too.
    if isDefinition(node) { return nil }
    notes.add(node.location, "only records, enums and fixed are kept, with what they hold")
    let inner = definitionsInside(cleaned)
    // Types of a list or union at the root: a union keeps them together, and nothing else does.
    return inner.isEmpty ? nil : Node(location: node.location, content: .sequence(inner))
  }

  private func isDefinition(_ node: Node) -> Bool {
    ["record", "error", "enum", "fixed"].contains(node["type"]?.text ?? "")
  }

  private func definitionsInside(_ node: Node) -> [Node] {
    if isDefinition(node) { return [node] }
    if let items = node.items { return items.flatMap { definitionsInside($0) } }
    return ["items", "values", "type"].compactMap { node[$0] }.flatMap { definitionsInside($0) }
  }

  // MARK: Types

  /// The node, and a text that two definitions share when they mean the same.
  private mutating func clean(_ node: Node, in namespace: String) -> (Node, signature: String) {
    switch node.content {
    case .scalar(let text, _):
      if Schema.Primitive(rawValue: text) != nil { return (node, text) }
      return (node, FullName(text, in: namespace).description)
    case .sequence(let items):
      var cleaned: [Node] = []
      var signatures: [String] = []
      for item in items {
        let (node, signature) = clean(item, in: namespace)
        cleaned.append(node)
        signatures.append(signature)
      }
      return (replacing(node, .sequence(cleaned)), "[\(signatures.joined(separator: ","))]")
    case .mapping:
      guard let type = node["type"] else { return (node, "?") }
      switch type.text {
      case "record", "error", "enum", "fixed": return cleanDefinition(node, type, in: namespace)
      case "array": return cleanContainer(node, "items", "an array", in: namespace)
      case "map": return cleanContainer(node, "values", "a map", in: namespace)
      case .some(let text):
        if let primitive = Schema.Primitive(rawValue: text) { return cleanPrimitive(node, primitive) }
        fallthrough
      case nil:
        _ = kept(node, ["type"], "a type")
        return clean(type, in: namespace)
      }
    }
  }

  private func replacing(_ node: Node, _ content: Node.Content) -> Node {
    Node(location: node.location, content: content)
  }

  private func kept(_ node: Node, _ keys: [String], _ owner: String) -> [Node.Pair] {
    (node.pairs ?? []).filter { pair in
      if keys.contains(pair.key) { return true }
      notes.drop(pair.key, of: owner, pair.keyLocation)
      return false
    }
  }

  private mutating func cleanContainer(
    _ node: Node, _ member: String, _ owner: String, in namespace: String
  ) -> (Node, signature: String) {
    var pairs = kept(node, ["type", member], owner)
    var signature = ""
    for index in pairs.indices where pairs[index].key == member {
      (pairs[index].value, signature) = clean(pairs[index].value, in: namespace)
    }
    return (replacing(node, .mapping(pairs)), "\(member)<\(signature)>")
  }

  private func cleanPrimitive(_ node: Node, _ primitive: Schema.Primitive) -> (Node, signature: String) {
    let logical = node.logicalType(on: .primitive(primitive))
    let pairs = kept(node, ["type"] + logicalKeys(logical), "a \(primitive.rawValue)")
    return (replacing(node, .mapping(pairs)), "\(primitive.rawValue)\(text(logical))")
  }

  /// A logical type that is unknown or does not fit is none: the specification has readers ignore it.
  private func logicalKeys(_ logical: LogicalType?) -> [String] {
    switch logical {
    case nil: []
    case .decimal: ["logicalType", "precision", "scale"]
    default: ["logicalType"]
    }
  }

  private func text(_ logical: LogicalType?) -> String { logical.map { "(\($0))" } ?? "" }

  // MARK: Definitions

  private mutating func cleanDefinition(
    _ node: Node, _ type: Node, in enclosing: String
  ) -> (Node, signature: String) {
    let name = FullName(node["name"]?.text ?? "", in: node["namespace"]?.text ?? enclosing)
    var signature: String
    var pairs: [Node.Pair]
    switch type.text {
    case "enum":
      pairs = kept(node, ["type", "name", "namespace", "doc", "aliases", "symbols", "default"], "an enum")
      signature = "enum"
    case "fixed":
      let logical = node.logicalType(on: .fixed(size: node["size"]?.value?.int64.map { Int($0) } ?? 0))
      pairs = kept(
        node, ["type", "name", "namespace", "doc", "aliases", "size"] + logicalKeys(logical), "a fixed")
      signature = "fixed\(text(logical))"
    default:
      pairs = kept(node, ["type", "name", "namespace", "doc", "aliases", "fields"], "a record")
      signature = "record"
    }
    for index in pairs.indices {
      switch pairs[index].key {
      case "type" where type.text == "error":
        pairs[index].value = replacing(type, .scalar("record", isPlain: false))
      case "fields":
        let (fields, text) = cleanFields(pairs[index].value, in: name.namespace)
        pairs[index].value = fields
        signature += text
      case "doc", "symbols", "default", "size": signature += ";\(pairs[index].key)=\(text(pairs[index].value))"
      case "aliases":
        let aliases = (pairs[index].value.items ?? []).map { FullName($0.text ?? "", in: name.namespace).description }
        signature += ";aliases=\(aliases)"
      default: continue
      }
    }
    if let known = definitions[name], known.file != node.location.file, known.signature == signature {
      return (replacing(node, .scalar(name.description, isPlain: false)), name.description)
    }
    if definitions[name] == nil { definitions[name] = (node.location.file, signature) }
    return (replacing(node, .mapping(pairs)), name.description)
  }

  private mutating func cleanFields(_ node: Node, in namespace: String) -> (Node, signature: String) {
    guard let items = node.items else { return (node, "?") }
    var fields: [Node] = []
    var signature = ""
    for item in items {
      guard item.pairs != nil else {
        fields.append(item)
        continue
      }
      var pairs = kept(item, ["name", "type", "doc", "default", "order", "aliases"], "a field")
      signature += "{"
      for index in pairs.indices {
        var text: String
        if pairs[index].key == "type" {
          (pairs[index].value, text) = clean(pairs[index].value, in: namespace)
        } else {
          text = self.text(pairs[index].value)
        }
        signature += "\(pairs[index].key)=\(text);"
      }
      signature += "}"
      fields.append(replacing(item, .mapping(pairs)))
    }
    return (replacing(node, .sequence(fields)), signature)
  }

  /// Values as they are.
  private func text(_ node: Node) -> String {
    switch node.content {
    case .scalar(let text, let isPlain): isPlain ? text : quoted(text) + "#\(text)"
    case .sequence(let items): "[\(items.map { text($0) }.joined(separator: ","))]"
    case .mapping(let pairs):
      "{\(pairs.map { "\(quoted($0.key)):\(text($0.value))" }.joined(separator: ","))}"
    }
  }
}
