/// A statement with its bound values.
///
/// Written as a string literal, where an interpolated value becomes a parameter in Postgres' binary format and never
/// a part of the text, so nothing that a value holds can change the statement:
///
///     let rows: SQL = "select \(columns: BalanceRow.self) from balance where iban = any(\(ibans))"
///     // select "balance_id", "iban" from balance where iban = any($1)
///
/// The type of a parameter is the one of the Swift value (`Int64` is `bigint`, `[UUID]` is `uuid[]`), except that a
/// `String` inside `jsonb` needs `PostgresJSON`. Text enters the statement only by `\(unsafe:)`, `\(identifier:)`,
/// `\(literal:)` and `\(columns:)`.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
  /// With `$1`, `$2` … where values were interpolated.
  public let text: String
  let parameters: PostgresWriter

  public init(stringLiteral value: String) {
    text = value
    parameters = PostgresWriter()
  }

  public init(stringInterpolation: StringInterpolation) {
    text = stringInterpolation.text
    parameters = stringInterpolation.parameters
  }

  /// A text that was not written as a literal, without parameters. The caller answers for where it came from.
  public init(unsafe text: String) {
    self.init(stringLiteral: text)
  }

  public struct StringInterpolation: StringInterpolationProtocol {
    var text = ""
    @usableFromInline var parameters = PostgresWriter()

    public init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + interpolationCount * 3)
      parameters.reserve(parameters: interpolationCount)
    }

    public mutating func appendLiteral(_ literal: String) {
      text += literal
    }

    /// Binds `value`.
    @inlinable
    public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
      parameters.bind(value)
      appendPlaceholder()
    }

    /// Splices a text into the statement. Never pass anything that came from outside of the program.
    public mutating func appendInterpolation(unsafe text: String) {
      self.text += text
    }

    /// A quoted name of a table, column, role or database.
    public mutating func appendInterpolation(identifier name: String) {
      text += Self.quoted(name, mark: "\"")
      refuseZero(in: name, what: "an identifier")
    }

    /// A quoted text, for the statements (`ALTER ROLE`, `COMMENT`) in which Postgres takes no parameters.
    public mutating func appendInterpolation(literal value: String) {
      if value.contains("\\") {
        text +=
          " E"
          + Self.quoted(
            value.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\"), mark: "'")
      } else {
        text += Self.quoted(value, mark: "'")
      }
      refuseZero(in: value, what: "a text")
    }

    /// The column list of a generated row.
    public mutating func appendInterpolation<Row: PostgresRow>(columns row: Row.Type) {
      text += row.columnList
    }

    @usableFromInline
    mutating func appendPlaceholder() {
      text += "$"
      text += String(parameters.values.count)
    }

    private mutating func refuseZero(in value: String, what: String) {
      if value.utf8.contains(0) {
        parameters.fail("\(what) holds a zero byte, which Postgres cannot store: remove it before it comes here")
      }
    }

    private static func quoted(_ value: String, mark: Character) -> String {
      var result = String(mark)
      result.reserveCapacity(value.utf8.count + 2)
      for character in value.unicodeScalars {
        if Character(character) == mark { result.append(mark) }
        result.unicodeScalars.append(character)
      }
      result.append(mark)
      return result
    }
  }
}

/// Bound values in Postgres' binary format, one after the other in one buffer.
public struct PostgresWriter: Sendable {
  /// The protocol counts parameters in 16 bits.
  static let maxParameters = 65_535
  /// All parameters of a statement together; the server takes 1 GB a value.
  static let maxBytes = 1_000_000_000

  struct Value: Sendable {
    var oid: UInt32
    var offset: Int
    /// -1 for NULL.
    var length: Int
  }

  @usableFromInline var bytes: [UInt8] = []
  private(set) var values: [Value] = []
  /// The first value that could not be written; the statement is then refused before it is sent.
  private(set) var failure: PostgresError?

  init() {}

  mutating func reserve(parameters count: Int) {
    values.reserveCapacity(count)
  }

  @inlinable
  mutating func bind<Value: PostgresEncodable>(_ value: Value) {
    let start = bytes.count
    if value.isPostgresNull {
      finishNull(oid: Value.postgresOID)
    } else {
      value.encode(to: &self)
      finish(oid: Value.postgresOID, start: start)
    }
  }

  @usableFromInline
  mutating func finish(oid: UInt32, start: Int) {
    values.append(Value(oid: oid, offset: start, length: bytes.count - start))
    check()
  }

  @usableFromInline
  mutating func finishNull(oid: UInt32) {
    values.append(Value(oid: oid, offset: bytes.count, length: -1))
    check()
  }

  private mutating func check() {
    if values.count > Self.maxParameters {
      fail("a statement takes \(Self.maxParameters) parameters at most: bind arrays and use unnest() or any()")
    }
    if bytes.count > Self.maxBytes {
      fail("the parameters of a statement may have \(Self.maxBytes) bytes together: send them in several statements")
    }
  }

  /// Refuses the value that is being written. The message says what to do instead.
  public mutating func fail(_ message: String) {
    if failure == nil { failure = PostgresError(.encoding, "parameter \(values.count + 1): \(message)") }
  }

  /// Makes room once for what follows.
  @inlinable
  public mutating func reserve(_ count: Int) {
    // Doubling stays: a plain reserveCapacity would copy again for every value.
    if bytes.capacity - bytes.count < count { bytes.reserveCapacity(max(bytes.count + count, bytes.capacity * 2)) }
  }

  @inlinable
  public mutating func write<Integer: FixedWidthInteger>(_ value: Integer) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  @inlinable
  public mutating func write(_ raw: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: raw)
  }

  /// UTF-8 without a zero byte, which Postgres' text cannot hold.
  @inlinable
  public mutating func write(_ text: String) {
    var text = text
    let start = bytes.count
    text.withUTF8 { bytes.append(contentsOf: $0) }
    if holdsZero(from: start) { failForZero() }
  }

  @usableFromInline
  func holdsZero(from start: Int) -> Bool {
    bytes.withUnsafeBufferPointer { $0[start...].contains(0) }
  }

  @usableFromInline
  mutating func failForZero() {
    fail("a text holds a zero byte, which Postgres cannot store: remove it, or use [UInt8] and bytea")
  }

  /// An element of an array: its length in four bytes, then what `body` writes.
  @inlinable
  mutating func writeElement<Value: PostgresEncodable>(_ value: Value) {
    let start = bytes.count
    write(Int32(0))
    value.encode(to: &self)
    patchLength(at: start)
  }

  @inlinable
  mutating func patchLength(at start: Int) {
    let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
    bytes[start] = UInt8(truncatingIfNeeded: length >> 24)
    bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 16)
    bytes[start + 2] = UInt8(truncatingIfNeeded: length >> 8)
    bytes[start + 3] = UInt8(truncatingIfNeeded: length)
  }

  /// Dimensions, flag for NULLs, element type, size and lower bound of a one-dimensional array.
  @inlinable
  mutating func writeArrayHeader(count: Int, elementOID: UInt32, hasNulls: Bool) {
    write(Int32(count == 0 ? 0 : 1))
    write(Int32(hasNulls ? 1 : 0))
    write(elementOID)
    if count > 0 {
      write(Int32(truncatingIfNeeded: count))
      write(Int32(1))
    }
  }
}
