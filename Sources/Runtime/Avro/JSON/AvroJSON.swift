public import AvroSchema

/// Avro's JSON encoding (specification 1.12, "JSON Encoding") of values of one schema, straight between the binary
/// encoding and text: no tree of values is built in between.
///
/// What the specification leaves open is as in Java's implementation: a float or double that is not finite is the
/// string `"NaN"`, `"Infinity"` or `"-Infinity"`; a union's branch that is a named type goes by its full name; fields
/// come in the schema's order and are read in any order; a field that is missing or that the schema does not have is
/// an error. A map's keys keep their order, and stay when one comes twice. Logical types play no part.
///
/// Make one and keep it: the schema is looked through once. It may be used from several threads at a time.
public struct AvroJSON: Sendable {
  /// How values are written.
  public enum Style: Sendable, Hashable {
    /// As the specification says; what ``AvroJSON/bytes(of:takesDefaults:limits:maxBytes:)-(String,_,_,_)`` reads.
    case specification
    /// For people, and not to be read back: unions without the branch's name; dates, times and timestamps in ISO 8601;
    /// decimals as strings of digits; a uuid as 8-4-4-4-12; a duration as an object of months, days and millis; other
    /// bytes and fixed as hexadecimal digits. An integer that is no date or time of day stays a number.
    case plain
  }

  let nodes: SchemaNodes
  public let style: Style

  /// - Parameter types: where references are looked up that `schema` does not define.
  /// - Throws: ``AvroSchema/SchemaError`` of kind `unknownType` for a reference that nothing defines.
  public init(
    _ schema: Schema, types: NamedTypes = NamedTypes(), style: Style = .specification
  ) throws(SchemaError) {
    self.init(try SchemaNodes(schema, types: types), style: style)
  }

  init(_ nodes: SchemaNodes, style: Style) {
    self.nodes = nodes
    self.style = style
  }

  /// The JSON text of the value that is encoded in exactly `bytes`.
  ///
  /// - Parameters:
  ///   - prettyPrinted: on lines, indented by two spaces; otherwise without any white space.
  ///   - maxTextBytes: a longer text is an error, `tooLarge`.
  /// - Throws: what is wrong with the bytes, where in them and where in the schema.
  public func text(
    of bytes: UnsafeRawBufferPointer, prettyPrinted: Bool = false, limits: AvroLimits = AvroLimits(),
    maxTextBytes: Int = 1 << 28
  ) throws(AvroError) -> String {
    var reader = AvroReader(bytes, limits: limits)
    let text = try text(from: &reader, prettyPrinted: prettyPrinted, maxTextBytes: maxTextBytes)
    guard reader.isAtEnd else { throw reader.error(.trailingBytes) }
    return text
  }

  /// As ``text(of:prettyPrinted:limits:maxTextBytes:)-(UnsafeRawBufferPointer,_,_,_)``.
  public func text(
    of bytes: [UInt8], prettyPrinted: Bool = false, limits: AvroLimits = AvroLimits(), maxTextBytes: Int = 1 << 28
  ) throws(AvroError) -> String {
    try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try text(
        of: UnsafeRawBufferPointer(buffer), prettyPrinted: prettyPrinted, limits: limits, maxTextBytes: maxTextBytes)
    }
  }

  /// The JSON text of the next value of `reader`, which is left behind the value's last byte: for values that stand one
  /// after another, as in a container file's block.
  public func text(
    from reader: inout AvroReader, prettyPrinted: Bool = false, maxTextBytes: Int = 1 << 28
  ) throws(AvroError) -> String {
    var printer = JSONPrinter(nodes: nodes, style: style, isPretty: prettyPrinted, maxBytes: maxTextBytes)
    try printer.print(from: &reader)
    return String(decoding: printer.output.bytes, as: UTF8.self)
  }

  /// The binary encoding of the value whose JSON is `text`. Always in ``Style/specification``.
  ///
  /// Read as Java's implementation reads it, and a little beyond: a branch may go by its name without the namespace
  /// where only one has that name (libavro writes that), NaN and the infinities may stand without quotes (as Python's
  /// implementations write them), `"INF"` is `"Infinity"`. White space is free, a record's field comes once.
  /// - Parameters:
  ///   - takesDefaults: whether a field that is missing has its default, as in fastavro; otherwise it is an error, as
  ///     in Java.
  ///   - maxBytes: of the encoding, and of the text.
  /// - Throws: the first thing that is wrong, with its offset in the text and its place as a JSON pointer.
  public func bytes(
    of text: String, takesDefaults: Bool = false, limits: AvroLimits = AvroLimits(), maxBytes: Int = 1 << 28
  ) throws(AvroJSONError) -> [UInt8] {
    try bytes(of: Array(text.utf8), takesDefaults: takesDefaults, limits: limits, maxBytes: maxBytes)
  }

  /// As ``bytes(of:takesDefaults:limits:maxBytes:)-(String,_,_,_)``, from bytes that have to be UTF-8.
  public func bytes(
    of text: [UInt8], takesDefaults: Bool = false, limits: AvroLimits = AvroLimits(), maxBytes: Int = 1 << 28
  ) throws(AvroJSONError) -> [UInt8] {
    guard text.count <= maxBytes else {
      throw AvroJSONError(.tooLarge, offset: maxBytes, message: "the text is longer than \(maxBytes) bytes")
    }
    return try text.withUnsafeBufferPointer { (buffer) throws(AvroJSONError) in
      var parser = JSONParser(
        nodes: nodes, text: UnsafeRawBufferPointer(buffer), takesDefaults: takesDefaults, limits: limits,
        maxBytes: maxBytes)
      try parser.parse()
      return parser.output
    }
  }
}
