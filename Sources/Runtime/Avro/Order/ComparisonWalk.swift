/// Walks over two values at once, with a stack of its own, to where they differ.
struct ComparisonWalk {
  /// A value that holds others and is not at its end; equal so far.
  private struct Frame {
    let node: Int
    /// -1 inside an odd number of descending fields.
    let sign: Int
    /// Which field comes next, or how many items have begun.
    var position = 0
    /// Items left in each one's block.
    var leftItems = 0
    var rightItems = 0
  }

  private let nodes: SchemaNodes
  private var frames: [Frame] = []
  private var skipper: DatumSkipper

  init(nodes: SchemaNodes) {
    self.nodes = nodes
    skipper = DatumSkipper(nodes: nodes)
  }

  mutating func compare(_ left: inout AvroReader, _ right: inout AvroReader) throws(AvroError) -> Int {
    do throws(AvroError) {
      var result = try begin(nodes.root, sign: 1, &left, &right)
      while result == 0, let frame = frames.last { result = try step(frame, &left, &right) }
      return result
    } catch {
      throw AvroError(error.kind, offset: error.offset, path: path)
    }
  }

  /// Where the values stand that were being compared: names of fields and indexes of items.
  private var path: String {
    frames.filter { $0.position > 0 }.map { frame in
      guard case .record(let record) = nodes[frame.node].kind else { return "/\(frame.position - 1)" }
      return "/" + record.fields[frame.position - 1].name
    }.joined()
  }

  /// Compares scalars, or opens what holds others.
  private mutating func begin(
    _ index: Int, sign: Int, _ left: inout AvroReader, _ right: inout AvroReader
  ) throws(AvroError) -> Int {
    let node = nodes[index]
    guard !node.takesNoBytes else { return 0 }
    switch node.kind {
    case .null: return 0
    case .boolean: return sign * Self.order(try left.readTruth(), try right.readTruth())
    case .int: return sign * Self.order(Int64(try left.readInt()), Int64(try right.readInt()))
    case .long: return sign * Self.order(try left.readLong(), try right.readLong())
    case .float: return sign * Self.order(Double(try left.readFloat()), Double(try right.readFloat()))
    case .double: return sign * Self.order(try left.readDouble(), try right.readDouble())
    case .bytes, .string: return sign * Self.order(try left.takeCounted(), try right.takeCounted())
    case .fixed(let fixed):
      return sign * Self.order(try left.takeFixed(fixed.size), try right.takeFixed(fixed.size))
    case .enumeration(let enumeration):
      let count = enumeration.symbols.count
      return sign * Self.order(Int64(try left.takeIndex(below: count)), Int64(try right.takeIndex(below: count)))
    case .union(let union):
      let leftBranch = try left.takeIndex(below: union.branches.count)
      let rightBranch = try right.takeIndex(below: union.branches.count)
      guard leftBranch == rightBranch else { return sign * Self.order(Int64(leftBranch), Int64(rightBranch)) }
      return try begin(union.branches[leftBranch], sign: sign, &left, &right)
    case .map: throw left.error(.notComparable)
    case .record:
      if node.isRecursive {
        try left.enter()
        try right.enter()
      }
      frames.append(Frame(node: index, sign: sign))
    case .array: frames.append(Frame(node: index, sign: sign))
    }
    return 0
  }

  private mutating func step(
    _ frame: Frame, _ left: inout AvroReader, _ right: inout AvroReader
  ) throws(AvroError) -> Int {
    switch nodes[frame.node].kind {
    case .record(let record):
      guard frame.position < record.fields.count else {
        if nodes[frame.node].isRecursive {
          left.leave()
          right.leave()
        }
        frames.removeLast()
        return 0
      }
      frames[frames.count - 1].position += 1
      let field = record.fields[frame.position]
      switch field.order {
      case .ascending: return try begin(field.node, sign: frame.sign, &left, &right)
      case .descending: return try begin(field.node, sign: -frame.sign, &left, &right)
      case .ignore:
        try skipper.skip(field.node, &left)
        try skipper.skip(field.node, &right)
        return 0
      }
    case .array(let items): return try stepArray(items, &left, &right)
    default: return 0
    }
  }

  /// Blocks may be cut differently on either side.
  private mutating func stepArray(
    _ items: Int, _ left: inout AvroReader, _ right: inout AvroReader
  ) throws(AvroError) -> Int {
    var frame = frames[frames.count - 1]
    let minimum = nodes.minimumBytes(items)
    if frame.leftItems == 0 { frame.leftItems = try left.readBlockCount(minimumItemBytes: minimum) }
    if frame.rightItems == 0 { frame.rightItems = try right.readBlockCount(minimumItemBytes: minimum) }
    guard frame.leftItems > 0, frame.rightItems > 0 else {
      frames.removeLast()
      // The shorter one comes first.
      return frame.sign * Self.order(min(Int64(frame.leftItems), 1), min(Int64(frame.rightItems), 1))
    }
    frame.leftItems -= 1
    frame.rightItems -= 1
    frame.position += 1
    frames[frames.count - 1] = frame
    return try begin(items, sign: frame.sign, &left, &right)
  }

  // MARK: scalars

  private static func order(_ left: Int64, _ right: Int64) -> Int { left < right ? -1 : left > right ? 1 : 0 }

  private static func order(_ left: Double, _ right: Double) -> Int {
    if left < right { return -1 }
    if left > right { return 1 }
    // Equal, two zeros, or one is not a number. As signed integers the patterns have -0.0 below 0.0, and the one NaN
    // that stands for all above infinity.
    let bits = { (number: Double) in Int64(bitPattern: (number.isNaN ? .nan : number).bitPattern) }
    return order(bits(left), bits(right))
  }

  /// Byte by byte, unsigned; what the other one begins with comes before it.
  private static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    for index in 0..<min(left.count, right.count) where left[index] != right[index] {
      return left[index] < right[index] ? -1 : 1
    }
    return order(Int64(left.count), Int64(right.count))
  }
}

extension AvroReader {
  /// False comes before true.
  mutating func readTruth() throws(AvroError) -> Int64 { try readBoolean() ? 1 : 0 }

  mutating func takeFixed(_ size: Int) throws(AvroError) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: try take(size), count: size)
  }
}
