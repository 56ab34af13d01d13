extension String {
  /// A Postgres text can't hold the character zero, and an Avro string can.
  package var asPostgresText: String {
    utf8.contains(0) ? String(map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self
  }
}
