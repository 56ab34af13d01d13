/// Steps over values in the midst of a walk, without making anything of them, with a stack of its own.
///
/// ``SchemaSkipper`` means something else: it is a program for values that are thrown away or copied as they are, which
/// believes the sizes that blocks give, checks no text, counts depth anew for each value and refuses schemas that are
/// too large to compile. Here what is stepped over is checked as it is where it is read, it counts against the depth and
/// the empty items that the walk has left, schemas have any size, and blocks are walked item by item: a size that lies
/// would otherwise move everything behind it, and whoever reads the same bytes would see something else.
struct DatumSkipper {
  private struct Frame {
    let node: Int
    /// The next field.
    var position = 0
    /// Items left in the block.
    var itemsLeft = 0
  }

  private let nodes: SchemaNodes
  private var frames: [Frame] = []

  init(nodes: SchemaNodes) { self.nodes = nodes }

  mutating func skip(_ node: Int, _ reader: inout AvroReader) throws(AvroError) {
    frames.removeAll(keepingCapacity: true)
    try begin(node, &reader)
    while let frame = frames.last { try step(frame, &reader) }
  }

  private mutating func begin(_ index: Int, _ reader: inout AvroReader) throws(AvroError) {
    let node = nodes[index]
    guard !node.takesNoBytes else { return }
    switch node.kind {
    case .null: return
    case .boolean: _ = try reader.readBoolean()
    case .int: _ = try reader.readInt()
    case .long: _ = try reader.readLong()
    case .float: _ = try reader.take(4)
    case .double: _ = try reader.take(8)
    case .bytes: _ = try reader.takeCounted()
    case .string: _ = try reader.takeText()
    case .fixed(let fixed): _ = try reader.take(fixed.size)
    case .enumeration(let enumeration): _ = try reader.takeIndex(below: enumeration.symbols.count)
    case .union(let union): try begin(union.branches[reader.takeIndex(below: union.branches.count)], &reader)
    case .record:
      if node.isRecursive { try reader.enter() }
      frames.append(Frame(node: index))
    case .array, .map: frames.append(Frame(node: index))
    }
  }

  private mutating func step(_ frame: Frame, _ reader: inout AvroReader) throws(AvroError) {
    switch nodes[frame.node].kind {
    case .record(let record):
      guard frame.position < record.fields.count else {
        if nodes[frame.node].isRecursive { reader.leave() }
        frames.removeLast()
        return
      }
      frames[frames.count - 1].position += 1
      try begin(record.fields[frame.position].node, &reader)
    case .array(let items):
      guard try hasItem(nodes.minimumBytes(items), &reader) else { return }
      try begin(items, &reader)
    case .map(let values):
      guard try hasItem(1, &reader) else { return }
      _ = try reader.takeText()
      try begin(values, &reader)
    default: frames.removeLast()
    }
  }

  /// Closes the frame when there is none.
  private mutating func hasItem(_ minimumItemBytes: Int, _ reader: inout AvroReader) throws(AvroError) -> Bool {
    let last = frames.count - 1
    if frames[last].itemsLeft == 0 {
      frames[last].itemsLeft = try reader.readBlockCount(minimumItemBytes: minimumItemBytes)
      guard frames[last].itemsLeft > 0 else {
        frames.removeLast()
        return false
      }
    }
    frames[last].itemsLeft -= 1
    return true
  }
}

extension AvroReader {
  /// As ``readIndex(below:)``; an error stands where the index does.
  mutating func takeIndex(below count: Int) throws(AvroError) -> Int {
    let start = offset
    let index = try readIndex()
    guard index >= 0, index < count else { throw AvroError(.indexOutOfRange, offset: start) }
    return index
  }
}
