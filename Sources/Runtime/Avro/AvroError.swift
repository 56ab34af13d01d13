/// Why bytes are not the Avro value that was asked for, or a value can't be written.
public struct AvroError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: UInt8, Hashable, Sendable {
    // Reading.
    case truncated
    case malformedVarint
    case intOutOfRange
    case invalidBoolean
    case negativeLength
    case invalidUTF8
    /// An enum symbol or union branch that the schema does not have.
    case indexOutOfRange
    /// More items than the bytes that are left can hold, or a block size that does not fit.
    case invalidBlock
    case tooManyEmptyItems
    case invalidUUID
    case invalidDecimal
    case trailingBytes
    case unknownRecord
    /// A branch or symbol of the writer's that the reader's schema has nothing for.
    case unresolvable
    // Both.
    case tooDeep
    // Writing.
    case decimalDoesNotFit
    case tooLarge
    // Comparing.
    case notComparable
  }

  public var kind: Kind
  /// In bytes from the start: where the reader stood, or how much the writer had written.
  public var offset: Int
  /// The value that is at fault, such as `/items/3/price`: names of fields, indexes of items and keys of maps, with `~`
  /// written `~0` and `/` written `~1` as in a JSON pointer. Empty for the value as a whole, and where nobody looked:
  /// readers and writers don't keep track, only what decodes a whole value of a named type does, once it has failed.
  public var path: String

  public init(_ kind: Kind, offset: Int, path: String = "") {
    self.kind = kind
    self.offset = offset
    self.path = path
  }

  public var description: String {
    "Avro, byte \(offset)\(path.isEmpty ? "" : ", \(path)"): \(kind.explanation)"
  }
}

extension AvroError.Kind {
  /// What is wrong, as a sentence without a full stop.
  public var explanation: String {
    switch self {
    case .truncated: "the bytes end inside a value"
    case .malformedVarint: "a number has more than 64 bits"
    case .intOutOfRange: "a number does not fit into the 32 bits of an int"
    case .invalidBoolean: "a boolean is neither 0 nor 1"
    case .negativeLength: "a length is negative"
    case .invalidUTF8: "a string is not UTF-8"
    case .indexOutOfRange: "an enum symbol or union branch that the schema does not have"
    case .invalidBlock: "an array or map claims more than the bytes that are left can hold"
    case .tooManyEmptyItems: "more items of no size than the reader's limit allows"
    case .invalidUUID: "a string is not a UUID in 8-4-4-4-12 form"
    case .invalidDecimal: "a decimal of no bytes, or one that does not fit into 128 bits"
    case .trailingBytes: "bytes follow the value: probably it was written with another schema"
    case .unknownRecord: "the topic does not take records of this name"
    case .unresolvable: "the reader's schema has no place for this branch or symbol of the writer's"
    case .tooDeep: "values nest deeper than the limit"
    case .decimalDoesNotFit: "the decimal has more digits than its precision or its fixed size allows"
    case .tooLarge: "the encoded value is larger than the writer's limit"
    case .notComparable: "maps have no order: have their field ignored with \"order\": \"ignore\""
    }
  }
}

/// What reading may cost at most, whatever the bytes say.
///
/// Lengths and block counts are bounded by the bytes that are left, so what is allocated is a multiple of the input:
/// the size in memory of a type over the least bytes that one of its values takes.
@frozen public struct AvroLimits: Hashable, Sendable {
  /// How deep values of recursive types may nest.
  public var maxDepth: Int
  /// How many array or map items that take no bytes (null, records without fields) one reader makes in all.
  public var maxEmptyItems: Int
  /// How many bytes one value may become when it is resolved to another schema. Promotions make a byte eight at most;
  /// defaults can make any number of a few bytes.
  public var maxResolvedBytes: Int

  /// - Parameter maxResolvedBytes: 64 MiB unless told otherwise.
  @inlinable public init(
    maxDepth: Int = 100, maxEmptyItems: Int = 100_000, maxResolvedBytes: Int = 64 << 20
  ) {
    self.maxDepth = maxDepth
    self.maxEmptyItems = maxEmptyItems
    self.maxResolvedBytes = maxResolvedBytes
  }
}
