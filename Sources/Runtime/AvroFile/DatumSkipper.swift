import AvroRuntime
import AvroSchema

/// Finds where a datum ends, by its schema, without making anything of it.
final class DatumSkipper: Sendable {
  private let steps: [Step]
  /// Which steps take no bytes, whatever the value.
  private let isEmpty: [Bool]
  private let root: Int
  private let limits: AvroLimits

  fileprivate enum Step {
    case fixed(Int)
    case varint
    case boolean
    case counted
    case enumeration(Int)
    case array(item: Int)
    case map(value: Int)
    case union([Int])
    case record([Int])
  }

  /// - Parameter schema: self-contained.
  init(_ schema: Schema, limits: AvroLimits) {
    self.limits = limits
    var program = Program()
    root = program.add(schema, NamedTypes(of: schema))
    steps = program.steps
    isEmpty = program.isEmpty
  }

  /// Leaves `reader` behind the datum.
  func skip(_ reader: inout AvroReader) throws(AvroError) {
    var emptyItemsLeft = limits.maxEmptyItems
    try skip(root, &reader, depthLeft: limits.maxDepth * 4, &emptyItemsLeft)
  }

  private func skip(
    _ index: Int, _ reader: inout AvroReader, depthLeft: Int, _ emptyItemsLeft: inout Int
  ) throws(AvroError) {
    // Whatever takes no bytes is not looked into: records of records of nothing could go on for ever.
    if isEmpty[index] { return }
    guard depthLeft > 0 else { throw reader.error(.tooDeep) }
    switch steps[index] {
    case .fixed(let count): _ = try reader.take(count)
    case .varint: _ = try reader.readLong()
    case .boolean: _ = try reader.readBoolean()
    case .counted: _ = try reader.take(Int(try reader.readLong()))
    case .enumeration(let count): _ = try reader.readIndex(below: count)
    case .union(let branches):
      let branch = try reader.readIndex(below: branches.count)
      try skip(branches[branch], &reader, depthLeft: depthLeft - 1, &emptyItemsLeft)
    case .record(let fields):
      for field in fields { try skip(field, &reader, depthLeft: depthLeft - 1, &emptyItemsLeft) }
    case .array(let item): try skipBlocks(of: item, hasKeys: false, &reader, depthLeft, &emptyItemsLeft)
    case .map(let value): try skipBlocks(of: value, hasKeys: true, &reader, depthLeft, &emptyItemsLeft)
    }
  }

  private func skipBlocks(
    of item: Int, hasKeys: Bool, _ reader: inout AvroReader, _ depthLeft: Int, _ emptyItemsLeft: inout Int
  ) throws(AvroError) {
    while true {
      let count = try reader.readLong()
      if count == 0 { return }
      if count < 0 {
        _ = try reader.take(Int(try reader.readLong()))
        continue
      }
      if isEmpty[item], !hasKeys {
        guard count <= Int64(emptyItemsLeft) else { throw reader.error(.tooManyEmptyItems) }
        emptyItemsLeft -= Int(count)
        continue
      }
      guard count <= Int64(reader.remaining) else { throw reader.error(.invalidBlock) }
      for _ in 0..<count {
        if hasKeys { _ = try reader.take(Int(try reader.readLong())) }
        try skip(item, &reader, depthLeft: depthLeft - 1, &emptyItemsLeft)
      }
    }
  }
}

/// A schema made into steps that name each other by position.
private struct Program {
  var steps: [DatumSkipper.Step] = []
  var isEmpty: [Bool] = []
  private var known: [FullName: Int] = [:]

  mutating func add(_ step: DatumSkipper.Step, isEmpty: Bool = false) -> Int {
    steps.append(step)
    self.isEmpty.append(isEmpty)
    return steps.count - 1
  }

  mutating func add(_ schema: Schema, _ types: NamedTypes) -> Int {
    switch schema {
    case .primitive(let primitive, _):
      switch primitive {
      case .null: return add(.fixed(0), isEmpty: true)
      case .boolean: return add(.boolean)
      case .int, .long: return add(.varint)
      case .float: return add(.fixed(4))
      case .double: return add(.fixed(8))
      case .bytes, .string: return add(.counted)
      }
    case .array(let items): return add(.array(item: add(items, types)))
    case .map(let values): return add(.map(value: add(values, types)))
    case .union(let branches):
      var indexes: [Int] = []
      for branch in branches { indexes.append(add(branch, types)) }
      return add(.union(indexes))
    case .enumeration(let enumeration): return add(.enumeration(enumeration.symbols.count))
    case .fixed(let fixed): return add(.fixed(fixed.size), isEmpty: fixed.size == 0)
    case .record(let record):
      // Known before its fields are, which may name it.
      let index = add(.record([]))
      known[record.name] = index
      var fields: [Int] = []
      for field in record.fields { fields.append(add(field.type, types)) }
      steps[index] = .record(fields)
      isEmpty[index] = fields.allSatisfy { isEmpty[$0] }
      return index
    case .reference(let name):
      if let index = known[name] { return index }
      // An enum or a fixed is cheap to have twice; nothing else is unknown in a self-contained schema.
      guard let definition = types[name] else { return add(.fixed(0), isEmpty: true) }
      return add(definition, types)
    }
  }
}
