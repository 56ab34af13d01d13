/// Values of columns as they are written in YAML: the defaults of columns and the cells of seed rows.
struct SQLValues {
  var diagnostics: Diagnostics

  /// SQL to put behind DEFAULT; nil, with a problem, when the value does not suit the column.
  ///
  /// Numbers and booleans are literals, `name()` is a call, `{ sql: … }` any expression, everything else text.
  func defaultExpression(_ node: Node, for column: ColumnDefinition) -> String? {
    if let pairs = node.pairs {
      guard pairs.count == 1, let sql = node["sql"], let text = sql.text, !text.isEmpty else {
        diagnostics.error(node.location, "default must be a value or { sql: expression }")
        return nil
      }
      return text
    }
    if case .string(let text)? = node.value, isCall(text) { return text }
    guard let value = seedValue(node, for: column) else { return nil }
    switch value {
    case .null: return "null"
    case .boolean(let flag): return flag ? "true" : "false"
    case .integer(let number): return String(number)
    case .text(let text):
      if case .string? = node.value { return literal(text) }
      return text
    }
  }

  /// Nil, with a problem, when the value does not suit the column.
  func seedValue(_ node: Node, for column: ColumnDefinition) -> SeedValue? {
    guard let value = node.value else {
      diagnostics.error(node.location, "column \(column.name) takes a scalar, this is \(node.kind)")
      return nil
    }
    if value == .null {
      if column.isNullable { return .null }
      diagnostics.error(node.location, "column \(column.name) is not nullable")
      return nil
    }
    if let suited = suited(value, column.type) { return suited }
    diagnostics.error(node.location, "\(quoted(node.text ?? "")) is not \(wanted(column.type))")
    return nil
  }

  private func suited(_ value: ScalarValue, _ type: ColumnType) -> SeedValue? {
    switch type {
    case .smallint: integer(value, Int64(Int16.min)...Int64(Int16.max))
    case .int: integer(value, Int64(Int32.min)...Int64(Int32.max))
    case .bigint: integer(value, Int64.min...Int64.max)
    case .boolean:
      if case .bool(let flag) = value { .boolean(flag) } else { nil }
    case .real, .double, .numeric:
      switch value {
      case .integer(let text): value.int64.map { .integer($0) } ?? .text(text)
      // YAML writes .inf and .nan, SQL does not; both are rather a slip in a definition.
      case .float(let text): text.lowercased().contains("n") ? nil : .text(text)
      default: nil
      }
    case .uuid:
      if case .string(let text) = value, isUUID(text) { .text(text) } else { nil }
    case .bytea:
      if case .string(let text) = value, isHexBytes(text) { .text(text) } else { nil }
    case .text, .date, .timestamptz, .jsonb:
      if case .string(let text) = value { .text(text) } else { nil }
    }
  }

  private func integer(_ value: ScalarValue, _ range: ClosedRange<Int64>) -> SeedValue? {
    guard let number = value.int64, range.contains(number) else { return nil }
    return .integer(number)
  }

  private func wanted(_ type: ColumnType) -> String {
    switch type {
    case .smallint, .int, .bigint: "a number that fits \(type.rawValue)"
    case .real, .double, .numeric: "a number"
    case .boolean: "true or false"
    case .uuid: "a uuid (8-4-4-4-12 hexadecimal digits)"
    case .bytea: "bytea: \\x and pairs of hexadecimal digits"
    case .text, .date, .timestamptz, .jsonb: "text; put quotes around it"
    }
  }

  private func isCall(_ text: String) -> Bool {
    guard text.hasSuffix("()") else { return false }
    return text.dropLast(2).split(separator: ".", omittingEmptySubsequences: false).allSatisfy { Names.isAvroName($0) }
  }

  /// A standard SQL string; a backslash needs PostgreSQL's escape form only in the one that starts with E.
  private func literal(_ text: String) -> String {
    "'" + text.replacing("'", with: "''") + "'"
  }

  private func isUUID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.utf8.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.utf8.allSatisfy(isHexDigit) }
  }

  private func isHexBytes(_ text: String) -> Bool {
    text.hasPrefix("\\x") && text.utf8.count.isMultiple(of: 2) && text.utf8.dropFirst(2).allSatisfy(isHexDigit)
  }

  private func isHexDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
