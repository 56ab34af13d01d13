public import AvroRuntime

/// Why a record's value can't be read or written.
public enum CodecError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing, or a record without a value.
  case emptyValue
  case wrongMagicByte(UInt8)
  /// The value ends inside the five bytes that come first.
  case truncatedHeader(count: Int)
  /// The registry answered that it has no such schema.
  case unknownSchemaID(Int32)
  /// The bytes behind the header are not what the schema says.
  case malformedAvro(id: Int32, AvroError)
  /// The schema exists, and is none that the reader takes.
  case incompatibleSchema(id: Int32, reason: String)
  /// The registry could not be asked: the value may be good, try again.
  case registry(RegistryError)
  /// ``TopicCodec/prepare(register:)`` did not run before a value of that record was written.
  case notPrepared(record: String)
  /// The value has no encoding in its schema.
  case unencodable(record: String, AvroError)

  /// The cause under which a dead letter is kept; nil when the value itself is not at fault.
  public var deadLetterCause: String? {
    switch self {
    case .emptyValue: "empty-value"
    case .wrongMagicByte: "wrong-magic-byte"
    case .unknownSchemaID: "unknown-schema-id"
    case .truncatedHeader, .malformedAvro: "malformed-avro"
    case .incompatibleSchema: "incompatible-schema"
    case .registry, .notPrepared, .unencodable: nil
    }
  }

  public var description: String {
    switch self {
    case .emptyValue: "\(WireFormatError.empty)"
    case .wrongMagicByte(let byte): "\(WireFormatError.wrongMagicByte(byte))"
    case .truncatedHeader(let count): "\(WireFormatError.truncated(count: count))"
    case .unknownSchemaID(let id): "\(RegistryError.unknownID(id))"
    case .malformedAvro(let id, let error): "the value does not fit its schema \(id): \(error)"
    case .incompatibleSchema(let id, let reason): "schema \(id) can't be read here: \(reason)"
    case .registry(let error): "\(error)"
    case .notPrepared(let record): "the schema id of \(record) is not known; call prepare() before encoding"
    case .unencodable(let record, let error): "the \(record) can't be written: \(error)"
    }
  }

  init(_ error: WireFormatError) {
    switch error {
    case .empty: self = .emptyValue
    case .wrongMagicByte(let byte): self = .wrongMagicByte(byte)
    case .truncated(let count): self = .truncatedHeader(count: count)
    }
  }
}
