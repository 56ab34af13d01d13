internal import CPq

/// A result, freed at the end of its scope.
struct ResultHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit {
    PQclear(pointer)
  }

  var rowCount: Int { Int(PQntuples(pointer)) }
  /// Rows that the statement inserted, updated, deleted or selected.
  var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }
  /// The command's name, such as `COMMIT`.
  var commandTag: String { String(cString: PQcmdStatus(pointer)) }

  static func columnCount(_ pointer: OpaquePointer) -> Int { Int(PQnfields(pointer)) }

  static func columnName(_ pointer: OpaquePointer, _ column: Int) -> String {
    PQfname(pointer, Int32(column)).map { String(cString: $0) } ?? ""
  }

  /// nil for NULL. The bytes live as long as the result.
  static func cell(_ pointer: OpaquePointer, row: Int32, column: Int32) -> PostgresCell? {
    if PQgetisnull(pointer, row, column) != 0 { return nil }
    let count = Int(PQgetlength(pointer, row, column))
    let bytes = UnsafeRawBufferPointer(start: PQgetvalue(pointer, row, column), count: count)
    return PostgresCell(oid: PQftype(pointer, column), bytes: bytes)
  }
}
