/// A Swift type that is read from one row; avrogen writes one for each table.
public protocol PostgresRow: Sendable {
  /// The columns in the order in which `init(row:)` reads them, each quoted, separated by commas.
  static var columnList: String { get }
  init(row: borrowing PostgresRowReader) throws(PostgresError)
}

/// One row of a binary result; it reads straight from the bytes that the server sent and is valid only in the call
/// that gets it.
public struct PostgresRowReader: ~Copyable {
  private let result: OpaquePointer
  private let row: Int32
  public let columnCount: Int

  init(result: OpaquePointer, row: Int, columnCount: Int) {
    self.result = result
    self.row = Int32(truncatingIfNeeded: row)
    self.columnCount = columnCount
  }

  /// Reads a column.
  /// - Parameter index: position in the row, counted from 0
  /// - Throws: a decoding error that names the column when its type, or NULL, does not fit
  @inlinable
  public func decode<Value: PostgresDecodable>(
    _ index: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    do {
      guard let cell = try cell(index) else { return try Value.decodeNull() }
      return try Value.decode(cell)
    } catch {
      throw named(error, index)
    }
  }

  /// The bytes of a column, or nil for NULL.
  @usableFromInline
  func cell(_ index: Int) throws(PostgresError) -> PostgresCell? {
    guard index >= 0, index < columnCount else {
      throw PostgresError(.decoding, "is not there: the statement gave \(columnCount) columns")
    }
    return ResultHandle.cell(result, row: row, column: Int32(truncatingIfNeeded: index))
  }

  @usableFromInline
  func named(_ error: PostgresError, _ index: Int) -> PostgresError {
    let name = ResultHandle.columnName(result, index)
    return error.with(
      message: "row \(row + 1), column \(index + 1)\(name.isEmpty ? "" : " (\(name))"): \(error.message)")
  }
}
