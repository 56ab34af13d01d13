import AvroSchema
import TopologyModel

/// A schema that is declared for a subject.
struct DeclaredSchema: Hashable {
  var subject: String
  var recordName: String
  var text: String
}

extension TopologyDescription {
  /// Each declared schema once: those whose record is inside of another's come first, then by subject.
  var schemas: [DeclaredSchema] {
    var seen: Set<DeclaredSchema> = []
    let all = topics.flatMap(\.subjects)
      .map { DeclaredSchema(subject: $0.subject, recordName: $0.recordName, text: $0.schemaText) }
      .sorted { ($0.subject, $0.recordName, $0.text) < ($1.subject, $1.recordName, $1.text) }
      .filter { seen.insert($0).inserted }
    return inOrderOfReferences(all)
  }

  /// The level that is declared for each subject.
  var levels: [String: Set<String>] {
    var levels: [String: Set<String>] = [:]
    for topic in topics {
      guard let level = topic.compatibility else { continue }
      for subject in topic.subjects { levels[subject.subject, default: []].insert(level) }
    }
    return levels
  }
}

private func inOrderOfReferences(_ schemas: [DeclaredSchema]) -> [DeclaredSchema] {
  let names = Set(schemas.map(\.recordName))
  let parts = schemas.map { schema -> Set<String> in
    // A text that is no schema is a problem of its own.
    guard let parsed = try? Schema(parsing: schema.text) else { return [] }
    return Set(NamedTypes(of: parsed).names.map(\.description)).intersection(names).subtracting([schema.recordName])
  }
  var ordered: [DeclaredSchema] = []
  var visited: Set<Int> = []
  // Records may hold each other in circles: what is being visited already is not waited for.
  func visit(_ index: Int) {
    guard visited.insert(index).inserted else { return }
    for (other, schema) in schemas.enumerated() where parts[index].contains(schema.recordName) { visit(other) }
    ordered.append(schemas[index])
  }
  for index in schemas.indices { visit(index) }
  return ordered
}

extension Planner {
  mutating func planSubjects() {
    let levels = declared.levels.compactMapValues(\.first)
    let schemas = declared.schemas
    for name in Set(schemas.map(\.subject)).sorted() {
      let subject = subjects[name]
      let seen = look(at: "subject \(name)", subject)
      if let mode = subject?.mode {
        refuse(
          "subject \(name)",
          "the registry is in mode \(mode) for it, so it takes no level and no schema: set the mode to READWRITE first",
          seen: seen)
        continue
      }
      guard let level = levels[name], level != subject?.level else { continue }
      changes.append(
        PlannedChange(
          action: .setLevel, target: name, before: subject?.level.map { PlannedState(level: $0) },
          after: PlannedState(level: level), settings: nil, reason: reason(forLevelOf: subject), warnings: [],
          seen: seen))
    }
    for schema in schemas {
      let subject = subjects[schema.subject]
      if subject?.registered.contains(schema.text) == true || subject?.mode != nil { continue }
      let seen = self.seen["subject \(schema.subject)"] ?? ""
      if let messages = subject?.refusals[schema.text] {
        refuse(
          "schema \(schema.subject)",
          "\(schema.recordName) can't be its next version: \(messages.joined(separator: "; "))", seen: seen)
        continue
      }
      changes.append(
        PlannedChange(
          action: .registerSchema, target: schema.subject, before: nil,
          after: PlannedState(record: schema.recordName, schema: schema.text), settings: nil,
          reason: subject?.hasVersions == true ? "declared, a new version" : "declared, not there", warnings: [],
          seen: seen))
    }
  }

  private func reason(forLevelOf subject: ActualSubject?) -> String {
    if subject?.level != nil { return "declared" }
    return subject?.effectiveLevel.map { "declared; \($0) of the registry holds now" } ?? "declared, not set"
  }
}
