/// `@name(value)`
struct IDLAnnotation {
  var name: LocatedText
  var value: Node
}

/// A type as it is written.
struct IDLType {
  /// Without the question mark.
  var node: Node
  /// `type?`
  var isOptional = false
  /// The name of a type that is defined elsewhere.
  var isReference = false

  /// The place of null depends on the default: the first branch is the default's.
  func node(default value: Node?) -> Node {
    guard isOptional else { return node }
    let null = Node(location: node.location, content: .scalar("null", isPlain: false))
    let isNullFirst = value == nil || value?.isNull == true
    return Node(location: node.location, content: .sequence(isNullFirst ? [null, node] : [node, null]))
  }
}

/// Fields, types, annotations and values.
extension IDLParser {
  // MARK: Fields

  /// `type name = default, other;`: one type, one or more fields.
  mutating func parseFields() throws(Problem) -> [Node] {
    let doc = takeDoc()
    let type = try parseFullType(depth: 0)
    var fields: [Node] = []
    repeat {
      let variable = try parseVariable()
      var pairs = [
        Node.Pair(
          key: "name", keyLocation: variable.name.location,
          value: Node(location: variable.name.location, content: .scalar(variable.name.text, isPlain: false))),
        Node.Pair(
          key: "type", keyLocation: type.node.location, value: type.node(default: variable.defaultValue)),
      ]
      if let doc = variable.doc ?? doc { pairs.append(Node.Pair(key: "doc", keyLocation: doc.location, value: doc)) }
      if let value = variable.defaultValue {
        pairs.append(Node.Pair(key: "default", keyLocation: value.location, value: value))
      }
      pairs += try self.pairs(variable.annotations, reserved: ["type", "name", "doc", "default"])
      fields.append(Node(location: variable.name.location, content: .mapping(pairs)))
    } while takeSign(",")
    try expect(";")
    return fields
  }

  struct Variable {
    var name: LocatedText
    var doc: Node?
    var annotations: [IDLAnnotation]
    var defaultValue: Node?
  }

  mutating func parseVariable() throws(Problem) -> Variable {
    var doc = takeDoc()
    var annotations = try parseAnnotations()
    if !annotations.isEmpty { doc = takeDoc() ?? doc }
    for index in annotations.indices where annotations[index].name.text == "order" {
      // Java takes the words of @order in any case.
      guard case .scalar(let text, false) = annotations[index].value.content else { continue }
      annotations[index].value.content = .scalar(text.lowercased(), isPlain: false)
    }
    let name = try expectIdentifier("the name of a field")
    let value = takeSign("=") ? try parseValue(depth: 0) : nil
    return Variable(name: name, doc: doc, annotations: annotations, defaultValue: value)
  }

  // MARK: Annotations

  mutating func parseAnnotations() throws(Problem) -> [IDLAnnotation] {
    var annotations: [IDLAnnotation] = []
    while takeSign("@") {
      let name = try expectIdentifier("the name of an annotation")
      try expect("(")
      let value = try parseValue(depth: 0)
      try expect(")")
      // Java keeps the last.
      annotations.removeAll { $0.name.text == name.text }
      annotations.append(IDLAnnotation(name: name, value: value))
    }
    return annotations
  }

  func pairs(_ annotations: [IDLAnnotation], reserved: [String]) throws(Problem) -> [Node.Pair] {
    var pairs: [Node.Pair] = []
    for annotation in annotations {
      guard !reserved.contains(annotation.name.text) else {
        throw Problem(annotation.name.location, "@\(annotation.name.text) is not for annotations: write it in the IDL")
      }
      pairs.append(
        Node.Pair(key: annotation.name.text, keyLocation: annotation.name.location, value: annotation.value))
    }
    return pairs
  }

  // MARK: Types

  mutating func parseFullType(depth: Int) throws(Problem) -> IDLType {
    let annotations = try parseAnnotations()
    var type = try parsePlainType(depth: depth)
    guard let first = annotations.first else { return type }
    guard !type.isReference else {
      throw Problem(first.name.location, "a reference to a type can't be annotated")
    }
    switch type.node.content {
    case .scalar:
      let base = Node.Pair(key: "type", keyLocation: type.node.location, value: type.node)
      type.node.content = .mapping([base] + (try pairs(annotations, reserved: ["type"])))
    case .mapping(let members):
      type.node.content = .mapping(members + (try pairs(annotations, reserved: members.map(\.key))))
    case .sequence:
      for annotation in annotations { notes.drop(annotation.name.text, of: "a union", annotation.name.location) }
    }
    return type
  }

  mutating func parsePlainType(depth: Int) throws(Problem) -> IDLType {
    guard depth < Self.depthLimit else {
      throw Problem(token.location, "types nest deeper than \(Self.depthLimit) levels")
    }
    let start = token.location
    switch token.word {
    case "array": return try parseContainer("items", "array", depth: depth)
    case "map": return try parseContainer("values", "map", depth: depth)
    case "union":
      advance()
      try expect("{")
      var branches: [Node] = []
      repeat { branches.append(try parseFullType(depth: depth + 1).node(default: nil)) } while takeSign(",")
      try expect("}")
      return IDLType(node: list(branches, start))
    default:
      var type = try parseSingleType()
      type.isOptional = takeSign("?")
      return type
    }
  }

  private mutating func parseContainer(
    _ member: String, _ kind: String, depth: Int
  ) throws(Problem) -> IDLType {
    let start = advance().location
    try expect("<")
    let inner = try parseFullType(depth: depth + 1).node(default: nil)
    try expect(">")
    return IDLType(node: mapping([("type", plain(kind, start)), (member, inner)], start))
  }

  private static let primitives: Set<String> = [
    "boolean", "int", "long", "float", "double", "bytes", "string", "null",
  ]

  private static let logicalTypes: [String: (base: String, name: String)] = [
    "date": ("int", "date"), "time_ms": ("int", "time-millis"), "timestamp_ms": ("long", "timestamp-millis"),
    "local_timestamp_ms": ("long", "local-timestamp-millis"), "uuid": ("string", "uuid"),
  ]

  private mutating func parseSingleType() throws(Problem) -> IDLType {
    let start = token.location
    if let word = token.word {
      if word == "decimal", tokensAhead(isSign: "(") { return try parseDecimal() }
      if Self.primitives.contains(word) {
        advance()
        return IDLType(node: Node(location: start, content: .scalar(word, isPlain: false)))
      }
      if let logical = Self.logicalTypes[word] {
        advance()
        return IDLType(
          node: mapping([("type", plain(logical.base, start)), ("logicalType", plain(logical.name, start))], start))
      }
    }
    let name = try expectIdentifier("a type")
    return IDLType(node: Node(location: start, content: .scalar(name.text, isPlain: false)), isReference: true)
  }

  private mutating func parseDecimal() throws(Problem) -> IDLType {
    let start = advance().location
    try expect("(")
    var members = [("type", plain("bytes", start)), ("logicalType", plain("decimal", start))]
    members.append(("precision", try parseInteger("the precision")))
    if takeSign(",") { members.append(("scale", try parseInteger("the scale"))) }
    try expect(")")
    // What is written as a type of its own is a mistake when it is none, unlike an annotation.
    let precision = members[2].1.value?.int64 ?? 0
    guard precision >= 1 else { throw Problem(members[2].1.location, "the precision is at least 1") }
    if members.count > 3 {
      guard let scale = members[3].1.value?.int64, (0...precision).contains(scale) else {
        throw Problem(members[3].1.location, "the scale is at least 0 and at most the precision")
      }
    }
    return IDLType(node: mapping(members, start))
  }

  private func mapping(_ members: [(String, Node)], _ location: Location) -> Node {
    Node(
      location: location,
      content: .mapping(members.map { Node.Pair(key: $0.0, keyLocation: $0.1.location, value: $0.1) }))
  }

  // MARK: Values

  /// JSON, with numbers and texts as Java writes them.
  mutating func parseValue(depth: Int) throws(Problem) -> Node {
    guard depth < Self.depthLimit else {
      throw Problem(token.location, "values nest deeper than \(Self.depthLimit) levels")
    }
    let start = token.location
    switch token.kind {
    case .sign("{"): return try parseObject(depth: depth)
    case .sign("["):
      advance()
      var items: [Node] = []
      while !isSign("]") {
        if !items.isEmpty { try expect(",") }
        items.append(try parseValue(depth: depth + 1))
      }
      advance()
      return list(items, start)
    case .string(let text):
      advance()
      return Node(location: start, content: .scalar(text, isPlain: false))
    case .number(let text):
      guard let number = IDLNumber.text(of: text) else {
        throw Problem(start, "\(text.count > 40 ? "this" : text) is not a number that a default can be")
      }
      advance()
      return plain(number, start)
    case .identifier(let word, isQuoted: false) where ["true", "false", "null"].contains(word):
      advance()
      return plain(word, start)
    case .identifier("NaN", isQuoted: false), .identifier("Infinity", isQuoted: false):
      throw Problem(start, "\(token.description) cannot be a default: Avro's JSON has no way to write it")
    default: throw unexpected("a value")
    }
  }

  private mutating func parseObject(depth: Int) throws(Problem) -> Node {
    let start = advance().location
    var pairs: [Node.Pair] = []
    var seen: Set<String> = []
    while !isSign("}") {
      if !pairs.isEmpty { try expect(",") }
      guard case .string(let key) = token.kind else { throw unexpected("a key in quotes") }
      let place = advance().location
      guard seen.insert(key).inserted else { throw Problem(place, "duplicate key \(quoted(key))") }
      try expect(":")
      pairs.append(Node.Pair(key: key, keyLocation: place, value: try parseValue(depth: depth + 1)))
    }
    advance()
    return Node(location: start, content: .mapping(pairs))
  }

  mutating func parseInteger(_ what: String) throws(Problem) -> Node {
    guard case .number(let text) = token.kind, let number = IDLNumber.text(of: text), Int64(number) != nil else {
      throw unexpected("\(what), a whole number,")
    }
    return plain(number, advance().location)
  }
}

/// Numbers as Java reads them: decimal, octal after `0`, hexadecimal after `0x`, `L` behind a long, `f` or `d` behind a
/// number with a fraction.
enum IDLNumber {
  /// The number as JSON writes it; nil when it is none or out of range.
  static func text(of text: String) -> String? {
    integer(text).map { String($0) } ?? floating(text)
  }

  private static func integer(_ text: String) -> Int64? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest = rest.dropFirst() }
    if rest.last == "l" || rest.last == "L" { rest = rest.dropLast() }
    var radix = 10
    if rest.hasPrefix("0x") || rest.hasPrefix("0X") {
      radix = 16
      rest = rest.dropFirst(2)
    } else if rest.first == "0", rest.count > 1 {
      radix = 8
      rest = rest.dropFirst()
    }
    guard let first = rest.first, first.isHexDigit else { return nil }
    return Int64((isNegative ? "-" : "") + rest, radix: radix)
  }

  private static func floating(_ text: String) -> String? {
    let unsigned = text.drop { $0 == "+" || $0 == "-" }
    let isHex = unsigned.hasPrefix("0x") || unsigned.hasPrefix("0X")
    let marks = isHex ? "pP" : ".eEfFdD"
    // Without these it is a whole number that is out of range, or no number.
    guard text.contains(where: { marks.contains($0) }), let first = unsigned.first, first == "." || first.isNumber
    else { return nil }
    let digits = "fFdD".contains(text.last ?? " ") ? text.dropLast() : text[...]
    guard let number = Double(digits), number.isFinite else { return nil }
    return number.description
  }
}
