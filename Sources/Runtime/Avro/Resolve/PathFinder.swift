import AvroSchema

extension AvroError {
  /// The same with the path of the value at fault, found by reading the bytes once more by their schema. What readers
  /// throw has none, so that reading costs nothing for it.
  ///
  /// - Parameters:
  ///   - bytes: that the error's offset counts in.
  ///   - schemaText: self-contained; where it is no schema the error comes back as it was.
  public func located(
    in bytes: UnsafeRawBufferPointer, schemaText: String, limits: AvroLimits = AvroLimits()
  ) -> AvroError {
    guard let schema = try? Schema(parsing: schemaText), let graph = try? SchemaGraph(schema) else { return self }
    return PathFinder.located(self, in: bytes, of: graph, limits)
  }
}

extension AvroValue {
  /// `error` with a path when this is a type that knows its schema.
  @inline(never) @usableFromInline static func located(
    _ error: AvroError, in bytes: UnsafeRawBufferPointer, _ limits: AvroLimits
  ) -> AvroError {
    guard error.kind != .trailingBytes, let type = Self.self as? any AvroNamedValue.Type,
      let graph = try? TypeSchema.of(type).nodes.graph
    else { return error }
    return PathFinder.located(error, in: bytes, of: graph, limits)
  }
}

/// Reads bytes by their schema until it is past the place of an error, or fails itself.
struct PathFinder: ~Copyable {
  private enum Step {
    case name(String)
    case index(Int)
  }

  private let graph: SchemaGraph
  private let offset: Int
  private let isAboutBlock: Bool
  private var reader: AvroReader
  private var steps: [Step] = []
  /// Thrown when the place has been found; the steps tell where.
  private struct Found: Error {}
  /// Types nest as deep as the limit of whoever failed allows, and some between them.
  private static let maxSteps = 2_000

  static func located(
    _ error: AvroError, in bytes: UnsafeRawBufferPointer, of graph: SchemaGraph, _ limits: AvroLimits
  ) -> AvroError {
    guard error.kind != .trailingBytes else { return error }
    var finder = PathFinder(graph: graph, error: error, bytes: bytes, limits: limits)
    do throws(Found) {
      try finder.find(graph.root, depth: 0)
      return error
    } catch {}
    var located = error
    located.path = finder.path
    return located
  }

  private init(graph: SchemaGraph, error: AvroError, bytes: UnsafeRawBufferPointer, limits: AvroLimits) {
    self.graph = graph
    offset = error.offset
    isAboutBlock = error.kind == .invalidBlock || error.kind == .tooManyEmptyItems
    reader = AvroReader(bytes, limits: limits)
  }

  private var path: String {
    steps.map { step in
      switch step {
      case .index(let index): "/\(index)"
      case .name(let name):
        "/" + name.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }.joined()
      }
    }
    .joined()
  }

  private mutating func find(_ type: Int, depth: Int) throws(Found) {
    guard depth < Self.maxSteps else { throw Found() }
    switch graph[type] {
    case .primitive(let primitive, let logicalType):
      try check { (reader) throws(AvroError) in try Self.read(&reader, primitive, logicalType) }
    case .fixed(let fixed): try check { (reader) throws(AvroError) in _ = try reader.take(fixed.size) }
    case .enumeration(let enumeration):
      let count = enumeration.symbols.count
      try check { (reader) throws(AvroError) in _ = try reader.readIndex(below: count) }
    case .union(let branches):
      var index = 0
      try check { (reader) throws(AvroError) in index = try reader.readIndex(below: branches.count) }
      try find(branches[index], depth: depth + 1)
    case .record(let record, let types):
      for (field, type) in zip(record.fields, types) {
        steps.append(.name(field.name))
        try find(type, depth: depth + 1)
        steps.removeLast()
      }
    case .array(let items): try findItems(items, hasKeys: false, depth: depth)
    case .map(let values): try findItems(values, hasKeys: true, depth: depth)
    case .unknown: throw Found()
    }
  }

  private mutating func findItems(_ type: Int, hasKeys: Bool, depth: Int) throws(Found) {
    // A decoder that knows more of its items finds a lie about their count sooner; one that knows less goes on.
    let minimum = min(graph.sizes[type].minimum + (hasKeys ? 1 : 0), 1)
    var index = 0
    while true {
      var count = 0
      try check { (reader) throws(AvroError) in count = try reader.readBlockCount(minimumItemBytes: minimum) }
      if isAboutBlock, reader.offset == offset { throw Found() }
      if count == 0 { return }
      for _ in 0..<count {
        if hasKeys {
          var key = ""
          try check { (reader) throws(AvroError) in key = try reader.readString() }
          // Keys are as long as the bytes allow; what tells them apart is in front.
          steps.append(.name(key.count > 100 ? key.prefix(100) + "…" : key))
        } else {
          steps.append(.index(index))
        }
        try find(type, depth: depth + 1)
        steps.removeLast()
        index += 1
      }
    }
  }

  private mutating func check(_ read: (inout AvroReader) throws(AvroError) -> Void) throws(Found) {
    do throws(AvroError) {
      try read(&reader)
    } catch {
      throw Found()
    }
    if reader.offset > offset { throw Found() }
  }

  private static func read(
    _ reader: inout AvroReader, _ primitive: Schema.Primitive, _ logicalType: LogicalType?
  ) throws(AvroError) {
    switch primitive {
    case .null: break
    case .boolean: _ = try reader.readBoolean()
    case .int: _ = try reader.readInt()
    case .long: _ = try reader.readLong()
    case .float: _ = try reader.take(4)
    case .double: _ = try reader.take(8)
    case .bytes: _ = try reader.take(try reader.readLength())
    case .string: _ = try reader.readString()
    }
  }
}
