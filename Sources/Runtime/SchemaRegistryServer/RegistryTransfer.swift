import JSONText

/// Moves all that a registry knows to and from records of `_schemas`, the topic in which Confluent's registry keeps the
/// same. Sending them and reading them is the caller's.
public enum RegistryTransfer {
  /// A record of the topic: JSON in UTF-8.
  public struct Record: Hashable, Sendable {
    public var key: [UInt8]
    /// Nil takes away what the key stood for.
    public var value: [UInt8]?

    public init(key: [UInt8], value: [UInt8]?) {
      self.key = key
      self.value = value
    }
  }

  /// What was moved, and what could not be, a sentence each.
  public struct Report: Sendable {
    public var subjects = 0
    public var schemas = 0
    public var records = 0
    public var problems: [String] = []
  }

  private static let limits = JSONLimits(maxDepth: 200, maxBytes: 64 << 20)

  /// The records that make a registry with all that is in `directory`: ids, versions (deleted ones too), references,
  /// metadata, levels, modes and contexts. A registry may be running on it.
  ///
  /// - Throws: when the directory can't be read.
  public static func records(
    directory: String, limits: RegistryLimits = RegistryLimits()
  ) throws(EmbeddedRegistryError) -> (records: [Record], report: Report) {
    do throws(RegistryFailure) {
      let entries = try Journal.peek(directory: directory, maxBytes: limits.maxJournalBytes)
      let (state, damage) = RegistryStore.replay(entries, path: Journal.path(in: directory), limits: limits)
      let records = state.records().map { record in
        Record(key: Array(record.keyJSON.text.utf8), value: record.value.map { Array($0.text.utf8) })
      }
      return (records, report(state, records: records.count, problems: damage))
    } catch {
      throw EmbeddedRegistryError(message: error.message)
    }
  }

  /// Adds the records, in their order, to the registry in `directory`, which must not be running. All of them are on
  /// the disk when this returns.
  ///
  /// A record that can't be read, or whose id stands for another schema, is a problem in the report; with
  /// `skipsProblems` the others are added all the same.
  ///
  /// - Throws: when the directory can't be used, or there are problems that must not be skipped; nothing is added then.
  public static func add(
    _ records: [Record], directory: String, skipsProblems: Bool = false, limits: RegistryLimits = RegistryLimits()
  ) throws(EmbeddedRegistryError) -> Report {
    do throws(RegistryFailure) {
      let journal = try Journal(directory: directory, maxBytes: limits.maxJournalBytes)
      defer { journal.close() }
      var (state, _) = RegistryStore.replay(try journal.replay(), path: journal.path, limits: limits)
      var good: [RegistryRecord] = []
      var problems: [String] = []
      for (index, bytes) in records.enumerated() {
        do {
          let record = try record(bytes)
          try state.apply(record)
          if isKept(record) { good.append(record) }
        } catch {
          problems.append("record \(index): \((error as? RegistryFailure)?.message ?? "\(error)")")
        }
      }
      guard problems.isEmpty || skipsProblems else {
        throw .store("\(problems.count) records can't be added, and none was; the first: \(problems[0])")
      }
      // All in one write, so that a crash leaves a beginning of it at most.
      try journal.append(good)
      return report(state, records: good.count, problems: problems)
    } catch {
      throw EmbeddedRegistryError(message: error.message)
    }
  }

  private static func record(_ bytes: Record) throws -> RegistryRecord {
    let key = try JSONValue(parsing: bytes.key, limits: limits)
    return try RegistryRecord(key: key, value: try bytes.value.map { try JSONValue(parsing: $0, limits: limits) })
  }

  private static func isKept(_ record: RegistryRecord) -> Bool {
    switch record.key {
    case .noop, .clearSubject: false
    default: true
    }
  }

  private static func report(_ state: RegistryState, records: Int, problems: [String]) -> Report {
    Report(
      subjects: state.subjects.count, schemas: state.contexts.values.reduce(0) { $0 + $1.schemas.count },
      records: records, problems: problems)
  }
}
