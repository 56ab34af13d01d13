extension AvroNamedValue {
  /// The value in Avro's JSON encoding (specification 1.12, "JSON Encoding"); see ``AvroJSON``.
  ///
  /// - Throws: of kind `binary` when the value can't be encoded (a decimal with too many digits), `schema` when
  ///   `schemaText` is not a schema, which only a type that nobody generated brings about.
  public func avroJSON(
    prettyPrinted: Bool = false, style: AvroJSON.Style = .specification
  ) throws(AvroJSONError) -> String {
    let nodes = try Self.nodes()
    var writer = AvroWriter()
    encode(to: &writer)
    if let failure = writer.failure { throw AvroJSONError(failure) }
    do throws(AvroError) {
      return try writer.withBytes { (bytes) throws(AvroError) in
        try AvroJSON(nodes, style: style).text(of: bytes, prettyPrinted: prettyPrinted)
      }
    } catch {
      throw AvroJSONError(error)
    }
  }

  /// Reads a value from Avro's JSON encoding; see ``AvroJSON/bytes(of:takesDefaults:limits:maxBytes:)-(String,_,_,_)``.
  ///
  /// - Throws: what is wrong with the text; of kind `binary` for a string that is not a UUID where the type has one, or
  ///   a decimal that does not fit.
  public init(
    avroJSON text: String, takesDefaults: Bool = false, limits: AvroLimits = AvroLimits()
  ) throws(AvroJSONError) {
    let json = AvroJSON(try Self.nodes(), style: .specification)
    let bytes = try json.bytes(of: text, takesDefaults: takesDefaults, limits: limits)
    do throws(AvroError) {
      try self.init(avroBytes: bytes, limits: limits)
    } catch {
      throw AvroJSONError(error)
    }
  }

  private static func nodes() throws(AvroJSONError) -> SchemaNodes {
    do {
      return try TypeSchema.of(Self.self).nodes
    } catch {
      throw AvroJSONError(error)
    }
  }
}
