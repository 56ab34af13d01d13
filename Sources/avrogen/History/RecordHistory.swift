import AvroSchema

/// A record of the definitions and the versions of it that shipped.
struct RecordHistory: Sendable {
  /// A mode that the record has to keep to, and the topic that asks for it; nil when it is on none.
  struct Demand: Hashable, Sendable {
    var mode: CompatibilityMode
    var topic: String?
  }

  var name: FullName
  /// The file that asks for it, an index into `Model.files`: the record's, or for one of another module its topic's.
  var file: Int
  /// As defined now, complete in itself, with `doc` and logical types whatever is registered.
  var schema: Schema
  /// One a mode.
  var demands: [Demand]
  /// Oldest first: of the record's aliases, then its own.
  var versions: [HistoryVersion]

  /// Whether the newest version says what the definitions say; `doc` aside.
  var isRecorded: Bool { versions.last.map { $0.schema.withoutDocs == schema.withoutDocs } ?? false }

  /// Numbers go on when a record is renamed.
  var next: HistoryVersion.Name {
    HistoryVersion.Name(record: name, number: (versions.map(\.name.number).max() ?? 0) + 1)
  }

  static let defaultMode = CompatibilityMode.backward

  /// All records that have a history, or should have one: the values of topics and the records whose file declares a
  /// mode; where no topic takes any, all that are no part of another type.
  ///
  /// - Parameter diagnostics: gets a problem for each record that shipped and is gone.
  static func all(of model: Model, _ versions: [HistoryVersion], _ diagnostics: Diagnostics) -> [RecordHistory] {
    var byName = Dictionary(grouping: versions, by: \.name.record)
    let known = Set(model.allTypes.map(\.name))
    let types = model.namedTypes
    let registered = Set(model.topics.flatMap(\.values))
    var gone = Set(byName.keys)
    var histories: [RecordHistory] = []
    for (type, file) in candidates(model) {
      let names = [type.name] + type.aliases.filter { !known.contains($0) }
      gone.subtract(names)
      let versions = names.flatMap { byName[$0] ?? [] }.sorted { left, right in
        let (isLeftOwn, isRightOwn) = (left.name.record == type.name, right.name.record == type.name)
        if isLeftOwn != isRightOwn { return isRightOwn }
        return (left.name.number, left.path) < (right.name.number, right.path)
      }
      let isKept = type.isTopLevel && (registered.isEmpty || (type.compatibility ?? .none) != .none)
      guard !versions.isEmpty || registered.contains(type.name) || type.isRecord && isKept else { continue }
      guard let schema = complete(type, types, diagnostics) else { continue }
      histories.append(
        RecordHistory(
          name: type.name, file: file, schema: schema, demands: demands(on: type, model), versions: versions))
    }
    for name in gone.sorted() {
      guard let newest = byName.removeValue(forKey: name)?.max(by: { $0.name.number < $1.name.number }) else {
        continue
      }
      if let owner = model.modules.first(where: { $0.types.contains { $0.name == name } }) {
        diagnostics.error(
          newest.start,
          "\(name) is of module \(owner.name) and on no topic here: move its versions to the history of that module")
        continue
      }
      diagnostics.error(
        newest.start,
        "\(name) shipped and is gone from the definitions: define it, name it in the aliases of the record that "
          + "takes its place, or delete its versions from history when nobody has its data any more")
    }
    return histories
  }

  /// Own types, and records of other modules that are on a topic here: the promise is the topic's.
  private static func candidates(_ model: Model) -> [(type: TypeDefinition, file: Int)] {
    let own = model.types.map { (type: $0, file: $0.file) }
    let foreign = model.modules.flatMap(\.types).compactMap { type -> (type: TypeDefinition, file: Int)? in
      model.topics.first { $0.values.contains(type.name) }.map { (type, $0.file) }
    }
    return own + foreign
  }

  /// The checker compares schemas that need no others.
  private static func complete(_ type: TypeDefinition, _ types: NamedTypes, _ diagnostics: Diagnostics) -> Schema? {
    do throws(SchemaError) {
      return try Schema(parsing: type.schema.text(.full, types: types))
    } catch {
      diagnostics.error(
        Location(file: type.file, line: 1, column: 1), "the schema of \(type.name) can't be read back: \(error)")
      return nil
    }
  }

  private static func demands(on type: TypeDefinition, _ model: Model) -> [Demand] {
    let otherwise = type.compatibility ?? defaultMode
    var demands: [Demand] = []
    for topic in model.topics where topic.values.contains(type.name) {
      let mode = topic.compatibility ?? otherwise
      if !demands.contains(where: { $0.mode == mode }) { demands.append(Demand(mode: mode, topic: topic.name)) }
    }
    return demands.isEmpty ? [Demand(mode: otherwise, topic: nil)] : demands
  }
}

extension TypeDefinition {
  fileprivate var isRecord: Bool {
    if case .record = schema { true } else { false }
  }

  fileprivate var aliases: [FullName] {
    switch schema {
    case .record(let record): record.aliases
    case .enumeration(let enumeration): enumeration.aliases
    case .fixed(let fixed): fixed.aliases
    default: []
    }
  }
}
