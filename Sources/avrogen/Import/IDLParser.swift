/// What an `.avdl` file says: its types as the nodes that an `.avsc` file would have, so that everything is checked
/// by the same rules.
struct IDLFile {
  /// A named type, and the namespace that it stands in.
  var types: [(node: Node, namespace: String)] = []
  var imports: [IDLImport] = []
  /// Nothing was wrong with its grammar.
  var isGood = true
}

struct IDLImport {
  var kind: ImportKind
  var path: String
  var location: Location
}

/// Reads Avro IDL (specification 1.12, "IDL Language"): a protocol, or a namespace, a main schema and types.
///
/// After a mistake it goes on behind the field or declaration that has it.
struct IDLParser {
  /// Types, or the lists and objects of a default, inside each other.
  static let depthLimit = InputLimits.nesting
  /// In the grammar of one file.
  static let mistakeLimit = 200

  let diagnostics: Diagnostics
  let notes: ImportNotes
  private let tokens: [IDLToken]
  /// What is missing at the end is reported already.
  private var isCut: Bool
  private var index = 0
  private var mistakes = 0
  private var isEnclosed = false
  var file = IDLFile()
  var namespace = ""
  private var messages: [Location] = []
  private var mainSchema: Location?

  static func parse(_ source: SourceText, _ diagnostics: Diagnostics, _ notes: ImportNotes) -> IDLFile {
    let result = IDLLexer.tokens(source, diagnostics)
    var parser = IDLParser(diagnostics: diagnostics, notes: notes, tokens: result.tokens, isCut: result.isCut)
    parser.file.isGood = result.isGood
    parser.parseFile()
    return parser.file
  }

  private init(diagnostics: Diagnostics, notes: ImportNotes, tokens: [IDLToken], isCut: Bool) {
    self.isCut = isCut
    self.diagnostics = diagnostics
    self.notes = notes
    self.tokens = tokens
  }

  // MARK: Tokens

  var token: IDLToken { tokens[index] }

  var isAtEnd: Bool { token.kind == .end }

  /// Documentation in front of it that nobody asked for is not kept.
  @discardableResult
  mutating func advance() -> IDLToken {
    let token = tokens[index]
    for doc in token.docs.dropLast(usedDoc == index ? 1 : 0) {
      notes.add(doc.location, "this documentation comment belongs to nothing and is not kept")
    }
    if index + 1 < tokens.count { index += 1 }
    return token
  }

  /// The token whose last comment was taken.
  private var usedDoc = -1

  /// The documentation in front of the next token.
  mutating func takeDoc() -> Node? {
    guard let doc = token.docs.last else { return nil }
    usedDoc = index
    return Node(location: doc.location, content: .scalar(doc.text, isPlain: false))
  }

  func unexpected(_ wanted: String) -> Problem {
    Problem(token.location, "\(wanted) expected, found \(token.description)")
  }

  func isSign(_ sign: Unicode.Scalar) -> Bool { token.isSign(sign) }

  /// Of the token behind the next one.
  func tokensAhead(isSign sign: Unicode.Scalar) -> Bool { index + 1 < tokens.count && tokens[index + 1].isSign(sign) }

  mutating func takeSign(_ sign: Unicode.Scalar) -> Bool {
    guard token.isSign(sign) else { return false }
    advance()
    return true
  }

  mutating func expect(_ sign: Unicode.Scalar) throws(Problem) {
    guard takeSign(sign) else { throw unexpected("'\(Character(sign))'") }
  }

  /// A name of anything; keywords are names too where no keyword can stand.
  mutating func expectIdentifier(_ what: String) throws(Problem) -> LocatedText {
    guard case .identifier(let text, _) = token.kind else { throw unexpected(what) }
    return LocatedText(text: text, location: advance().location)
  }

  // MARK: Mistakes

  /// Reports, and goes on behind what began at `start`: its semicolon or closing brace, or before one that it does not
  /// own.
  private mutating func recover(_ problem: Problem, from start: Int) {
    file.isGood = false
    if isCut, isAtEnd { return }
    diagnostics.add(problem)
    mistakes += 1
    guard mistakes < Self.mistakeLimit else {
      diagnostics.error(token.location, "too many mistakes; the rest of this file is not read")
      index = tokens.count - 1
      isCut = true
      return
    }
    let failed = index
    index = start
    var depth = 0
    while !isAtEnd {
      let token = token
      if token.isSign("{") || token.isSign("(") { depth += 1 }
      if token.isSign("}") || token.isSign(")") {
        if depth == 0, token.isSign("}"), index >= failed { return }
        depth = max(0, depth - 1)
      }
      let place = index
      index += 1
      guard depth == 0, place >= failed else { continue }
      if token.isSign(";") { return }
      if token.isSign("}"), !isSign("=") { return }
    }
  }

  // MARK: Files

  private mutating func parseFile() {
    if isAtEnd { recover(Problem(token.location, "the file is empty"), from: index) }
    while !isAtEnd {
      let start = index
      do throws(Problem) {
        if isSign("}") { throw unexpected("a declaration") }
        try parseDeclaration()
      } catch {
        recover(error, from: start)
        // A brace that closes nothing.
        if isSign("}") { index += 1 }
      }
    }
    advance()
    if let first = messages.first {
      let count =
        messages.count == 1 ? "a message of this protocol is" : "\(messages.count) messages of this protocol are"
      notes.add(first, "\(count) not imported: definitions hold types only")
    }
  }

  /// One declaration of the file, or of the body of a protocol.
  private mutating func parseDeclaration() throws(Problem) {
    var doc = takeDoc()
    let annotations = try parseAnnotations()
    if !annotations.isEmpty { doc = takeDoc() ?? doc }
    if let doc, ["import", "protocol", "namespace", "schema"].contains(token.word) {
      notes.add(doc.location, "the documentation of a protocol, or of what is no type, is not kept")
    }
    switch token.word {
    case "import" where annotations.isEmpty: try parseImport()
    case "record", "error": try parseRecord(doc, annotations)
    case "enum": try parseEnum(doc, annotations)
    case "fixed": try parseFixed(doc, annotations)
    case _ where isEnclosed: try parseMessage()
    case "protocol": try parseProtocol(annotations)
    case "namespace" where annotations.isEmpty: try parseNamespace()
    case "schema" where annotations.isEmpty: try parseMainSchema()
    default: throw unexpected("protocol, namespace, schema, import, record, error, enum or fixed")
    }
  }

  private mutating func parseProtocol(_ annotations: [IDLAnnotation]) throws(Problem) {
    guard file.types.isEmpty, file.imports.isEmpty, namespace.isEmpty, mainSchema == nil else {
      throw Problem(token.location, "a file holds one protocol and nothing beside it, or types without a protocol")
    }
    let start = advance().location
    let name = try expectIdentifier("the name of the protocol")
    let declared = try namespaceText(in: annotations) ?? ""
    namespace = name.text.lastIndex(of: ".").map { String(name.text[..<$0]) } ?? declared
    for annotation in annotations where annotation.name.text != "namespace" {
      notes.drop(annotation.name.text, of: "the protocol", annotation.name.location)
    }
    try expect("{")
    isEnclosed = true
    parseBody()
    isEnclosed = false
    guard takeSign("}") else { throw Problem(start, "this protocol has no closing brace") }
    guard isAtEnd else { throw Problem(token.location, "text after the end of the protocol; a file holds one") }
  }

  private mutating func parseBody() {
    while !isAtEnd, !isSign("}") {
      let start = index
      do throws(Problem) {
        try parseDeclaration()
      } catch {
        recover(error, from: start)
      }
    }
  }

  private func namespaceText(in annotations: [IDLAnnotation]) throws(Problem) -> String? {
    guard let annotation = annotations.last(where: { $0.name.text == "namespace" }) else { return nil }
    guard case .scalar(let text, false) = annotation.value.content else {
      throw Problem(annotation.value.location, "@namespace takes a text")
    }
    guard text.isEmpty || Names.isNamespace(text) else {
      throw Problem(annotation.value.location, "\(quoted(text)) is not a valid namespace")
    }
    return text
  }

  private mutating func parseNamespace() throws(Problem) {
    let place = advance().location
    guard file.types.isEmpty, namespace.isEmpty, mainSchema == nil else {
      throw Problem(place, "the namespace is given once, before everything else")
    }
    let name = try expectIdentifier("a namespace")
    guard Names.isNamespace(name.text) else {
      throw Problem(name.location, "\(quoted(name.text)) is not a valid namespace")
    }
    namespace = name.text
    try expect(";")
  }

  /// `schema Name;` says which type the file is about. Of other types nothing can be kept.
  private mutating func parseMainSchema() throws(Problem) {
    let place = advance().location
    guard mainSchema == nil else { throw Problem(place, "the main schema is given once") }
    mainSchema = place
    let type = try parseFullType(depth: 0)
    if type.isOptional || !type.isReference {
      notes.add(place, "the main schema is no record, enum or fixed and is not kept")
    }
    try expect(";")
  }

  private mutating func parseImport() throws(Problem) {
    advance()
    guard let kind = token.word.flatMap({ ImportKind(rawValue: $0) }) else {
      throw unexpected("idl, protocol or schema")
    }
    advance()
    guard case .string(let path) = token.kind else { throw unexpected("the path of a file in quotes") }
    file.imports.append(IDLImport(kind: kind, path: path, location: token.location))
    advance()
    try expect(";")
  }

  // MARK: Types

  private mutating func parseRecord(_ doc: Node?, _ annotations: [IDLAnnotation]) throws(Problem) {
    let isError = token.word == "error"
    let start = advance().location
    let name = try expectIdentifier("the name of the record")
    if isError { notes.add(start, "the error \(name.text) becomes a record: definitions have no messages") }
    try expect("{")
    var fields: [Node] = []
    while !isSign("}") {
      guard !isAtEnd else { throw Problem(start, "this record has no closing brace") }
      let start = index
      do throws(Problem) {
        fields += try parseFields()
      } catch {
        recover(error, from: start)
      }
    }
    try expect("}")
    let reserved = ["type", "name", "doc", "fields"]
    add("record", start, name, doc, try pairs(annotations, reserved: reserved), [("fields", list(fields, start))])
  }

  private mutating func parseEnum(_ doc: Node?, _ annotations: [IDLAnnotation]) throws(Problem) {
    let start = advance().location
    let name = try expectIdentifier("the name of the enum")
    try expect("{")
    var symbols: [Node] = []
    while !isSign("}") {
      if !symbols.isEmpty { try expect(",") }
      for annotation in try parseAnnotations() {
        notes.drop(annotation.name.text, of: "a symbol", annotation.name.location)
      }
      let symbol = try expectIdentifier("a symbol")
      symbols.append(Node(location: symbol.location, content: .scalar(symbol.text, isPlain: false)))
    }
    try expect("}")
    var members = [("symbols", list(symbols, start))]
    if takeSign("=") {
      let symbol = try expectIdentifier("the default symbol")
      members.append(("default", Node(location: symbol.location, content: .scalar(symbol.text, isPlain: false))))
      try expect(";")
    }
    let reserved = ["type", "name", "doc", "symbols", "default"]
    add("enum", start, name, doc, try pairs(annotations, reserved: reserved), members)
  }

  private mutating func parseFixed(_ doc: Node?, _ annotations: [IDLAnnotation]) throws(Problem) {
    let start = advance().location
    let name = try expectIdentifier("the name of the fixed")
    try expect("(")
    let size = try parseInteger("the size in bytes")
    try expect(")")
    try expect(";")
    let reserved = ["type", "name", "doc", "size"]
    add("fixed", start, name, doc, try pairs(annotations, reserved: reserved), [("size", size)])
  }

  private mutating func add(
    _ kind: String, _ start: Location, _ name: LocatedText, _ doc: Node?, _ annotations: [Node.Pair],
    _ members: [(String, Node)]
  ) {
    var pairs = [
      Node.Pair(key: "type", keyLocation: start, value: plain(kind, start)),
      Node.Pair(
        key: "name", keyLocation: name.location,
        value: Node(location: name.location, content: .scalar(name.text, isPlain: false))),
    ]
    if let doc { pairs.append(Node.Pair(key: "doc", keyLocation: doc.location, value: doc)) }
    pairs += annotations
    pairs += members.map { Node.Pair(key: $0.0, keyLocation: $0.1.location, value: $0.1) }
    file.types.append((Node(location: start, content: .mapping(pairs)), namespace))
  }

  // MARK: Messages

  /// Read and left out; it begins behind its annotations.
  private mutating func parseMessage() throws(Problem) {
    let start = token.location
    if token.word == "void" { advance() } else { _ = try parsePlainType(depth: 0) }
    _ = try expectIdentifier("the name of a message, or record, error, enum, fixed or import before,")
    try expect("(")
    while !isSign(")") {
      _ = takeDoc()
      _ = try parseFullType(depth: 0)
      _ = try parseVariable()
      if !isSign(")") { try expect(",") }
    }
    try expect(")")
    if token.word == "oneway" {
      advance()
    } else if token.word == "throws" {
      repeat {
        advance()
        _ = try expectIdentifier("the name of an error")
      } while isSign(",")
    }
    try expect(";")
    messages.append(start)
  }

  func plain(_ text: String, _ location: Location) -> Node {
    Node(location: location, content: .scalar(text, isPlain: true))
  }

  func list(_ items: [Node], _ location: Location) -> Node { Node(location: location, content: .sequence(items)) }
}
