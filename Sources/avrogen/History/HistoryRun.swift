import AvroSchema
import JSONText

/// The verbs `compat` and `record-history`.
enum HistoryRun {
  /// The files of the history that the invocation means.
  static func inputs(_ invocation: Invocation) throws(Loader.InputError) -> [Loader.Input] {
    let needsPlace = invocation.verb == .compat || invocation.verb == .recordHistory
    if needsPlace, invocation.history.isEmpty, let file = invocation.definitions.first(where: { !Files.isFolder($0) }) {
      throw Loader.InputError(
        message: "\(file) is no folder with a history in it: say with --history where the history is")
    }
    // The folder that record-history writes to may be new.
    if invocation.verb == .recordHistory, let folder = invocation.history.first, !Files.isFolder(folder) {
      if Files.exists(folder) { throw Loader.InputError(message: "--history \(folder) is not a folder") }
      return []
    }
    return try Files.history(invocation.history, definitions: invocation.definitions)
  }

  /// A line a record: its modes, and how it stands to what shipped.
  static func summary(_ histories: [RecordHistory]) -> String {
    guard !histories.isEmpty else { return "no record to compare\n" }
    return histories.map { history in
      let modes = history.demands.map(\.mode.rawValue).joined(separator: " and ")
      guard let newest = history.versions.last else { return "\(history.name): \(modes), not in history yet\n" }
      let state = history.isRecorded ? "as in version" : "changed since version"
      return "\(history.name): \(modes), \(state) \(newest.name.number)\n"
    }.joined()
  }

  /// Writes a version of each record that is new or has changed; none at all when one breaks what it has to keep to,
  /// unless that is forced.
  static func record(_ invocation: Invocation, _ loaded: Loader.Loaded) -> Program.Result {
    if case .bad(let lines) = loaded.outcome, !loaded.problems.problems.isEmpty || !invocation.isForced {
      let canForce = loaded.problems.problems.isEmpty
      let hint = canForce ? "avrogen: nothing is recorded; --force records it all the same\n" : ""
      return Program.Result(status: 1, messages: lines.map { $0 + "\n" }.joined() + hint)
    }
    let files = loaded.histories.filter { !$0.isRecorded }.map { history in
      (folder: folder(for: history, invocation, loaded), file: file(of: history))
    }
    do throws(Loader.InputError) {
      try Files.write(files)
    } catch {
      return Program.Result(status: 1, messages: "avrogen: error: \(error.message)\n")
    }
    let forced = loaded.breaks.lines(paths: loaded.paths, severity: "warning")
    return Program.Result(
      status: 0, output: report(files, of: loaded.histories),
      messages: forced.isEmpty ? "" : forced.map { $0 + "\n" }.joined() + "avrogen: recorded all the same, by --force\n"
    )
  }

  private static func file(of history: RecordHistory) -> GeneratedFile {
    GeneratedFile(name: history.next.file, text: PrettyJSON.text(of: history.schema.json(.full)))
  }

  /// Beside the record's newest version, or else in `history` beside its definition.
  private static func folder(for history: RecordHistory, _ invocation: Invocation, _ loaded: Loader.Loaded) -> String {
    if let newest = history.versions.last { return parent(of: newest.path) }
    return invocation.history.first ?? Files.joined(parent(of: loaded.paths[history.file]), Files.historyFolder)
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func report(
    _ files: [(folder: String, file: GeneratedFile)], of histories: [RecordHistory]
  ) -> String {
    if histories.isEmpty { return "no record to keep\n" }
    let records = "\(histories.count) record\(histories.count == 1 ? " is" : "s are")"
    if files.isEmpty { return "nothing to record: \(records) as in history\n" }
    return files.map { "\(Files.joined($0.folder, $0.file.name))\n" }.joined()
  }
}
