import PostgresRuntime

/// A column as Postgres has it. `create table if not exists` leaves a table alone that has other columns, so what is
/// there is compared with what the same statements make in an empty schema.
struct TableShape: PostgresRow, Hashable {
  var table: String
  var column: String
  var type: String
  var isNotNull: Bool
  var isIdentity: Bool
  /// Columns of the primary key, when this is one of them.
  var primaryKey: String?

  init(table: String, column: String, type: String, isNotNull: Bool, isIdentity: Bool, primaryKey: String?) {
    self.table = table
    self.column = column
    self.type = type
    self.isNotNull = isNotNull
    self.isIdentity = isIdentity
    self.primaryKey = primaryKey
  }

  static let columnList = """
    c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity <> '',
    (select string_agg(k.attname, ', ' order by array_position(i.indkey::int2[], k.attnum))
      from pg_index i join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any(i.indkey)
      where i.indrelid = c.oid and i.indisprimary and a.attnum = any(i.indkey))
    """

  init(row: borrowing PostgresRowReader) throws(PostgresError) {
    table = try row.decode(0)
    column = try row.decode(1)
    type = try row.decode(2)
    isNotNull = try row.decode(3)
    isIdentity = try row.decode(4)
    primaryKey = try row.decode(5)
  }

  /// The columns that the statements make from nothing; leaves no trace.
  static func declared(by statements: String, _ session: PostgresSession) throws -> [TableShape] {
    struct Undo: Error {}
    let schema = "setup_db_declared"
    var shapes: [TableShape] = []
    do {
      try session.savepoint { session in
        try session.script("create schema \(identifier: schema); set local search_path to \(identifier: schema)")
        try session.script(SQL(unsafe: statements))
        shapes = try read(schema: schema, session)
        throw Undo()
      }
    } catch is Undo {}
    return shapes
  }

  static func read(schema: String, _ session: PostgresSession) throws(PostgresError) -> [TableShape] {
    try session.query(
      """
      select \(columns: TableShape.self)
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname = \(schema) and c.relkind in ('r', 'p')
      order by c.relname, a.attnum
      """, as: TableShape.self)
  }

  /// One line for each column that is missing or other than wanted. What is there beside it is of no interest, unless
  /// it makes inserts fail.
  static func differences(wanted: [TableShape], found: [TableShape]) -> [String] {
    var lines: [String] = []
    let tables = Set(wanted.map(\.table))
    for shape in wanted {
      guard let other = found.first(where: { $0.table == shape.table && $0.column == shape.column }) else {
        lines.append("\(shape.table).\(shape.column) is missing (\(shape.summary))")
        continue
      }
      if other != shape { lines.append("\(shape.table).\(shape.column) is \(other.summary), not \(shape.summary)") }
    }
    for shape in found where tables.contains(shape.table) && shape.isNotNull && !shape.isIdentity {
      if !wanted.contains(where: { $0.table == shape.table && $0.column == shape.column }) {
        lines.append("\(shape.table).\(shape.column) is there (\(shape.summary)) and not in the definitions")
      }
    }
    return lines
  }

  private var summary: String {
    var text = type
    if isNotNull { text += " not null" }
    if isIdentity { text += " identity" }
    if let primaryKey { text += ", primary key (\(primaryKey))" }
    return text
  }
}
