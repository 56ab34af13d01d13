import AvroSchema

/// Reads one value's JSON while writing its binary encoding.
///
/// Fields may come in any order: each is encoded when it comes, and where that was not the schema's order the record's
/// bytes are put in order at its end. So every byte of the text is looked at once.
struct JSONParser: ~Copyable {
  let nodes: SchemaNodes
  let limits: AvroLimits
  let maxBytes: Int
  private var scanner: JSONScanner
  private(set) var output: [UInt8] = []
  private var frames: [Frame] = []
  /// Where the fields of open records stand in the output; each open record has as many as it has fields.
  private var places: [Range<Int>?] = []
  private var defaults: DefaultEncoder?
  private var depth = 0

  /// A value that holds others and is not at its end.
  private struct Frame {
    let node: Int
    /// Which field or branch was read last, or how many items were; -1 before the first field.
    var position: Int
    /// Where the value starts in the output.
    let start: Int
    /// Of a record: its first place.
    var firstPlace = 0
    var isInOrder = true
    /// Where a map's latest key stands in the text, or an unfinished field's value in the output.
    var mark = 0
  }

  init(nodes: SchemaNodes, text: UnsafeRawBufferPointer, takesDefaults: Bool, limits: AvroLimits, maxBytes: Int) {
    self.nodes = nodes
    self.limits = limits
    self.maxBytes = maxBytes
    scanner = JSONScanner(text)
    if takesDefaults { defaults = DefaultEncoder(graph: nodes.graph) }
  }

  /// Reads the whole text.
  mutating func parse() throws(AvroJSONError) {
    do throws(AvroJSONError) {
      try begin(nodes.root)
      while let frame = frames.last { try step(frame) }
      guard scanner.isAtEnd() else { throw scanner.error(.trailingBytes) }
    } catch {
      var located = error
      located.path = pointer
      throw located
    }
  }

  private func fail(_ kind: AvroJSONError.Kind, at offset: Int? = nil, _ message: String) -> AvroJSONError {
    AvroJSONError(kind, offset: offset ?? scanner.position, message: message)
  }

  // MARK: values

  /// Reads a scalar, or opens what holds others.
  private mutating func begin(_ index: Int) throws(AvroJSONError) {
    guard output.count <= maxBytes else { throw fail(.tooLarge, "the encoding is larger than \(maxBytes) bytes") }
    let node = nodes[index]
    let byte = try scanner.peek()
    switch node.kind {
    case .null:
      try require(byte == UInt8(ascii: "n"), index, found: byte)
      try scanner.expectWord("null")
    case .boolean: try readBoolean(index, byte)
    case .int, .long: try readInteger(index, byte)
    case .float:
      let value = try readNumber(index, byte, as: Float.self)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { output.append(contentsOf: $0) }
    case .double:
      let value = try readNumber(index, byte, as: Double.self)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { output.append(contentsOf: $0) }
    case .string, .bytes, .fixed, .enumeration: try readText(index, byte)
    case .array: try open(index, byte, UInt8(ascii: "["), position: 0)
    case .map: try open(index, byte, UInt8(ascii: "{"), position: 0)
    case .record(let record):
      if node.isRecursive {
        guard depth < limits.maxDepth else { throw fail(.tooDeep, "nested deeper than \(limits.maxDepth)") }
        depth += 1
      }
      try open(index, byte, UInt8(ascii: "{"), position: -1)
      places.append(contentsOf: repeatElement(nil, count: record.fields.count))
    case .union(let union): try readBranch(union, index, byte)
    }
  }

  private func require(_ isRight: Bool, _ index: Int, found byte: UInt8) throws(AvroJSONError) {
    guard !isRight else { return }
    let found: String
    switch byte {
    case UInt8(ascii: "{"): found = "an object"
    case UInt8(ascii: "["): found = "an array"
    case UInt8(ascii: "\""): found = "a string"
    case UInt8(ascii: "t"), UInt8(ascii: "f"): found = "a boolean"
    case UInt8(ascii: "n"): found = "null"
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): found = "a number"
    default: throw scanner.error(.unexpectedByte)
    }
    throw fail(.typeMismatch, "\(found) where the schema has \(nodes.typeName(index))")
  }

  private mutating func readBoolean(_ index: Int, _ byte: UInt8) throws(AvroJSONError) {
    if byte == UInt8(ascii: "t") {
      try scanner.expectWord("true")
      output.append(1)
    } else {
      try require(byte == UInt8(ascii: "f"), index, found: byte)
      try scanner.expectWord("false")
      output.append(0)
    }
  }

  private static func startsNumber(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  private mutating func readInteger(_ index: Int, _ byte: UInt8) throws(AvroJSONError) {
    try require(Self.startsNumber(byte), index, found: byte)
    let (range, isInteger) = try scanner.scanNumber()
    let type = nodes.typeName(index)
    guard isInteger else {
      throw fail(.typeMismatch, at: range.lowerBound, "\(type) has neither fraction nor exponent")
    }
    let value = Int64(scanner.text(in: range))
    guard let value, type == "long" || Int32(exactly: value) != nil else {
      throw fail(.numberOutOfRange, at: range.lowerBound, "the number does not fit into \(type)")
    }
    output.appendLong(value)
  }

  /// A number, or the name of one that JSON has no notation for: as Java writes and reads it, and without quotes as
  /// Python does.
  private mutating func readNumber<Number: BinaryFloatingPoint & LosslessStringConvertible>(
    _ index: Int, _ byte: UInt8, as type: Number.Type
  ) throws(AvroJSONError) -> Number {
    let start = scanner.position
    if byte == UInt8(ascii: "\"") {
      try scanner.scanString()
      switch scanner.string {
      case Array("NaN".utf8): return .nan
      case Array("Infinity".utf8), Array("INF".utf8): return .infinity
      case Array("-Infinity".utf8), Array("-INF".utf8): return -.infinity
      default:
        throw fail(.typeMismatch, at: start, "a string where the schema has \(nodes.typeName(index))")
      }
    }
    if scanner.skip(Array("NaN".utf8)) { return .nan }
    if scanner.skip(Array("Infinity".utf8)) { return .infinity }
    if scanner.skip(Array("-Infinity".utf8)) { return -.infinity }
    try require(Self.startsNumber(byte), index, found: byte)
    let (range, _) = try scanner.scanNumber()
    guard let value = Number(scanner.text(in: range)), value.isFinite else {
      throw fail(.numberOutOfRange, at: start, "the number does not fit into \(nodes.typeName(index))")
    }
    return value
  }

  private mutating func readText(_ index: Int, _ byte: UInt8) throws(AvroJSONError) {
    let start = scanner.position
    try require(byte == UInt8(ascii: "\""), index, found: byte)
    try scanner.scanString()
    switch nodes[index].kind {
    case .bytes:
      let bytes = try latin1(at: start)
      output.appendLong(Int64(bytes.count))
      output.append(contentsOf: bytes)
    case .fixed(let fixed):
      let bytes = try latin1(at: start)
      guard bytes.count == fixed.size else {
        throw fail(
          .wrongSize, at: start, "fixed \(fixed.name) has \(fixed.size) bytes, the string stands for \(bytes.count)")
      }
      output.append(contentsOf: bytes)
    case .enumeration(let enumeration):
      let symbol = String(decoding: scanner.string, as: UTF8.self)
      guard let position = enumeration.positions[symbol] else {
        throw fail(.unknownSymbol, at: start, "enum \(enumeration.name) has no symbol \(JSONText.name(symbol))")
      }
      output.appendLong(Int64(position))
    default:
      output.appendLong(Int64(scanner.string.count))
      output.append(contentsOf: scanner.string)
    }
  }

  private func latin1(at start: Int) throws(AvroJSONError) -> [UInt8] {
    guard let bytes = [UInt8](latin1: scanner.string) else {
      throw fail(.notLatin1, at: start, "bytes are written as code points up to 255, this string has larger ones")
    }
    return bytes
  }

  private mutating func readBranch(
    _ union: SchemaNodes.UnionNode, _ index: Int, _ byte: UInt8
  ) throws(AvroJSONError) {
    if byte == UInt8(ascii: "n"), let branch = union.nullBranch {
      try scanner.expectWord("null")
      return output.appendLong(Int64(branch))
    }
    let start = scanner.position
    let labels = union.labels.filter { $0 != "null" }.joined(separator: ", ")
    let hint = "{\"<branch>\": …} where the branch is one of: \(labels)"
    guard byte == UInt8(ascii: "{") else {
      if byte != UInt8(ascii: "n") { try require(Self.startsValue(byte), index, found: byte) }
      throw fail(.unknownBranch, at: start, "a union's value is written \(hint)")
    }
    try scanner.expect(UInt8(ascii: "{"))
    guard try scanner.peek() == UInt8(ascii: "\"") else {
      throw fail(.unknownBranch, "a union's value is written \(hint)")
    }
    let nameStart = scanner.position
    try scanner.scanString()
    let label = String(decoding: scanner.string, as: UTF8.self)
    guard let branch = union.positions[label], branch != union.nullBranch else {
      throw fail(.unknownBranch, at: nameStart, "the union has no \(JSONText.name(label)): \(hint)")
    }
    try scanner.expect(UInt8(ascii: ":"))
    output.appendLong(Int64(branch))
    frames.append(Frame(node: index, position: branch, start: output.count))
    try begin(union.branches[branch])
  }

  private static func startsValue(_ byte: UInt8) -> Bool {
    startsNumber(byte) || Array("[\"tf".utf8).contains(byte)
  }

  // MARK: values that hold others

  private mutating func open(_ index: Int, _ byte: UInt8, _ bracket: UInt8, position: Int) throws(AvroJSONError) {
    try require(byte == bracket, index, found: byte)
    try scanner.expect(bracket)
    frames.append(Frame(node: index, position: position, start: output.count, firstPlace: places.count))
  }

  private mutating func step(_ frame: Frame) throws(AvroJSONError) {
    switch nodes[frame.node].kind {
    case .record(let record): try stepRecord(record, frame)
    case .array(let items):
      guard try hasNext(UInt8(ascii: "]"), isFirst: frame.position == 0) else { return closeBlock(frame) }
      frames[frames.count - 1].position += 1
      try begin(items)
    case .map(let values):
      guard try hasNext(UInt8(ascii: "}"), isFirst: frame.position == 0) else { return closeBlock(frame) }
      frames[frames.count - 1].mark = try quotePosition()
      frames[frames.count - 1].position += 1
      try scanner.scanString()
      output.appendLong(Int64(scanner.string.count))
      output.append(contentsOf: scanner.string)
      try scanner.expect(UInt8(ascii: ":"))
      try begin(values)
    default:
      // A union, whose value has been read.
      guard try scanner.skip(UInt8(ascii: "}")) else {
        let next = try scanner.peek()
        guard next == UInt8(ascii: ",") else { throw scanner.error(.unexpectedByte) }
        throw fail(.unknownBranch, "a union's value names one branch, and nothing follows")
      }
      frames.removeLast()
    }
  }

  /// Steps over the comma before an item, or over the bracket at the end.
  private mutating func hasNext(_ bracket: UInt8, isFirst: Bool) throws(AvroJSONError) -> Bool {
    if try scanner.skip(bracket) { return false }
    if !isFirst { try scanner.expect(UInt8(ascii: ",")) }
    return true
  }

  private mutating func quotePosition() throws(AvroJSONError) -> Int {
    guard try scanner.peek() == UInt8(ascii: "\"") else { throw scanner.error(.unexpectedByte) }
    return scanner.position
  }

  /// Puts the count before an array's or a map's items, which only now is known.
  private mutating func closeBlock(_ frame: Frame) {
    if frame.position > 0 {
      var count: [UInt8] = []
      count.appendLong(Int64(frame.position))
      output.insert(contentsOf: count, at: frame.start)
    }
    output.append(0)
    frames.removeLast()
  }
}

// MARK: records

extension JSONParser {
  private mutating func stepRecord(_ record: SchemaNodes.RecordNode, _ frame: Frame) throws(AvroJSONError) {
    let last = frames.count - 1
    if frame.position >= 0 {
      places[frame.firstPlace + frame.position] = frame.mark..<output.count
    }
    guard try hasNext(UInt8(ascii: "}"), isFirst: frame.position < 0) else { return try closeRecord(record, frame) }
    let start = try quotePosition()
    // Mostly the fields come in the schema's order, written in the plainest way.
    var position = frame.position + 1
    if position >= record.fields.count || !scanner.skip(record.fields[position].quoted) {
      try scanner.scanString()
      let name = String(decoding: scanner.string, as: UTF8.self)
      guard let known = record.positions[name] else {
        frames[last].position = -1
        throw fail(.unknownField, at: start, "record \(record.name) has no field \(JSONText.name(name))")
      }
      if known != position { frames[last].isInOrder = false }
      position = known
    }
    guard places[frame.firstPlace + position] == nil else {
      throw fail(.duplicateField, at: start, "the field \(JSONText.name(record.fields[position].name)) comes twice")
    }
    frames[last].position = position
    frames[last].mark = output.count
    try scanner.expect(UInt8(ascii: ":"))
    try begin(record.fields[position].node)
  }

  /// The closing brace has been read.
  private mutating func closeRecord(_ record: SchemaNodes.RecordNode, _ frame: Frame) throws(AvroJSONError) {
    var isInOrder = frame.isInOrder
    for (index, field) in record.fields.enumerated() where places[frame.firstPlace + index] == nil {
      let start = output.count
      guard defaults != nil, field.defaultValue != nil else {
        frames[frames.count - 1].position = -1
        let hint = field.defaultValue == nil ? "" : " (it has a default, which is not taken unless asked for)"
        throw fail(
          .missingField, at: scanner.position - 1,
          "record \(record.name) lacks the field \(JSONText.name(field.name))\(hint)")
      }
      if let bytes = try defaultBytes(frame.node, index) { output.append(contentsOf: bytes) }
      guard output.count <= maxBytes else { throw fail(.tooLarge, "the encoding is larger than \(maxBytes) bytes") }
      places[frame.firstPlace + index] = start..<output.count
      isInOrder = false
    }
    if !isInOrder {
      let ordered = places[frame.firstPlace...].flatMap { place in output[place ?? 0..<0] }
      output.replaceSubrange(frame.start..., with: ordered)
    }
    places.removeSubrange(frame.firstPlace...)
    if nodes[frame.node].isRecursive { depth -= 1 }
    frames.removeLast()
  }

  private mutating func defaultBytes(_ node: Int, _ field: Int) throws(AvroJSONError) -> [UInt8]? {
    do throws(DefaultEncoder.Failure) {
      return try defaults?.bytes(ofField: field, in: node)
    } catch {
      throw fail(.tooLarge, "a default \(error.rawValue)")
    }
  }

  // MARK: errors

  /// Where the value stands that was being read.
  private var pointer: String {
    var path = ""
    for frame in frames {
      switch nodes[frame.node].kind {
      case .record(let record):
        if frame.position >= 0 { path += "/" + record.fields[frame.position].name }
      case .array:
        if frame.position > 0 { path += "/\(frame.position - 1)" }
      case .map:
        if frame.position > 0 { path += "/" + key(at: frame.mark) }
      case .union(let union): path += "/" + union.labels[frame.position]
      default: break
      }
    }
    return path
  }

  private func key(at offset: Int) -> String {
    var key = JSONScanner(UnsafeRawBufferPointer(rebasing: scanner.text[offset...]))
    return (try? key.scanString()) == nil ? "" : JSONText.step(key.string)
  }
}
