import AvroSchema

extension FuzzTarget {
  /// The parser of schemas: what it takes can be written and is then the same schema.
  public static let schema = FuzzTarget(name: "schema") { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    guard let schema = try? Schema(parsing: text) else { return }
    let written = schema.text()
    let again = try? Schema(parsing: written)
    check(again == schema, "another schema after writing and parsing: \(written)")
    check(again?.canonicalForm() == schema.canonicalForm(), "another canonical form: \(written)")
  }
}
