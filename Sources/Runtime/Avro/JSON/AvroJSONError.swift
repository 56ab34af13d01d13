public import AvroSchema
public import JSONText

/// Why a text is not the JSON encoding of a value of the schema, and where.
public struct AvroJSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// The text is not JSON at all.
    case json(JSONError.Kind)
    /// JSON of another type than the schema has here.
    case typeMismatch
    case numberOutOfRange
    case unknownField
    case missingField
    case duplicateField
    /// A union has no branch of this name, or the object that names it has not exactly one member.
    case unknownBranch
    case unknownSymbol
    /// Not as many bytes as the fixed has.
    case wrongSize
    /// Bytes and fixed are strings of code points up to 255.
    case notLatin1
    case tooDeep
    /// The text, or the encoding that it stands for, is larger than the limit.
    case tooLarge
    /// The encoding is not a value of the Swift type, or the value can't be encoded.
    case binary(AvroError)
    /// The text of the type's schema is not a schema.
    case schema(SchemaError)
  }

  public var kind: Kind
  /// JSON pointer (RFC 6901) into the text, names of union branches included; empty for the whole.
  public var path: String
  /// In bytes of UTF-8 from the start of the text.
  public var offset: Int
  /// What is wrong, as a sentence without a full stop.
  public var message: String

  public init(_ kind: Kind, path: String = "", offset: Int = 0, message: String) {
    self.kind = kind
    self.path = path
    self.offset = offset
    self.message = message
  }

  public var description: String {
    switch kind {
    case .binary, .schema: message
    default: "Avro JSON, byte \(offset)\(path.isEmpty ? "" : ", \(path)"): \(message)"
    }
  }

  init(_ error: AvroError) { self.init(.binary(error), message: error.description) }
  init(_ error: SchemaError) { self.init(.schema(error), message: error.description) }
}
