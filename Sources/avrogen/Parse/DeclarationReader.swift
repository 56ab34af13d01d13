import AvroSchema

/// Named types: the sections `types` and `records`, and definitions inside other types.
extension DefinitionReader {
  /// Bytes; a larger one would not fit a thread's stack.
  static let fixedSizeLimit = 64 << 10

  func readSharedTypes(_ node: Node, _ context: TypeContext) {
    for pair in entries(node, of: "types") {
      guard Names.isAvroName(pair.key) else {
        diagnostics.error(pair.keyLocation, "\(quoted(pair.key)) is not a valid Avro name")
        continue
      }
      if Schema.Primitive(rawValue: pair.key) != nil {
        diagnostics.error(pair.keyLocation, "\(pair.key) is a primitive type and cannot be redefined")
        continue
      }
      var type: TypeExpression
      if let kind = pair.value["type"]?.text, ["record", "enum", "fixed"].contains(kind) {
        let name = LocatedText(text: pair.key, location: pair.keyLocation)
        type = readDeclaration(pair.value, name: pair.value["name"] == nil ? name : nil, context)
      } else {
        type = readType(pair.value, context)
      }
      let name = ScopedName(module: draft.module(of: pair.keyLocation), name: pair.key)
      if let first = draft.sharedTypes[name] {
        let place = describe(first.location, from: pair.keyLocation)
        diagnostics.error(pair.keyLocation, "duplicate shared type \(quoted(pair.key)); the first is \(place)")
        type.kind = .invalid
        continue
      }
      draft.sharedTypes[name] = SharedType(type: type, location: pair.keyLocation)
    }
  }

  func readRecords(_ node: Node, _ context: TypeContext) {
    for pair in entries(node, of: "records") {
      let name = LocatedText(text: pair.key, location: pair.keyLocation)
      _ = readRecord(pair.value, name: name, isEntry: true, context)
    }
  }

  /// A `record`, `enum` or `fixed`; without `name` the mapping has a key of that name.
  func readDeclaration(_ node: Node, name: LocatedText?, _ context: TypeContext) -> TypeExpression {
    let invalid = TypeExpression(location: node.location, kind: .invalid)
    let kind = node["type"]?.text ?? "record"
    var given = name
    if given == nil {
      guard let nameNode = required("name", of: kind == "enum" ? "an enum" : "a \(kind)", node),
        let text = text(nameNode, "name")
      else { return invalid }
      given = LocatedText(text: text, location: nameNode.location)
    }
    guard let name = given else { return invalid }
    switch kind {
    case "enum": return readEnum(node, name: name, context)
    case "fixed": return readFixed(node, name: name, context)
    default: return readRecord(node, name: name, isEntry: false, context)
    }
  }

  /// Adds the name, so that it is known whatever follows. Nil when it cannot be used.
  private func declare(_ name: LocatedText, _ node: Node, _ context: TypeContext) -> Int? {
    var namespace = context.namespace
    if let namespaceNode = node["namespace"] {
      guard let read = readNamespace(namespaceNode) else { return nil }
      namespace = read
    }
    guard Names.isNamespace(name.text) else {
      diagnostics.error(name.location, "\(quoted(name.text)) is not a valid Avro name")
      return nil
    }
    let fullName = FullName(name.text, in: namespace)
    if Schema.Primitive(rawValue: fullName.name) != nil {
      diagnostics.error(name.location, "\(fullName.name) is a primitive type and cannot be redefined")
      return nil
    }
    if let index = draft.declarationByName[fullName] {
      reportDuplicate(fullName, draft.declarations[index].location, name.location)
      return nil
    }
    let declaration = TypeDeclaration(
      name: fullName, location: name.location, file: context.file, isPlain: context.isPlain, doc: doc(node),
      aliases: [], body: .invalid)
    draft.declarations.append(declaration)
    let index = draft.declarations.count - 1
    draft.declarationByName[fullName] = index
    draft.declarations[index].aliases = readAliases(node, namespace: fullName.namespace)
    return index
  }

  private func reportDuplicate(_ name: FullName, _ one: Location, _ other: Location) {
    // Sections are not read in the order in which they stand.
    let places = [one, other].sorted()
    let modules = places.map { draft.module(of: $0) }
    guard modules[0] != modules[1], let second = modules[1] else {
      let first = describe(places[0], from: places[1])
      diagnostics.error(places[1], "duplicate type \(quoted(name.description)); the first is \(first)")
      return
    }
    let there = describe(places[1], from: places[0])
    guard let first = modules[0] else {
      diagnostics.error(
        places[0],
        "duplicate type \(quoted(name.description)); module \(second) has it \(there): use that one, or rename this")
      return
    }
    draft.foreignDuplicates[name] = Problem(
      places[0],
      "modules \(first) and \(second) both define \(name), here and \(there): it can't be used where both are seen")
  }

  private func readAliases(_ node: Node, namespace: String) -> [FullName] {
    guard let aliases = node["aliases"] else { return [] }
    return nameList(aliases, "aliases").compactMap { alias in
      guard Names.isNamespace(alias.text) else {
        diagnostics.error(alias.location, "\(quoted(alias.text)) is not a valid Avro name")
        return nil
      }
      return FullName(alias.text, in: namespace)
    }
  }

  // MARK: Records

  /// `isEntry`: of the section `records`, where the key is the name and the type is known.
  private func readRecord(
    _ node: Node, name: LocatedText, isEntry: Bool, _ context: TypeContext
  ) -> TypeExpression {
    let invalid = TypeExpression(location: node.location, kind: .invalid)
    let index = declare(name, node, context)
    var inner = context
    if let index { inner.namespace = draft.declarations[index].name.namespace }
    let fieldsNode: Node
    if node.items != nil {
      fieldsNode = node
    } else {
      let keys = ["doc", "fields", "aliases", "namespace"] + (isEntry ? [] : ["type", "name"])
      guard checkKeys(node, of: "a record", keys, isOpen: context.isAvro),
        let found = required("fields", of: "a record", node)
      else { return index.map { TypeExpression(location: node.location, kind: .declared($0)) } ?? invalid }
      fieldsNode = found
    }
    let fields = readFields(fieldsNode, inner)
    guard let index else { return invalid }
    draft.declarations[index].body = .record(fields)
    draft.declarations[index].isTopLevel = isEntry
    return TypeExpression(location: node.location, kind: .declared(index))
  }

  private func readFields(_ node: Node, _ context: TypeContext) -> [FieldDraft] {
    if node.isNull, !context.isAvro { return [] }
    guard let items = node.items else {
      diagnostics.error(node.location, "fields must be a list, this is \(node.kind)")
      return []
    }
    var fields: [FieldDraft] = []
    var seen: [String: Location] = [:]
    for item in items {
      guard let field = readField(item, context) else { continue }
      let name = field.name
      guard Names.isAvroName(name.text) else {
        diagnostics.error(name.location, "\(quoted(name.text)) is not a valid Avro name")
        continue
      }
      if let first = seen[name.text] {
        let place = describe(first, from: name.location)
        diagnostics.error(name.location, "duplicate field \(quoted(name.text)); the first is \(place)")
        continue
      }
      seen[name.text] = name.location
      fields.append(field)
    }
    return fields
  }

  private static let fieldKeys = ["doc", "default", "order", "aliases"]

  private func readField(_ node: Node, _ context: TypeContext) -> FieldDraft? {
    if context.isAvro {
      guard checkKeys(node, of: "a field", [], isOpen: true) else { return nil }
      return readLongField(node, context)
    }
    switch node.content {
    case .scalar(let text, _):
      let isOptional = text.hasSuffix("?")
      let name = isOptional ? String(text.dropLast()) : text
      guard Names.isAvroName(name) else {
        diagnostics.error(node.location, "\(quoted(text)) is not a valid Avro name")
        return nil
      }
      let type = readSharedName(text, node.location, context)
      return FieldDraft(
        name: LocatedText(text: name, location: node.location), doc: nil, type: type, defaultNode: nil,
        order: .ascending, aliases: [])
    case .sequence:
      diagnostics.error(node.location, "a field must be a name or a mapping, this is a list")
      return nil
    case .mapping(let pairs):
      if pairs.count == 1, let pair = pairs.first { return readShortField(pair, context) }
      if node["name"] != nil { return readLongField(node, context) }
      diagnostics.error(node.location, "a field is one name, one \"name: type\" pair, or has the keys name and type")
      return nil
    }
  }

  /// The type of a field that is given by its name alone.
  private func readSharedName(_ text: String, _ location: Location, _ context: TypeContext) -> TypeExpression {
    if Schema.Primitive(rawValue: text) != nil {
      diagnostics.error(location, "\(quoted(text)) is a type; a field is written \"name: \(text)\"")
      return TypeExpression(location: location, kind: .invalid)
    }
    return readType(Node(location: location, content: .scalar(text, isPlain: true)), context)
  }

  /// `amount: long`, or `amount: { type: long, doc: … }`.
  private func readShortField(_ pair: Node.Pair, _ context: TypeContext) -> FieldDraft {
    var field = FieldDraft(
      name: LocatedText(text: pair.key, location: pair.keyLocation), doc: nil,
      type: TypeExpression(location: pair.value.location, kind: .invalid), defaultNode: nil, order: .ascending,
      aliases: [])
    // In an inline record, enum or fixed these keys are the type's own.
    let isDeclaration = ["record", "enum", "fixed"].contains(pair.value["type"]?.text ?? "")
    guard pair.value.pairs != nil, !isDeclaration else {
      field.type = readType(pair.value, context)
      return field
    }
    readAttributes(of: &field, from: pair.value)
    field.type = readRemainder(pair.value, without: Self.fieldKeys, context)
    return field
  }

  /// `{ name: amount, type: long, doc: … }`.
  private func readLongField(_ node: Node, _ context: TypeContext) -> FieldDraft? {
    guard let nameNode = required("name", of: "a field", node), let typeNode = required("type", of: "a field", node),
      let name = text(nameNode, "name")
    else { return nil }
    var field = FieldDraft(
      name: LocatedText(text: name, location: nameNode.location), doc: nil,
      type: TypeExpression(location: typeNode.location, kind: .invalid), defaultNode: nil, order: .ascending,
      aliases: [])
    readAttributes(of: &field, from: node)
    if context.isAvro {
      field.isAvro = true
      field.type = readType(typeNode, context)
    } else if ["record", "enum", "fixed"].contains(typeNode.text ?? "") {
      diagnostics.error(
        typeNode.location, "write the type as a mapping of its own: type: { type: \(typeNode.text ?? ""), name: … }")
    } else {
      field.type = readRemainder(node, without: Self.fieldKeys + ["name"], context)
    }
    return field
  }

  /// The type that a mapping says besides the keys of the field; `type` alone may be any type expression.
  private func readRemainder(_ node: Node, without keys: [String], _ context: TypeContext) -> TypeExpression {
    let rest = (node.pairs ?? []).filter { !keys.contains($0.key) }
    if rest.count == 1, let only = rest.first, only.key == "type" { return readType(only.value, context) }
    guard rest.contains(where: { ["type", "array", "map"].contains($0.key) }) else {
      for pair in rest {
        let hint = keyHint(pair, among: ["type", "array", "map"] + keys)
        diagnostics.error(pair.keyLocation, "unknown key \(quoted(pair.key)) in a field\(hint)")
      }
      diagnostics.error(node.location, "a field needs the key \"type\"")
      return TypeExpression(location: node.location, kind: .invalid)
    }
    let typeKeys = ["type", "array", "map", "items", "values", "logicalType", "precision", "scale"]
    let unknown = rest.filter { !typeKeys.contains($0.key) }
    for pair in unknown {
      let hint = keyHint(pair, among: typeKeys + keys)
      diagnostics.error(pair.keyLocation, "unknown key \(quoted(pair.key)) in a field\(hint)")
    }
    let known = rest.filter { typeKeys.contains($0.key) }
    if known.count == 1, let only = known.first, only.key == "type" { return readType(only.value, context) }
    return readType(Node(location: node.location, content: .mapping(known)), context)
  }

  private func readAttributes(of field: inout FieldDraft, from node: Node) {
    field.doc = doc(node)
    field.defaultNode = node["default"]
    if let order = node["order"] {
      field.order = choice(order, "order", among: [RecordSchema.Order.ascending, .descending, .ignore]) ?? .ascending
    }
    guard let aliases = node["aliases"] else { return }
    for alias in nameList(aliases, "aliases") {
      if Names.isAvroName(alias.text) {
        field.aliases.append(alias.text)
      } else {
        diagnostics.error(alias.location, "\(quoted(alias.text)) is not a valid Avro name")
      }
    }
  }

  // MARK: Enums and fixed

  private func readEnum(_ node: Node, name: LocatedText, _ context: TypeContext) -> TypeExpression {
    let invalid = TypeExpression(location: node.location, kind: .invalid)
    let index = declare(name, node, context)
    let keys = ["type", "name", "namespace", "doc", "aliases", "symbols", "default"]
    _ = checkKeys(node, of: "an enum", keys, isOpen: context.isAvro)
    guard let symbolsNode = required("symbols", of: "an enum", node) else { return invalid }
    var symbols: [String] = []
    var places: [String: Location] = [:]
    for symbol in nameList(symbolsNode, "symbols") {
      if Names.isAvroName(symbol.text) {
        symbols.append(symbol.text)
        places[symbol.text] = symbol.location
      } else {
        diagnostics.error(symbol.location, "symbol \(quoted(symbol.text)) is not a valid Avro name")
      }
    }
    if symbolsNode.items?.isEmpty == true {
      diagnostics.error(symbolsNode.location, "an enum needs at least one symbol")
    }
    var defaultSymbol: String?
    if let node = node["default"], context.isAvro, node.text != nil, node.string == nil {
      diagnostics.error(node.location, "default must be a symbol in quotes, this is \(node.text ?? "")")
    } else if let node = node["default"], let text = text(node, "default") {
      defaultSymbol = text
      if !symbols.contains(text) {
        let hint = diagnostics.hint(text, among: symbols)
        diagnostics.error(node.location, "default \(quoted(text)) is not a symbol of \(name.text)\(hint)")
      }
    }
    guard let index else { return invalid }
    draft.declarations[index].body = .enumeration(symbols: symbols, defaultSymbol: defaultSymbol)
    draft.declarations[index].detailLocation = symbolsNode.location
    draft.declarations[index].symbolLocations = places
    return TypeExpression(location: node.location, kind: .declared(index))
  }

  private func readFixed(_ node: Node, name: LocatedText, _ context: TypeContext) -> TypeExpression {
    let invalid = TypeExpression(location: node.location, kind: .invalid)
    let index = declare(name, node, context)
    let keys = [
      "type", "name", "namespace", "doc", "aliases", "size", "logicalType", "precision", "scale", "swift",
    ]
    _ = checkKeys(node, of: "a fixed", keys, isOpen: context.isAvro)
    guard let sizeNode = required("size", of: "a fixed", node),
      let size = integer(sizeNode, "size", in: 1...Self.fixedSizeLimit)
    else { return invalid }
    let logical = readLogicalType(node, base: .fixed(size: size), context)
    var isUUID = false
    if let swift = node["swift"], !context.isAvro {
      isUUID = text(swift, "swift") == "UUID"
      if !isUUID {
        diagnostics.error(swift.location, "swift can only be UUID")
      } else if size != 16 || node["logicalType"] != nil {
        diagnostics.error(swift.location, "swift: UUID needs a fixed of size 16 without a logical type")
      }
    }
    guard let index else { return invalid }
    draft.declarations[index].body = .fixed(size: size, logical)
    draft.declarations[index].detailLocation = sizeNode.location
    draft.declarations[index].isUUID = isUUID
    return TypeExpression(location: node.location, kind: .declared(index))
  }
}
