/// The section `databases`. Everything that a table refers to is in the table or its database, so it is checked here.
extension DefinitionReader {
  /// PostgreSQL's own limit.
  private static let columnLimit = 1_600

  func readDatabases(_ node: Node, file: Int) {
    for pair in entries(node, of: "databases") {
      guard isSQLName(pair, "database"),
        checkKeys(pair.value, of: "a database", ["doc", "roles", "tables"]),
        isFirst("database", pair.key, pair.keyLocation)
      else { continue }
      var database = DatabaseDefinition(name: pair.key, doc: doc(pair.value), file: file, roles: [], tables: [])
      for role in pair.value["roles"].map({ nameList($0, "roles") }) ?? [] {
        if !Names.isSQLName(role.text) {
          diagnostics.error(role.location, sqlNameMessage(role.text, "role"))
        } else if role.text.hasPrefix("pg_") || ["public", "none"].contains(role.text) {
          diagnostics.error(role.location, "PostgreSQL keeps the role name \(quoted(role.text)) for itself")
        } else {
          database.roles.append(role.text)
        }
      }
      for table in pair.value["tables"].map({ entries($0, of: "tables") }) ?? [] {
        if table.key == "schema_version" {
          diagnostics.error(table.keyLocation, "table schema_version is made by set-up itself")
          continue
        }
        guard isSQLName(table, "table"), let read = readTable(table, roles: database.roles) else { continue }
        database.tables.append(read)
      }
      draft.databases.append(database)
    }
  }

  private func isSQLName(_ pair: Node.Pair, _ what: String) -> Bool {
    if Names.isSQLName(pair.key) { return true }
    diagnostics.error(pair.keyLocation, sqlNameMessage(pair.key, what))
    return false
  }

  private func sqlNameMessage(_ name: String, _ what: String) -> String {
    "\(quoted(name)) is not a \(what) name: up to 63 lower-case letters, digits and underscores"
  }

  // MARK: Tables

  private static let tableKeys = [
    "doc", "columns", "primaryKey", "unique", "indexes", "checks", "grants", "rows", "fillfactor",
  ]

  private func readTable(_ pair: Node.Pair, roles: [String]) -> TableDefinition? {
    let node = pair.value
    guard checkKeys(node, of: "a table", Self.tableKeys), let columnsNode = required("columns", of: "a table", node)
    else { return nil }
    var table = TableDefinition(
      name: pair.key, doc: doc(node), columns: [], primaryKey: [], uniques: [], indexes: [], checks: [], grants: [],
      seedRows: [])
    untypedColumns = []
    readColumns(columnsNode, &table)
    if let key = node["primaryKey"] { readPrimaryKey(key, &table) }
    if let unique = node["unique"] { readUniques(unique, &table) }
    if let indexes = node["indexes"] { readIndexes(indexes, &table) }
    if let checks = node["checks"] { table.checks = nameList(checks, "checks").map(\.text) }
    if let fillFactor = node["fillfactor"] { table.fillFactor = integer(fillFactor, "fillfactor", in: 10...100) }
    if let grants = node["grants"] { readGrants(grants, &table, roles: roles) }
    for index in table.columns.indices where table.primaryKey.contains(table.columns[index].name) {
      table.columns[index].isNullable = false
    }
    if let rows = node["rows"] { readRows(rows, &table) }
    return table
  }

  private func readColumns(_ node: Node, _ table: inout TableDefinition) {
    var pairs: [Node.Pair] = []
    switch node.content {
    case .mapping(let entries): pairs = entries
    case .sequence(let items):
      for item in items {
        if let only = item.pairs, only.count == 1 {
          pairs += only
        } else {
          diagnostics.error(item.location, "a column is one \"name: type\" pair")
        }
      }
    case .scalar:
      diagnostics.error(node.location, "columns must be a list, this is a scalar")
      return
    }
    if pairs.isEmpty { diagnostics.error(node.location, "a table needs at least one column") }
    if pairs.count > Self.columnLimit {
      diagnostics.error(node.location, "a table has at most \(Self.columnLimit) columns")
      return
    }
    for pair in pairs where isSQLName(pair, "column") {
      if ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"].contains(pair.key) {
        diagnostics.error(pair.keyLocation, "PostgreSQL keeps the column name \(quoted(pair.key)) for itself")
        continue
      }
      if table.columns.contains(where: { $0.name == pair.key }) {
        diagnostics.error(pair.keyLocation, "duplicate column \(quoted(pair.key)) in table \(table.name)")
        continue
      }
      readColumn(pair, &table)
    }
  }

  private static let columnKeys = [
    "type", "doc", "nullable", "default", "identity", "primaryKey", "unique", "touch",
  ]

  private func readColumn(_ pair: Node.Pair, _ table: inout TableDefinition) {
    let node = pair.value
    // An unknown type is reported; the column is known all the same.
    var column = ColumnDefinition(
      name: pair.key, doc: nil, type: .text, isNullable: false, isIdentity: false, defaultExpression: nil,
      isTouchedOnUpdate: false)
    guard node.pairs != nil else {
      if let type = choice(node, "column type", among: ColumnType.allCases) {
        column.type = type
      } else {
        untypedColumns.insert(column.name)
      }
      table.columns.append(column)
      return
    }
    _ = checkKeys(node, of: "a column", Self.columnKeys)
    let type = required("type", of: "a column", node).flatMap { choice($0, "column type", among: ColumnType.allCases) }
    column.type = type ?? .text
    column.doc = doc(node)
    column.isNullable = flag(node["nullable"], "nullable")
    column.isIdentity = flag(node["identity"], "identity")
    column.isTouchedOnUpdate = flag(node["touch"], "touch")
    if flag(node["primaryKey"], "primaryKey") { table.primaryKey.append(column.name) }
    if flag(node["unique"], "unique") { table.uniques.append([column.name]) }
    if let type {
      checkColumn(column, type, node)
      if let value = node["default"] {
        column.defaultExpression = SQLValues(diagnostics: diagnostics).defaultExpression(value, for: column)
      }
    } else {
      untypedColumns.insert(column.name)
    }
    table.columns.append(column)
  }

  private func checkColumn(_ column: ColumnDefinition, _ type: ColumnType, _ node: Node) {
    if column.isIdentity, let location = node["identity"]?.location {
      if ![.smallint, .int, .bigint].contains(type) {
        diagnostics.error(location, "identity needs type smallint, int or bigint, not \(type.rawValue)")
      }
      if let value = node["default"] { diagnostics.error(value.location, "an identity column has no default") }
      if column.isNullable { diagnostics.error(location, "an identity column is never null") }
    }
    if column.isTouchedOnUpdate, type != .timestamptz, let location = node["touch"]?.location {
      diagnostics.error(location, "touch needs type timestamptz, not \(type.rawValue)")
    }
    if column.isNullable, flag(node["primaryKey"], "primaryKey"), let location = node["nullable"]?.location {
      diagnostics.error(location, "a column of the primary key is never null")
    }
  }

  // MARK: Keys and indexes

  /// Names of columns; unknown ones are problems.
  private func columnList(_ node: Node, _ what: String, _ table: TableDefinition) -> [String] {
    var names: [String] = []
    for name in nameList(node, what) {
      if table.columns.contains(where: { $0.name == name.text }) {
        names.append(name.text)
      } else {
        let hint = diagnostics.hint(name.text, among: table.columns.map(\.name))
        diagnostics.error(name.location, "table \(table.name) has no column \(quoted(name.text))\(hint)")
      }
    }
    if node.items?.isEmpty == true { diagnostics.error(node.location, "\(what) needs at least one column") }
    if names.count > 32 { diagnostics.error(node.location, "\(what) has at most 32 columns") }
    return names
  }

  private func readPrimaryKey(_ node: Node, _ table: inout TableDefinition) {
    let names = columnList(node, "primaryKey", table)
    if !table.primaryKey.isEmpty {
      diagnostics.error(node.location, "table \(table.name) has primaryKey on a column already")
      return
    }
    table.primaryKey = names
    for column in table.columns where column.isNullable && names.contains(column.name) {
      diagnostics.error(node.location, "column \(column.name) is nullable; one of the primary key is never null")
    }
  }

  private func readUniques(_ node: Node, _ table: inout TableDefinition) {
    guard let items = node.items else {
      diagnostics.error(node.location, "unique must be a list of lists of columns, this is \(node.kind)")
      return
    }
    for item in items {
      guard item.items != nil else {
        diagnostics.error(item.location, "unique must be a list of lists of columns: [[a, b]]")
        continue
      }
      table.uniques.append(columnList(item, "unique", table))
    }
  }

  private func readIndexes(_ node: Node, _ table: inout TableDefinition) {
    guard let items = node.items else {
      diagnostics.error(node.location, "indexes must be a list, this is \(node.kind)")
      return
    }
    for item in items {
      guard checkKeys(item, of: "an index", ["columns", "unique", "where"]),
        let columns = required("columns", of: "an index", item)
      else { continue }
      table.indexes.append(
        IndexDefinition(
          columns: columnList(columns, "columns", table), isUnique: flag(item["unique"], "unique"),
          condition: item["where"].flatMap { text($0, "where") }))
    }
  }

  private func readGrants(_ node: Node, _ table: inout TableDefinition, roles: [String]) {
    let known = ["select", "insert", "update", "delete"]
    for pair in entries(node, of: "grants") {
      if !roles.contains(pair.key) {
        let hint = diagnostics.hint(pair.key, among: roles)
        diagnostics.error(pair.keyLocation, "unknown role \(quoted(pair.key)); it is not in roles\(hint)")
      }
      var privileges: [String] = []
      for privilege in nameList(pair.value, "grants") {
        if known.contains(privilege.text) {
          privileges.append(privilege.text)
        } else {
          let hint = diagnostics.hint(privilege.text, among: known)
          diagnostics.error(
            privilege.location,
            "unknown privilege \(quoted(privilege.text)); known are \(known.joined(separator: ", "))\(hint)")
        }
      }
      if pair.value.items?.isEmpty == true {
        diagnostics.error(pair.value.location, "a grant needs at least one privilege")
      }
      table.grants.append((role: pair.key, privileges: privileges))
    }
  }

  // MARK: Seed rows

  private func readRows(_ node: Node, _ table: inout TableDefinition) {
    guard let items = node.items else {
      diagnostics.error(node.location, "rows must be a list, this is \(node.kind)")
      return
    }
    for item in items {
      guard let pairs = item.pairs else {
        diagnostics.error(item.location, "a row must be a mapping of columns, this is \(item.kind)")
        continue
      }
      table.seedRows.append(readRow(pairs, item.location, table))
    }
  }

  private func readRow(
    _ pairs: [Node.Pair], _ location: Location, _ table: TableDefinition
  ) -> [(column: String, value: SeedValue)] {
    var row: [(column: String, value: SeedValue)] = []
    for pair in pairs {
      guard let column = table.columns.first(where: { $0.name == pair.key }) else {
        let hint = diagnostics.hint(pair.key, among: table.columns.map(\.name))
        diagnostics.error(pair.keyLocation, "table \(table.name) has no column \(quoted(pair.key))\(hint)")
        continue
      }
      guard !untypedColumns.contains(column.name) else { continue }
      guard let value = SQLValues(diagnostics: diagnostics).seedValue(pair.value, for: column) else { continue }
      row.append((column: pair.key, value: value))
    }
    for column in table.columns where !column.isNullable && !column.isIdentity && column.defaultExpression == nil {
      if untypedColumns.contains(column.name) { continue }
      if !pairs.contains(where: { $0.key == column.name }) {
        diagnostics.error(location, "a row of \(table.name) needs column \(column.name): it has no default")
      }
    }
    return row
  }
}
