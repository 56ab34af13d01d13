import AvroSchema

extension SwiftFile {
  /// A database as an enum: its description, and one struct a table.
  mutating func addDatabase(_ index: Int, _ context: SwiftContext) {
    let database = context.model.databases[index]
    use(.topologyModel)
    writer.line()
    writer.docs(database.doc, "Database `\(database.name)`.")
    writer.block("public enum \(context.names.databases[index]) {") { writer in
      writer.block("public static let description = DatabaseDescription(", closing: ")") { writer in
        writer.line("name: \(swiftLiteral(database.name)),")
        let roles = database.roles.map(swiftLiteral).joined(separator: ", ")
        writer.line("roles: [\(roles)],")
        writer.line("sql: sql,")
        writer.line("checksum: \(swiftLiteral(database.checksum))")
      }
      writer.line()
      writer.constant("private static let sql", text: sqlText(of: database))
    }
    let rows = context.names.rows[index]
    guard !rows.isEmpty else { return }
    use(.postgresRuntime)
    if database.tables.contains(where: { $0.columns.contains { $0.type == .uuid } }) { use(.foundation) }
    writer.line()
    writer.line("extension \(context.names.databases[index]) {")
    for (place, table) in database.tables.enumerated() {
      if place > 0 { writer.line() }
      writer.continued { $0.row(rows[place], table) }
    }
    writer.line("}")
  }
}

extension SourceWriter {
  fileprivate mutating func row(_ name: String, _ table: TableDefinition) {
    let names = Naming.memberNames(table.columns.map(\.name))
    let types = table.columns.map(\.swiftType)
    let columns = Array(zip(table.columns, zip(names, types)))
    docs(table.doc, "A row of table `\(table.name)`.")
    block("public struct \(name): PostgresRow, Hashable {") { writer in
      for (column, (name, type)) in columns {
        writer.doc(column.doc)
        writer.line("public var \(name): \(type)")
      }
      if !columns.isEmpty { writer.line() }
      writer.list(
        "public init(", columns.map { "\(Naming.parameter($0.1.0)): \($0.1.1)" }, columns.isEmpty ? ") {}" : ") {")
      if !columns.isEmpty {
        writer.continued { writer in
          for name in names { writer.line("self.\(name) = \(name)") }
        }
        writer.line("}")
      }
      writer.line()
      let quoted = table.columns.map { "\"\($0.name.replacing("\"", with: "\"\""))\"" }
      writer.constant("public static let columnList", text: quoted.joined(separator: ", "))
      writer.line()
      let row = names.contains("row") ? "reader" : "row"
      writer.block(
        "public init(row\(row == "row" ? "" : " reader"): borrowing PostgresRowReader) throws(PostgresError) {"
      ) {
        for (index, name) in names.enumerated() { $0.line("self.\(name) = try \(row).decode(\(index))") }
      }
    }
  }
}

extension ColumnDefinition {
  fileprivate var swiftType: String { isNullable ? "\(type.swiftName)?" : type.swiftName }
}

extension ColumnType {
  fileprivate var swiftName: String {
    switch self {
    case .smallint: "Int16"
    case .int: "Int32"
    case .bigint: "Int64"
    case .boolean: "Bool"
    case .real: "Float"
    case .double: "Double"
    case .text: "String"
    case .bytea: "[UInt8]"
    case .uuid: "UUID"
    case .date: "PostgresDate"
    case .timestamptz: "PostgresTimestamp"
    case .jsonb: "PostgresJSON"
    case .numeric: "PostgresNumeric"
    }
  }
}
