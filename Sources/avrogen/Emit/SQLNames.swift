import AvroSchema

/// `text` as a string constant, whatever `standard_conforming_strings` says.
func sqlLiteral(_ text: String) -> String {
  let quoted = text.replacing("'", with: "''")
  return text.contains("\\") ? "E'\(quoted.replacing("\\", with: "\\\\"))'" : "'\(quoted)'"
}

/// `name` as an identifier, quoted only where Postgres needs it.
func sqlName(_ name: String) -> String {
  let isPlain =
    name.utf8.first.map { $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } == true
    && name.utf8.allSatisfy {
      $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
  if isPlain && !sqlReservedWords.contains(name) { return name }
  return "\"\(name.replacing("\"", with: "\"\""))\""
}

/// `(a, b)`.
func sqlList(_ names: [String]) -> String { "(\(names.map(sqlName).joined(separator: ", ")))" }

/// `base` + `suffix` within Postgres' 63 bytes: a longer one ends in a fingerprint of the whole.
func sqlShortened(_ base: String, suffix: String) -> String {
  let maxBytes = 63
  guard base.utf8.count + suffix.utf8.count > maxBytes else { return base + suffix }
  let mark = "_" + String(CRC64.fingerprint(of: Array(base.utf8)), radix: 36)
  var kept = base
  while kept.utf8.count + mark.utf8.count + suffix.utf8.count > maxBytes { kept.removeLast() }
  return kept + mark + suffix
}

/// Key words of Postgres 17 that are reserved, or reserved unless they name a function or type
/// (documentation, appendix "SQL Key Words").
private let sqlReservedWords: Set<String> = [
  "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary", "both",
  "case", "cast", "check", "collate", "collation", "column", "concurrently", "constraint", "create", "cross",
  "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
  "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for",
  "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect",
  "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
  "natural", "not", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "placing",
  "primary", "public", "references", "returning", "right", "select", "session_user", "similar", "some", "symmetric",
  "system_user", "table", "tablesample", "then", "to", "trailing", "true", "union", "unique", "user", "using",
  "variadic", "verbose", "when", "where", "window", "with",
]
