import AvroSchema

/// Turns nodes into a ``Draft``: knows which keys and forms the definitions language has, and reports what it has not.
///
/// Sections are in extensions, a file each.
final class DefinitionReader {
  let diagnostics: Diagnostics
  let paths: [String]
  var draft = Draft()

  /// Where a name was first used, by kind: clients, topics, services, databases, sections.
  private var firstUses: [String: Location] = [:]
  /// Columns of the table at hand whose type is reported already: nothing more is said about them.
  var untypedColumns: Set<String> = []

  init(paths: [String], diagnostics: Diagnostics) {
    self.paths = paths
    self.diagnostics = diagnostics
  }

  static let sections = [
    "namespace", "schemaText", "compatibility", "types", "records", "clients", "topics", "unmanaged", "owned",
    "cluster", "policies", "acls", "services", "databases",
  ]

  /// Reads the root of a YAML file.
  func readYAML(_ root: Node, file: Int) {
    guard checkKeys(root, of: "a definitions file", Self.sections + Self.refusedSections.keys) else { return }
    for pair in root.pairs ?? [] {
      if let reason = Self.refusedSections[pair.key] { diagnostics.error(pair.keyLocation, reason) }
    }
    var context = TypeContext(file: file, namespace: "", isPlain: false, isAvro: false)
    if let node = root["namespace"] { context.namespace = readNamespace(node) ?? "" }
    if let node = root["schemaText"] { context.isPlain = readSchemaText(node) }
    if let node = root["compatibility"] { draft.compatibilities[file] = readCompatibility(node) }
    if let node = root["types"] { readSharedTypes(node, context) }
    if let node = root["records"] { readRecords(node, context) }
    // Of another module the types are known, and nothing else.
    if draft.moduleByFile[file] != nil { return }
    if let node = root["clients"] { readClients(node) }
    if let node = root["topics"] { readTopics(node, file: file) }
    if let node = root["unmanaged"] { draft.unmanaged += nameList(node, "unmanaged") }
    if let node = root["owned"] { draft.owned += nameList(node, "owned") }
    if let node = root["cluster"] { readCluster(node) }
    if let node = root["policies"] { readPolicies(node) }
    if let node = root["acls"] { readAccess(node) }
    if let node = root["services"] { readServices(node) }
    if let node = root["databases"] { readDatabases(node, file: file) }
  }

  /// Reads the root of an `.avsc` file: a named type, or a list of them.
  func readAvro(_ root: Node, file: Int) {
    let context = TypeContext(file: file, namespace: "", isPlain: false, isAvro: true)
    for node in root.items ?? [root] {
      let type = readType(node, context)
      switch type.kind {
      case .declared(let index):
        draft.declarations[index].isTopLevel = true
        draft.declarations[index].compatibility = node["compatibility"].flatMap { readCompatibility($0) }
      case .invalid: continue
      default: diagnostics.error(node.location, "an .avsc file holds a record, enum or fixed, or a list of them")
      }
    }
  }

  func readNamespace(_ node: Node) -> String? {
    guard let text = text(node, "namespace", canBeEmpty: true) else { return nil }
    if text.isEmpty || Names.isNamespace(text) { return text }
    diagnostics.error(node.location, "\(quoted(text)) is not a valid namespace: Avro names with dots between them")
    return nil
  }

  private func readSchemaText(_ node: Node) -> Bool {
    guard let text = text(node, "schemaText") else { return false }
    if text != "plain", text != "full" {
      let hint = diagnostics.hint(text, among: ["plain", "full"])
      diagnostics.error(node.location, "schemaText is plain or full, not \(quoted(text))\(hint)")
    }
    return text == "plain"
  }

  func readCompatibility(_ node: Node) -> CompatibilityMode? {
    choice(node, "compatibility", among: CompatibilityMode.allCases)
  }

  // MARK: Helpers for all sections

  /// False, with a problem, when `node` is no mapping; each key that is not in `keys` is a problem of its own.
  func checkKeys(_ node: Node, of what: String, _ keys: [String], isOpen: Bool = false) -> Bool {
    guard let pairs = node.pairs else {
      diagnostics.error(node.location, "\(what) must be a mapping, this is \(node.kind)")
      return false
    }
    for pair in pairs where !isOpen && !keys.contains(pair.key) {
      diagnostics.error(
        pair.keyLocation, "unknown key \(quoted(pair.key)) in \(what)\(keyHint(pair, among: keys))")
    }
    return true
  }

  /// Between braces a comma ends a value: `{ doc: one, two }` has a key `two`.
  func keyHint(_ pair: Node.Pair, among keys: [String]) -> String {
    let hint = diagnostics.hint(pair.key, among: keys)
    let isBare = pair.value.text == "" && pair.value.isNull
    return hint.isEmpty && isBare ? "; text with a comma needs quotes" : hint
  }

  /// Entries of a section; nothing behind the colon means none.
  func entries(_ node: Node, of what: String) -> [Node.Pair] {
    if node.isNull { return [] }
    guard let pairs = node.pairs else {
      diagnostics.error(node.location, "\(what) must be a mapping of names, this is \(node.kind)")
      return []
    }
    return pairs
  }

  /// The text of a scalar that is not null.
  func text(_ node: Node, _ what: String, canBeEmpty: Bool = false) -> String? {
    guard let text = node.text else {
      diagnostics.error(node.location, "\(what) must be a scalar, this is \(node.kind)")
      return nil
    }
    if !canBeEmpty && text.isEmpty || node.isNull {
      diagnostics.error(node.location, "\(what) is empty")
      return nil
    }
    return text
  }

  /// `doc` of anything.
  func doc(_ node: Node) -> String? {
    guard let doc = node["doc"], !doc.isNull else { return nil }
    return text(doc, "doc", canBeEmpty: true)
  }

  func flag(_ node: Node?, _ what: String) -> Bool {
    guard let node else { return false }
    if case .bool(let flag)? = node.value { return flag }
    diagnostics.error(node.location, "\(what) must be true or false")
    return false
  }

  func integer(_ node: Node, _ what: String, in range: ClosedRange<Int>) -> Int? {
    guard case .integer(let text)? = node.value else {
      diagnostics.error(node.location, "\(what) must be a whole number")
      return nil
    }
    if let value = Int(text), range.contains(value) { return value }
    let isLow = text.hasPrefix("-") || (Int(text) ?? .max) < range.lowerBound
    let bound = isLow ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
    diagnostics.error(node.location, "\(what) must be \(bound), this is \(String(text.prefix(20)))")
    return nil
  }

  /// A list of scalars without repetition.
  func nameList(_ node: Node, _ what: String) -> [LocatedText] {
    if node.isNull { return [] }
    guard let items = node.items else {
      diagnostics.error(node.location, "\(what) must be a list, this is \(node.kind)")
      return []
    }
    var names: [LocatedText] = []
    var seen: Set<String> = []
    for item in items {
      guard let name = text(item, "a name in \(what)") else { continue }
      if !seen.insert(name).inserted {
        diagnostics.error(item.location, "duplicate \(quoted(name)) in \(what)")
        continue
      }
      names.append(LocatedText(text: name, location: item.location))
    }
    return names
  }

  /// One of `choices`, all of them given in the message.
  func choice<Choice: RawRepresentable>(_ node: Node, _ what: String, among choices: [Choice]) -> Choice?
  where Choice.RawValue == String {
    guard let text = text(node, what) else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let known = choices.map(\.rawValue)
    let hint = diagnostics.hint(text, among: known)
    let list = known.joined(separator: ", ")
    diagnostics.error(node.location, "unknown \(what) \(quoted(text)); known are \(list)\(hint)")
    return nil
  }

  /// False, with a problem, when another `kind` had that name.
  func isFirst(_ kind: String, _ name: String, _ location: Location) -> Bool {
    let key = "\(kind) \(name)"
    if let first = firstUses[key] {
      diagnostics.error(location, "duplicate \(kind) \(quoted(name)); the first is \(describe(first, from: location))")
      return false
    }
    firstUses[key] = location
    return true
  }

  func describe(_ place: Location, from other: Location) -> String {
    place.file == other.file ? "in line \(place.line)" : "at \(paths[place.file]):\(place.line)"
  }
}
