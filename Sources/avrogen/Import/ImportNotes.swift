/// What kind of file types are read from; the names are those of `import` in IDL.
enum ImportKind: String, CaseIterable {
  case schema, idl, `protocol`

  init?(path: String) {
    guard let kind = Self.allCases.first(where: { path.hasSuffix($0.suffix) }) else { return nil }
    self = kind
  }

  var suffix: String {
    switch self {
    case .schema: ".avsc"
    case .idl: ".avdl"
    case .protocol: ".avpr"
    }
  }
}

/// What an import leaves out: no mistake, but nothing goes without a word.
final class ImportNotes {
  private var notes: [Problem] = []
  /// By file and property: the first place, and how often.
  private var dropped: [Dropped: (place: Location, count: Int)] = [:]

  private struct Dropped: Hashable {
    var file: Int
    var property: String
    var owner: String
  }

  func add(_ location: Location, _ message: String) {
    notes.append(Problem(location, message))
  }

  /// A property that definitions have no place for.
  func drop(_ property: String, of owner: String, _ location: Location) {
    let key = Dropped(file: location.file, property: property, owner: owner)
    dropped[key] = (dropped[key]?.place ?? location, (dropped[key]?.count ?? 0) + 1)
  }

  /// Lines of the form `file:line:column: note: message`, in order.
  func lines(paths: [String]) -> [String] {
    var all = notes
    for (key, value) in dropped {
      let times = value.count == 1 ? "" : " (\(value.count) times in this file)"
      all.append(Problem(value.place, "the property \(quoted(key.property)) of \(key.owner) is not kept\(times)"))
    }
    let sorted = all.sorted { ($0.location, $0.message) < ($1.location, $1.message) }
    var lines = sorted.prefix(Diagnostics.printedLimit).map { note in
      "\(paths[note.location.file]):\(note.location.line):\(note.location.column): note: \(note.message)"
    }
    if sorted.count > Diagnostics.printedLimit {
      lines.append("avrogen: \(sorted.count - Diagnostics.printedLimit) more notes are not shown")
    }
    return lines
  }
}
