public import AvroSchema

/// The order of encoded values (specification 1.12, "Sort Order"), found without decoding them: the first difference
/// ends it.
///
/// As in Java: for float and double -0.0 comes before 0.0, and NaN, whichever, behind all other numbers and equal to
/// itself. Maps have no order: where two come to be compared that is an error, unless the field is ignored.
public struct AvroComparator: Sendable {
  let nodes: SchemaNodes

  /// - Parameter types: where references are looked up that `schema` does not define.
  /// - Throws: ``AvroSchema/SchemaError`` of kind `unknownType` for a reference that nothing defines.
  public init(_ schema: Schema, types: NamedTypes = NamedTypes()) throws(SchemaError) {
    self.init(try SchemaNodes(schema, types: types))
  }

  init(_ nodes: SchemaNodes) { self.nodes = nodes }

  /// Compares the values that are encoded in exactly `left` and `right`; what stands behind the first difference is
  /// not looked at.
  ///
  /// - Returns: -1 when `left` comes first, 1 when `right` does, 0 when neither.
  /// - Throws: what is wrong with either; `notComparable` for maps.
  public func compare(
    _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) throws(AvroError) -> Int {
    var leftReader = AvroReader(left, limits: limits)
    var rightReader = AvroReader(right, limits: limits)
    var walk = ComparisonWalk(nodes: nodes)
    let result = try walk.compare(&leftReader, &rightReader)
    guard result == 0 else { return result }
    guard leftReader.isAtEnd else { throw leftReader.error(.trailingBytes) }
    guard rightReader.isAtEnd else { throw rightReader.error(.trailingBytes) }
    return 0
  }

  /// As ``compare(_:_:limits:)-(UnsafeRawBufferPointer,_,_)``.
  public func compare(
    _ left: [UInt8], _ right: [UInt8], limits: AvroLimits = AvroLimits()
  ) throws(AvroError) -> Int {
    try left.withUnsafeBufferPointer { (left) throws(AvroError) in
      try right.withUnsafeBufferPointer { (right) throws(AvroError) in
        try compare(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right), limits: limits)
      }
    }
  }
}

extension AvroComparator {
  /// For values of a generated type.
  /// - Throws: when its `schemaText` is not a schema, which only a type that nobody generated brings about.
  public init<Value: AvroNamedValue>(for type: Value.Type) throws(SchemaError) {
    self.init(try TypeSchema.of(type).nodes)
  }

  /// As ``compare(_:_:limits:)-(UnsafeRawBufferPointer,_,_)``, for values of the comparator's type. Both are encoded
  /// for it: to sort many, encode each once and compare the bytes.
  public func compare<Value: AvroNamedValue>(_ left: Value, _ right: Value) throws(AvroError) -> Int {
    try compare(try left.avroBytes(), try right.avroBytes())
  }
}
