import AvroSchema

/// Compares records with what shipped of them. Each break is a problem at the line that made it.
struct HistoryCheck {
  let places: DefinitionPlaces
  /// Of the definitions, for what a file may declare.
  let files: [DefinitionFile]

  func problems(of histories: [RecordHistory]) -> [Problem] {
    histories.flatMap { problems(of: $0) }
  }

  private func problems(of history: RecordHistory) -> [Problem] {
    var seen: Set<VersionIncompatibility> = []
    var problems: [Problem] = []
    let schemas = history.versions.map(\.schema)
    for demand in history.demands {
      let findings = demand.mode.findings(for: history.schema, against: schemas)
      guard !findings.isEmpty else { continue }
      let legal = legalMode(instead: demand.mode, history.schema, schemas)
      for finding in findings where seen.insert(finding).inserted {
        let version = history.versions[finding.versionIndex]
        problems.append(
          Problem(
            places.location(of: finding, in: history, version),
            message(finding, history, version, demand)
              + ", or declare compatibility: \(legal.rawValue)\(place(of: demand, history))"))
      }
    }
    return problems
  }

  private func message(
    _ finding: VersionIncompatibility, _ history: RecordHistory, _ version: HistoryVersion,
    _ demand: RecordHistory.Demand
  ) -> String {
    let isRenamed = version.name.record != history.name
    let old = "version \(version.name.number)" + (isRenamed ? " (\(version.name.record))" : "")
    let way =
      finding.isReadByOld
      ? "\(old) of \(history.name) can't read what this one writes" : "\(history.name) can't read what \(old) wrote"
    let found = finding.incompatibility
    let place = finding.isReadByOld ? "\(found.pointer) of \(old)" : found.pointer
    let owner = demand.topic.map { " of topic \($0)" } ?? ""
    return "\(way), which \(demand.mode.rawValue)\(owner) asks for: \(found.message) "
      + "(\(found.reason.rawValue) at \(place)); \(finding.remedy)"
  }

  /// The strongest mode that the change keeps to; transitive ones only for who had one.
  private func legalMode(
    instead mode: CompatibilityMode, _ schema: Schema, _ versions: [Schema]
  ) -> CompatibilityMode {
    let simple: [CompatibilityMode] = [.full, .backward, .forward]
    let modes = mode.isTransitive ? [.fullTransitive, .backwardTransitive, .forwardTransitive] + simple : simple
    return modes.first { $0.findings(for: schema, against: versions, limits: .init(maxFindings: 1)).isEmpty } ?? .none
  }

  private func place(of demand: RecordHistory.Demand, _ history: RecordHistory) -> String {
    if let topic = demand.topic { return " on topic \(topic)" }
    let path = files.indices.contains(history.file) ? files[history.file].path : ""
    return path.hasSuffix(".avsc") ? " as an attribute of the schema" : " at the top of the file"
  }
}

/// Where in the definitions something of a schema is written.
struct DefinitionPlaces {
  let draft: Draft
  let resolver: TypeResolver

  /// The place of a finding, whose pointer goes into the schema that reads: the new one or an old one. What only the old
  /// one has stands nowhere, so then it is the record that lacks it.
  func location(of finding: VersionIncompatibility, in history: RecordHistory, _ version: HistoryVersion) -> Location {
    guard let index = draft.declarationByName[history.name] else {
      return Location(file: history.file, line: 1, column: 1)
    }
    let isOld = finding.isReadByOld
    let declaration = draft.declarations[index]
    var walk = Walk(
      place: declaration.location, type: TypeExpression(location: declaration.location, kind: .declared(index)),
      reader: isOld ? version.schema : history.schema)
    let types = NamedTypes(of: walk.reader)
    var steps = finding.incompatibility.pointer.split(separator: "/").map(String.init)[...]
    while let step = steps.popFirst() {
      walk.reader = types.resolve(walk.reader) ?? walk.reader
      // What stands behind the name of a field's type matters only when the way leads into it.
      if step != "type" { walk.type = expanded(walk.type) }
      let isFurther =
        switch step {
        case "fields": enterField(steps.popFirst() ?? "", &walk, isOld: isOld)
        case "type": enterType(&walk)
        case "items", "values": enterElements(&walk)
        case "name", "size", "symbols": enterDetail(step, &walk, isOld: isOld)
        default: enterBranch(step, &walk, isOld: isOld)
        }
      guard isFurther else { break }
    }
    return walk.place
  }

  private struct Walk {
    /// The best that is known so far.
    var place: Location
    var type: TypeExpression
    var reader: Schema
  }

  private func enterField(_ step: String, _ walk: inout Walk, isOld: Bool) -> Bool {
    guard case .record(let record) = walk.reader, let index = Int(step), record.fields.indices.contains(index),
      case .declared(let declared) = walk.type.kind, case .record(let drafts) = draft.declarations[declared].body
    else { return false }
    let field = record.fields[index]
    let own = drafts.first { $0.name.text == field.name }
    let aliased = isOld ? drafts.first { field.aliases.contains($0.name.text) } : nil
    guard let found = own ?? aliased else {
      walk.place = draft.declarations[declared].location
      return false
    }
    walk = Walk(place: found.name.location, type: found.type, reader: field.type)
    return true
  }

  private func enterType(_ walk: inout Walk) -> Bool {
    walk.place = walk.type.location
    return true
  }

  private func enterElements(_ walk: inout Walk) -> Bool {
    switch (walk.reader, walk.type.kind) {
    case (.array(let items), .array(let type)): walk = Walk(place: type.location, type: type, reader: items)
    case (.map(let values), .map(let type)): walk = Walk(place: type.location, type: type, reader: values)
    default: return false
    }
    return true
  }

  private func enterDetail(_ step: String, _ walk: inout Walk, isOld: Bool) -> Bool {
    guard case .declared(let index) = walk.type.kind else { return false }
    let declaration = draft.declarations[index]
    walk.place = step == "name" ? declaration.location : declaration.detailLocation ?? declaration.location
    if isOld, step == "symbols", case .enumeration(let old) = walk.reader {
      let new = declaration.symbolLocations.filter { !old.symbols.contains($0.key) }.values
      walk.place = new.min() ?? walk.place
    }
    return false
  }

  /// The step is an index into the union that was written.
  private func enterBranch(_ step: String, _ walk: inout Walk, isOld: Bool) -> Bool {
    if isOld, case .union(let branches) = walk.type.kind, let index = Int(step), branches.indices.contains(index) {
      walk.place = branches[index].location
    }
    return false
  }

  /// What a name stands for.
  private func expanded(_ type: TypeExpression) -> TypeExpression {
    var type = type
    for _ in 0..<InputLimits.nesting {
      guard case .name(let text, let context) = type.kind else { return type }
      if !context.isAvro,
        let shared = draft.sharedTypes[ScopedName(module: draft.moduleByFile[context.file], name: text)]
      {
        type = shared.type
      } else if let index = resolver.declaration(text, type.location, context) {
        return TypeExpression(location: type.location, kind: .declared(index))
      } else {
        return type
      }
    }
    return type
  }
}
