/// Writes one value as JSON while reading its binary encoding.
struct JSONPrinter: ~Copyable {
  let nodes: SchemaNodes
  let style: AvroJSON.Style
  let isPretty: Bool
  let maxBytes: Int
  private(set) var output = JSONText()
  private var frames: [Frame] = []
  /// How deep objects and arrays are open that stand on lines of their own.
  private var indentation = 0

  /// A value that holds others and is not at its end.
  private struct Frame {
    let node: Int
    /// Which field comes next, or how many items have begun.
    var position = 0
    /// Items left in the block.
    var itemsLeft = 0
    /// Where a map's latest key stands in the bytes.
    var key = 0..<0
  }

  init(nodes: SchemaNodes, style: AvroJSON.Style, isPretty: Bool, maxBytes: Int) {
    self.nodes = nodes
    self.style = style
    self.isPretty = isPretty
    self.maxBytes = maxBytes
  }

  /// Leaves `reader` behind the value.
  mutating func print(from reader: inout AvroReader) throws(AvroError) {
    do throws(AvroError) {
      try begin(nodes.root, &reader)
      while let frame = frames.last { try step(frame, &reader) }
    } catch {
      throw located(error, reader)
    }
  }

  // MARK: values

  /// Writes a scalar, or opens what holds others.
  private mutating func begin(_ index: Int, _ reader: inout AvroReader) throws(AvroError) {
    guard output.bytes.count <= maxBytes else { throw reader.error(.tooLarge) }
    let node = nodes[index]
    switch node.kind {
    case .array: open(index, UInt8(ascii: "["))
    case .map: open(index, UInt8(ascii: "{"))
    case .record:
      if node.isRecursive { try reader.enter() }
      open(index, UInt8(ascii: "{"))
    case .union(let union): try begin(union, index, &reader)
    default:
      if style == .plain, let logicalType = node.logicalType,
        try output.appendPlain(logicalType, node.kind, &reader)
      {
        return
      }
      try writeScalar(node.kind, &reader)
    }
  }

  private mutating func begin(
    _ union: SchemaNodes.UnionNode, _ index: Int, _ reader: inout AvroReader
  ) throws(AvroError) {
    let start = reader.offset
    let branch = try reader.readIndex()
    guard union.branches.indices.contains(branch) else { throw AvroError(.indexOutOfRange, offset: start) }
    guard style == .specification, branch != union.nullBranch else { return try begin(union.branches[branch], &reader) }
    output.append(UInt8(ascii: "{"))
    output.append(union.quoted[branch])
    appendColon()
    frames.append(Frame(node: index))
    try begin(union.branches[branch], &reader)
  }

  private mutating func writeScalar(_ kind: SchemaNodes.Kind, _ reader: inout AvroReader) throws(AvroError) {
    switch kind {
    case .null: output.append("null")
    case .boolean:
      if try reader.readBoolean() { output.append("true") } else { output.append("false") }
    case .int: output.append(try reader.readInt())
    case .long: output.append(try reader.readLong())
    case .float: output.append(try reader.readFloat())
    case .double: output.append(try reader.readDouble())
    case .bytes: writeBytes(try reader.takeCounted())
    case .string: output.appendQuoted(try reader.takeText())
    case .fixed(let fixed):
      writeBytes(UnsafeRawBufferPointer(start: try reader.take(fixed.size), count: fixed.size))
    case .enumeration(let enumeration):
      let start = reader.offset
      let index = try reader.readIndex()
      guard enumeration.quoted.indices.contains(index) else { throw AvroError(.indexOutOfRange, offset: start) }
      output.append(enumeration.quoted[index])
    case .array, .map, .union, .record: preconditionFailure("not a scalar")
    }
  }

  private mutating func writeBytes(_ bytes: UnsafeRawBufferPointer) {
    guard style == .plain else { return output.appendLatin1(bytes) }
    output.append(UInt8(ascii: "\""))
    output.appendHex(bytes)
    output.append(UInt8(ascii: "\""))
  }

  // MARK: values that hold others

  private mutating func step(_ frame: Frame, _ reader: inout AvroReader) throws(AvroError) {
    switch nodes[frame.node].kind {
    case .record(let record):
      guard frame.position < record.fields.count else {
        if nodes[frame.node].isRecursive { reader.leave() }
        return close(UInt8(ascii: "}"))
      }
      separate()
      let field = record.fields[frame.position]
      output.append(field.quoted)
      appendColon()
      advance()
      try begin(field.node, &reader)
    case .array(let items):
      guard try hasItem(minimumItemBytes: nodes.minimumBytes(items), &reader) else { return close(UInt8(ascii: "]")) }
      separate()
      advance()
      try begin(items, &reader)
    case .map(let values):
      guard try hasItem(minimumItemBytes: 1, &reader) else { return close(UInt8(ascii: "}")) }
      separate()
      let key = try reader.takeText()
      output.appendQuoted(key)
      appendColon()
      frames[frames.count - 1].key = (reader.offset - key.count)..<reader.offset
      advance()
      try begin(values, &reader)
    default:
      // A union, whose value has been written.
      output.append(UInt8(ascii: "}"))
      frames.removeLast()
    }
  }

  private mutating func hasItem(minimumItemBytes: Int, _ reader: inout AvroReader) throws(AvroError) -> Bool {
    let last = frames.count - 1
    if frames[last].itemsLeft == 0 {
      frames[last].itemsLeft = try reader.readBlockCount(minimumItemBytes: minimumItemBytes)
      guard frames[last].itemsLeft > 0 else { return false }
    }
    frames[last].itemsLeft -= 1
    return true
  }

  private mutating func advance() { frames[frames.count - 1].position += 1 }

  private mutating func open(_ node: Int, _ bracket: UInt8) {
    output.append(bracket)
    frames.append(Frame(node: node))
    indentation += 1
  }

  private mutating func close(_ bracket: UInt8) {
    indentation -= 1
    if let frame = frames.popLast(), frame.position > 0 { breakLine() }
    output.append(bracket)
  }

  private mutating func separate() {
    if let frame = frames.last, frame.position > 0 { output.append(UInt8(ascii: ",")) }
    breakLine()
  }

  private mutating func appendColon() {
    output.append(UInt8(ascii: ":"))
    if isPretty { output.append(UInt8(ascii: " ")) }
  }

  private mutating func breakLine() {
    guard isPretty else { return }
    output.append(UInt8(ascii: "\n"))
    for _ in 0..<indentation { output.append("  ") }
  }

  // MARK: errors

  /// `error` with the place of the value: names of fields, indexes of items, keys of maps.
  private func located(_ error: AvroError, _ reader: borrowing AvroReader) -> AvroError {
    var path = ""
    for frame in frames where frame.position > 0 {
      switch nodes[frame.node].kind {
      case .record(let record): path += "/" + record.fields[frame.position - 1].name
      case .array: path += "/\(frame.position - 1)"
      case .map: path += "/" + JSONText.step(reader.bytes(in: frame.key))
      default: break
      }
    }
    return AvroError(error.kind, offset: error.offset, path: path)
  }
}

extension AvroReader {
  /// Bytes with their length before them, where they are.
  mutating func takeCounted() throws(AvroError) -> UnsafeRawBufferPointer {
    let count = try readLength()
    return UnsafeRawBufferPointer(start: try take(count), count: count)
  }

  /// A string's bytes, where they are; strictly UTF-8.
  mutating func takeText() throws(AvroError) -> UnsafeRawBufferPointer {
    let text = try takeCounted()
    guard text.isUTF8 else { throw AvroError(.invalidUTF8, offset: offset - text.count) }
    return text
  }

  /// What has been read already.
  func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: start, count: end - start)[range])
  }
}

extension UnsafeRawBufferPointer {
  /// Whether all of it is UTF-8, strictly.
  var isUTF8: Bool {
    guard let baseAddress, !isEmpty else { return true }
    if AvroReader.isASCII(baseAddress, count) { return true }
    let units = UnsafeBufferPointer(start: baseAddress.assumingMemoryBound(to: UInt8.self), count: count)
    return (try? UTF8Span(validating: units.span)) != nil
  }
}
