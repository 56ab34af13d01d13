import CYaml

/// Reads one YAML document with libyaml's events into located nodes.
///
/// What YAML has and definitions do not need (tags, merge keys, several documents, mappings as keys) is refused with
/// a message. Anchors and aliases work within ``InputLimits``.
struct YAMLReader {
  private let file: Int
  private let source: SourceText
  private let diagnostics: Diagnostics
  private var anchors: [String: Node] = [:]
  private var openAnchors: [String] = []
  private var nodeCount = 0

  /// Gives nil, with at least one problem in `diagnostics`, where the text is not one YAML document.
  static func read(_ source: SourceText, diagnostics: Diagnostics) -> Node? {
    var reader = YAMLReader(file: source.file, source: source, diagnostics: diagnostics)
    do {
      return try reader.readDocument()
    } catch {
      diagnostics.add(error)
      return nil
    }
  }

  private init(file: Int, source: SourceText, diagnostics: Diagnostics) {
    self.file = file
    self.source = source
    self.diagnostics = diagnostics
  }

  private mutating func readDocument() throws(Problem) -> Node? {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw Problem(Location(file: file, line: 1, column: 1), "libyaml could not start: out of memory")
    }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    // libyaml keeps the pointer until the parser is deleted, so everything happens within the closure.
    let result = source.bytes.withUnsafeBufferPointer { buffer -> Result<Node?, Problem> in
      let empty: [UInt8] = [0]
      return empty.withUnsafeBufferPointer { nothing in
        yaml_parser_set_input_string(&parser, buffer.baseAddress ?? nothing.baseAddress, buffer.count)
        do throws(Problem) {
          return .success(try readStream(&parser))
        } catch {
          return .failure(error)
        }
      }
    }
    return try result.get()
  }

  private mutating func readStream(_ parser: inout yaml_parser_t) throws(Problem) -> Node? {
    var root: Node?
    while true {
      let event = try next(&parser)
      switch event.kind {
      case .documentStart:
        guard root == nil else { throw Problem(event.location, "a second document begins here; a file has one") }
        root = try readNode(try next(&parser), &parser, depth: 0)
      case .streamEnd:
        if let root, !root.isNull { return root }
        throw Problem(Location(file: file, line: 1, column: 1), "the file is empty")
      case .documentEnd, .other:
        continue
      default:
        throw Problem(event.location, "unexpected content after the document")
      }
    }
  }

  private mutating func readNode(_ event: Event, _ parser: inout yaml_parser_t, depth: Int) throws(Problem) -> Node {
    try count(1, event.location)
    switch event.kind {
    case .scalar(let text, let isPlain, let anchor, let hasTag):
      refuseTag(hasTag, event.location)
      let node = Node(location: event.location, content: .scalar(text, isPlain: isPlain))
      if let anchor { anchors[anchor] = node }
      return node
    case .alias(let name):
      return try expand(name, event.location, depth: depth)
    case .sequenceStart(let anchor, let hasTag):
      refuseTag(hasTag, event.location)
      try checkDepth(depth + 1, event.location)
      return try anchored(anchor) { reader throws(Problem) in
        try reader.readSequence(event.location, &parser, depth: depth + 1)
      }
    case .mappingStart(let anchor, let hasTag):
      refuseTag(hasTag, event.location)
      try checkDepth(depth + 1, event.location)
      return try anchored(anchor) { reader throws(Problem) in
        try reader.readMapping(event.location, &parser, depth: depth + 1)
      }
    default:
      throw Problem(event.location, "a value is missing here")
    }
  }

  private mutating func readSequence(
    _ location: Location, _ parser: inout yaml_parser_t, depth: Int
  ) throws(Problem) -> Node {
    var node = Node(location: location, content: .sequence([]))
    var items: [Node] = []
    while true {
      let event = try next(&parser)
      if case .sequenceEnd = event.kind { break }
      let item = try readNode(event, &parser, depth: depth)
      node.weight += item.weight
      node.height = max(node.height, item.height + 1)
      items.append(item)
    }
    node.height = max(node.height, 1)
    node.content = .sequence(items)
    return node
  }

  private mutating func readMapping(
    _ location: Location, _ parser: inout yaml_parser_t, depth: Int
  ) throws(Problem) -> Node {
    var node = Node(location: location, content: .mapping([]))
    var pairs: [Node.Pair] = []
    var seen: [String: Location] = [:]
    while true {
      let event = try next(&parser)
      if case .mappingEnd = event.kind { break }
      let key = try readNode(event, &parser, depth: depth)
      let value = try readNode(try next(&parser), &parser, depth: depth)
      node.weight += key.weight + value.weight
      node.height = max(node.height, value.height + 1)
      guard case .scalar(let text, let isPlain) = key.content else {
        diagnostics.error(event.location, "a key must be a scalar, this is \(key.kind)")
        continue
      }
      if text == "<<", isPlain {
        diagnostics.error(event.location, "merge keys (<<) are not supported; write the entries out")
      } else if let first = seen[text] {
        diagnostics.error(event.location, "duplicate key \(quoted(text)); the first is in line \(first.line)")
      } else {
        seen[text] = event.location
        pairs.append(Node.Pair(key: text, keyLocation: event.location, value: value))
      }
    }
    node.height = max(node.height, 1)
    node.content = .mapping(pairs)
    return node
  }

  // MARK: Anchors and limits

  private mutating func anchored(
    _ anchor: String?, _ body: (inout YAMLReader) throws(Problem) -> Node
  ) throws(Problem) -> Node {
    guard let anchor else { return try body(&self) }
    openAnchors.append(anchor)
    let node = try body(&self)
    openAnchors.removeLast()
    anchors[anchor] = node
    return node
  }

  private mutating func expand(_ name: String, _ location: Location, depth: Int) throws(Problem) -> Node {
    guard !openAnchors.contains(name) else {
      throw Problem(location, "alias *\(name) stands inside its own anchor")
    }
    guard let node = anchors[name] else {
      throw Problem(location, "no anchor &\(name) before this alias")
    }
    try count(node.weight - 1, location)
    try checkDepth(depth + node.height, location)
    return node
  }

  private mutating func count(_ nodes: Int, _ location: Location) throws(Problem) {
    nodeCount += nodes
    guard nodeCount <= InputLimits.nodes else {
      throw Problem(location, "more than \(InputLimits.nodes) values in one file, counting what aliases repeat")
    }
  }

  private func checkDepth(_ depth: Int, _ location: Location) throws(Problem) {
    guard depth <= InputLimits.nesting else {
      throw Problem(location, "nested deeper than \(InputLimits.nesting) levels")
    }
  }

  private func refuseTag(_ hasTag: Bool, _ location: Location) {
    if hasTag { diagnostics.error(location, "YAML tags (!…) are not supported; leave it out") }
  }

  // MARK: Events

  private struct Event {
    var kind: Kind
    var location: Location

    enum Kind {
      case documentStart, documentEnd, streamEnd, sequenceEnd, mappingEnd, other
      case scalar(String, isPlain: Bool, anchor: String?, hasTag: Bool)
      case alias(String)
      case sequenceStart(anchor: String?, hasTag: Bool)
      case mappingStart(anchor: String?, hasTag: Bool)
    }
  }

  private func next(_ parser: inout yaml_parser_t) throws(Problem) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(&parser, &event) == 1 else { throw syntaxProblem(parser) }
    defer { yaml_event_delete(&event) }
    let location = place(event.start_mark)
    return Event(kind: try kind(of: event, location), location: location)
  }

  private func kind(of event: yaml_event_t, _ location: Location) throws(Problem) -> Event.Kind {
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(anchor: text(start.anchor), hasTag: start.tag != nil)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(anchor: text(start.anchor), hasTag: start.tag != nil)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      guard scalar.length <= InputLimits.scalarBytes else {
        throw Problem(
          location, "a scalar of \(scalar.length) bytes; the limit is \(InputLimits.scalarBytes)")
      }
      let value = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      return .scalar(
        String(decoding: value, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
        anchor: text(scalar.anchor), hasTag: scalar.tag != nil)
    default: return .other
    }
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(decodingCString: $0, as: UTF8.self) }
  }

  private func place(_ mark: yaml_mark_t) -> Location {
    Location(file: file, line: mark.line + 1, column: mark.column + 1)
  }

  private func syntaxProblem(_ parser: yaml_parser_t) -> Problem {
    var message = parser.problem.map { String(cString: $0) } ?? "not YAML"
    let location = place(parser.problem_mark)
    if source.line(location.line).prefix(while: { $0 == 0x20 || $0 == 0x09 }).contains(0x09) {
      message = "a tab indents this line; YAML takes spaces only"
    } else if let context = parser.context {
      message += " \(String(cString: context))"
      if parser.context_mark.line + 1 != location.line {
        message += " that begins in line \(parser.context_mark.line + 1)"
      }
    }
    return Problem(location, "not YAML: " + message)
  }
}
