import JSONText

/// An Avro schema (specification 1.12, "Schema Declaration").
///
/// A value of this type is a tree: a named type is written out where it is defined and is a ``reference(_:)``
/// everywhere else, so recursion needs no pointers.
public indirect enum Schema: Hashable, Sendable {
  case primitive(Primitive, logicalType: LogicalType?)
  case array(items: Schema)
  case map(values: Schema)
  case union([Schema])
  case record(RecordSchema)
  case enumeration(EnumSchema)
  case fixed(FixedSchema)
  /// A named type that is defined elsewhere, before or around this place.
  case reference(FullName)

  /// A primitive without a logical type.
  public static func primitive(_ primitive: Primitive) -> Schema { .primitive(primitive, logicalType: nil) }

  public enum Primitive: String, CaseIterable, Sendable {
    case null, boolean, int, long, float, double, bytes, string
  }
}

/// What a primitive or fixed type stands for (specification 1.12, "Logical Types").
public enum LogicalType: Hashable, Sendable {
  /// On bytes or fixed: an unscaled integer, two's complement, big-endian. `precision` >= 1, 0 <= `scale` <= `precision`.
  case decimal(precision: Int, scale: Int)
  /// On bytes: a decimal that carries its own scale.
  case bigDecimal
  /// On string, or on fixed of 16 bytes.
  case uuid
  /// On int: days since 1970-01-01.
  case date
  /// On int.
  case timeMillis
  /// On long.
  case timeMicros
  /// On long: since 1970-01-01T00:00:00Z.
  case timestampMillis, timestampMicros, timestampNanos
  /// On long: since 1970-01-01T00:00:00 in whatever the local zone is.
  case localTimestampMillis, localTimestampMicros, localTimestampNanos
  /// On fixed of 12 bytes: months, days and milliseconds, each an unsigned 32-bit little-endian integer.
  case duration
}

/// Name and namespace of a record, enum or fixed (specification 1.12, "Names"). An empty namespace is the null one.
public struct FullName: Hashable, Sendable, Comparable, CustomStringConvertible {
  public var namespace: String
  public var name: String

  public init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// Splits `text` at its last dot; without a dot the name is in `enclosingNamespace`.
  public init(_ text: String, in enclosingNamespace: String = "") {
    if let dot = text.lastIndex(of: ".") {
      self.init(namespace: String(text[..<dot]), name: String(text[text.index(after: dot)...]))
    } else {
      self.init(namespace: enclosingNamespace, name: text)
    }
  }

  public var description: String { namespace.isEmpty ? name : "\(namespace).\(name)" }

  public static func < (left: FullName, right: FullName) -> Bool { left.description < right.description }
}

public struct RecordSchema: Hashable, Sendable {
  public var name: FullName
  public var doc: String?
  public var aliases: [FullName]
  public var fields: [Field]

  public init(name: FullName, doc: String? = nil, aliases: [FullName] = [], fields: [Field]) {
    self.name = name
    self.doc = doc
    self.aliases = aliases
    self.fields = fields
  }

  public struct Field: Hashable, Sendable {
    public var name: String
    public var doc: String?
    public var type: Schema
    /// In the JSON form that the specification gives for defaults (bytes and fixed as ISO-8859-1 strings).
    public var defaultValue: JSONValue?
    public var order: Order
    public var aliases: [String]

    public init(
      name: String, doc: String? = nil, type: Schema, defaultValue: JSONValue? = nil, order: Order = .ascending,
      aliases: [String] = []
    ) {
      self.name = name
      self.doc = doc
      self.type = type
      self.defaultValue = defaultValue
      self.order = order
      self.aliases = aliases
    }
  }

  public enum Order: String, Sendable { case ascending, descending, ignore }
}

public struct EnumSchema: Hashable, Sendable {
  public var name: FullName
  public var doc: String?
  public var aliases: [FullName]
  public var symbols: [String]
  /// What a reader takes for a symbol that it does not know.
  public var defaultSymbol: String?

  public init(
    name: FullName, doc: String? = nil, aliases: [FullName] = [], symbols: [String], defaultSymbol: String? = nil
  ) {
    self.name = name
    self.doc = doc
    self.aliases = aliases
    self.symbols = symbols
    self.defaultSymbol = defaultSymbol
  }
}

public struct FixedSchema: Hashable, Sendable {
  public var name: FullName
  public var doc: String?
  public var aliases: [FullName]
  /// In bytes.
  public var size: Int
  public var logicalType: LogicalType?

  public init(
    name: FullName, doc: String? = nil, aliases: [FullName] = [], size: Int, logicalType: LogicalType? = nil
  ) {
    self.name = name
    self.doc = doc
    self.aliases = aliases
    self.size = size
    self.logicalType = logicalType
  }
}
