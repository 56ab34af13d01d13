/// Decides whether a reader's schema reads all data of a writer's, then explains what is in the way.
///
/// The relation is the greatest one that keeps the rules: a pair under comparison counts as compatible when it is met
/// again inside itself. What was found compatible on the strength of such an assumption is forgotten when the assumption
/// turns out wrong (`trail`); what was found incompatible stays so. Each comparison of a pair costs one of
/// `maxComparisons`, so schemas that double at every level stay cheap.
struct CompatibilityChecker {
  let reader: SchemaGraph
  let writer: SchemaGraph
  private var limits: CompatibilityLimits
  /// By reader type * number of writer types + writer type.
  private var known: [Int: Bool] = [:]
  /// Pairs that count as compatible, in the order in which they were assumed.
  private var trail: [Int] = []
  private var comparisons = 0
  private var found: [SchemaIncompatibility] = []
  private var explained: Set<Int> = []
  private var path: [String] = []
  /// Inside the explanation of a union's branch: branches of unions in there are not explained any further, or every
  /// level of nesting would multiply the work.
  private var isInsideBranch = false

  init(reader: SchemaGraph, writer: SchemaGraph, limits: CompatibilityLimits) {
    self.reader = reader
    self.writer = writer
    self.limits = limits
  }

  mutating func findings() -> [SchemaIncompatibility] {
    guard !canRead(reader.root, writer.root, depth: 0) else { return [] }
    explain(reader.root, writer.root, depth: 0)
    if found.isEmpty {
      report(
        .typeMismatch, "the schemas are too deep or too large to be compared", detail: "not compared",
        reader: "make them smaller", writer: "make them smaller")
    }
    return found
  }

  private func pair(_ read: Int, _ written: Int) -> Int { read * writer.nodes.count + written }

  /// Then no further pair is worth a look: also to look whether one is known costs, and two unions have many pairs.
  private var isExhausted: Bool { comparisons >= limits.maxComparisons }

  // MARK: Deciding

  private mutating func canRead(_ read: Int, _ written: Int, depth: Int) -> Bool {
    let pair = pair(read, written)
    if let known = known[pair] { return known }
    guard !isExhausted, depth < limits.maxDepth else { return false }
    comparisons += 1
    let mark = trail.count
    known[pair] = true
    trail.append(pair)
    if compare(read, written, depth: depth + 1) { return true }
    while trail.count > mark { known[trail.removeLast()] = nil }
    known[pair] = false
    return false
  }

  private mutating func compare(_ read: Int, _ written: Int, depth: Int) -> Bool {
    switch (reader[read], writer[written]) {
    case (_, .union(let branches)):
      return branches.allSatisfy { canRead(read, $0, depth: depth) }
    case (.union(let branches), _):
      for branch in branches {
        if canRead(branch, written, depth: depth) { return true }
        if isExhausted { return false }
      }
      return false
    case (.array(let items), .array(let writtenItems)):
      return canRead(items, writtenItems, depth: depth)
    case (.map(let values), .map(let writtenValues)):
      return canRead(values, writtenValues, depth: depth)
    case (.record(let record, let types), .record(let writtenRecord, let writtenTypes)):
      guard namesMatch(read, written) else { return false }
      let places = FieldPlaces(of: writtenRecord)
      for (field, type) in zip(record.fields, types) {
        if let place = places[field] {
          guard canRead(type, writtenTypes[place], depth: depth) else { return false }
        } else if field.defaultValue == nil {
          return false
        }
      }
      return true
    default: return mismatches(read, written).isEmpty
    }
  }

  private func namesMatch(_ read: Int, _ written: Int) -> Bool {
    guard let name = reader[read].name, let writtenName = writer[written].name else { return true }
    return name.name == writtenName.name || reader[read].aliases.contains(writtenName)
  }

  /// What is wrong with a pair of types that have no types inside.
  private func mismatches(_ read: Int, _ written: Int) -> [SchemaIncompatibility.Reason] {
    switch (reader[read], writer[written]) {
    case (.primitive(let primitive, let logicalType), .primitive(let writtenPrimitive, let writtenLogicalType)):
      let isReadable = primitive.canRead(writtenPrimitive) && decimalsMatch(logicalType, writtenLogicalType)
      return isReadable ? [] : [.typeMismatch]
    case (.enumeration(let enumeration), .enumeration(let writtenEnumeration)):
      var reasons: [SchemaIncompatibility.Reason] = namesMatch(read, written) ? [] : [.nameMismatch]
      if !missingSymbols(enumeration, writtenEnumeration).isEmpty { reasons.append(.missingEnumSymbols) }
      return reasons
    case (.fixed(let fixed), .fixed(let writtenFixed)):
      var reasons: [SchemaIncompatibility.Reason] = namesMatch(read, written) ? [] : [.nameMismatch]
      if fixed.size != writtenFixed.size {
        reasons.append(.fixedSizeMismatch)
      } else if !decimalsMatch(fixed.logicalType, writtenFixed.logicalType) {
        reasons.append(.typeMismatch)
      }
      return reasons
    case (.unknown(let name), .unknown(let writtenName)): return name == writtenName ? [] : [.typeMismatch]
    default: return [.typeMismatch]
    }
  }

  private func decimalsMatch(_ read: LogicalType?, _ written: LogicalType?) -> Bool {
    guard case .decimal(let precision, let scale) = read,
      case .decimal(let writtenPrecision, let writtenScale) = written
    else { return true }
    return scale == writtenScale && precision >= writtenPrecision
  }

  /// Sorted; empty when the reader has a symbol for what it does not know.
  private func missingSymbols(_ enumeration: EnumSchema, _ written: EnumSchema) -> [String] {
    guard enumeration.defaultSymbol == nil else { return [] }
    return Set(written.symbols).subtracting(enumeration.symbols).sorted()
  }

  // MARK: Explaining

  private mutating func explain(_ read: Int, _ written: Int, depth: Int) {
    guard found.count < limits.maxFindings, depth < limits.maxDepth, !canRead(read, written, depth: depth),
      explained.insert(pair(read, written)).inserted
    else { return }
    switch (reader[read], writer[written]) {
    case (.union, .union(let branches)):
      for (index, branch) in branches.enumerated() where !canRead(read, branch, depth: depth + 1) {
        if found.count >= limits.maxFindings { return }
        path.append(String(index))
        reportMissingBranch(read, branch, depth: depth + 1)
        path.removeLast()
      }
    case (_, .union(let branches)):
      for branch in branches { explain(read, branch, depth: depth + 1) }
    case (.union, _): reportMissingBranch(read, written, depth: depth)
    case (.array(let items), .array(let writtenItems)):
      explain(items, writtenItems, at: "items", depth: depth)
    case (.map(let values), .map(let writtenValues)):
      explain(values, writtenValues, at: "values", depth: depth)
    case (.record(let record, let types), .record(let writtenRecord, let writtenTypes)):
      if !namesMatch(read, written) { report(.nameMismatch, read, written) }
      path.append("fields")
      let places = FieldPlaces(of: writtenRecord)
      for (index, field) in record.fields.enumerated() {
        path.append(String(index))
        if let place = places[field] {
          explain(types[index], writtenTypes[place], at: "type", depth: depth)
        } else if field.defaultValue == nil {
          reportMissingDefault(field, of: record, writtenRecord)
        }
        path.removeLast()
      }
      path.removeLast()
    default:
      for reason in mismatches(read, written) { report(reason, read, written) }
    }
  }

  private mutating func explain(_ read: Int, _ written: Int, at step: String, depth: Int) {
    path.append(step)
    explain(read, written, depth: depth + 1)
    path.removeLast()
  }
}

// MARK: - Words

extension CompatibilityChecker {
  private mutating func report(
    _ reason: SchemaIncompatibility.Reason, at step: String? = nil, _ message: String, detail: String, reader: String,
    writer: String
  ) {
    guard found.count < limits.maxFindings else { return }
    let steps = step.map { path + [$0] } ?? path
    found.append(
      SchemaIncompatibility(
        reason: reason, pointer: "/" + steps.joined(separator: "/"), message: message, detail: detail,
        readerRemedy: reader, writerRemedy: writer))
  }

  private mutating func report(_ reason: SchemaIncompatibility.Reason, _ read: Int, _ written: Int) {
    let (type, writtenType) = (reader[read], writer[written])
    switch (reason, type, writtenType) {
    case (.nameMismatch, _, _):
      let (name, writtenName) = (type.name?.description ?? "", writtenType.name?.description ?? "")
      report(
        reason, at: "name", "the \(type.kind) is called \(name), the data's is called \(writtenName)",
        detail: "expected: \(writtenName)", reader: "call it \(writtenName), or give it the alias \(writtenName)",
        writer: "call it \(name)")
    case (.fixedSizeMismatch, .fixed(let fixed), .fixed(let writtenFixed)):
      report(
        reason, at: "size", "\(fixed.name) has \(fixed.size) bytes, the data's has \(writtenFixed.size)",
        detail: "expected: \(writtenFixed.size), found: \(fixed.size)",
        reader: "keep the size \(writtenFixed.size), or add a new type and a new field for it",
        writer: "keep the size \(fixed.size), or add a new type and a new field for it")
    case (.missingEnumSymbols, .enumeration(let enumeration), .enumeration(let writtenEnumeration)):
      let missing = missingSymbols(enumeration, writtenEnumeration).joined(separator: ", ")
      report(
        reason, at: "symbols", "\(enumeration.name) lacks \(missing), which the data may hold", detail: "[\(missing)]",
        reader: "keep those symbols, or give the enum a default symbol", writer: "leave those symbols out")
    default:
      report(
        reason, "\(type.label) can't be read from \(writtenType.label)\(decimalNote(type, writtenType))",
        detail: "reader type: \(type.kind.uppercased()) not compatible with writer type: "
          + writtenType.kind.uppercased(),
        reader: "keep \(writtenType.label)\(readable(from: writtenType)), or add a new field with a default for it",
        writer: "keep \(type.label), or add a new field for it")
    }
  }

  private func decimalNote(_ type: SchemaGraph.Node, _ written: SchemaGraph.Node) -> String {
    guard case .decimal(let precision, let scale) = type.logicalType,
      case .decimal(let writtenPrecision, let writtenScale) = written.logicalType, type.kind == written.kind
    else { return "" }
    return scale == writtenScale
      ? ": its precision \(precision) is smaller than \(writtenPrecision)"
      : ": its scale \(scale) is not \(writtenScale)"
  }

  /// What else a primitive can be read as, to be put after the type itself.
  private func readable(from written: SchemaGraph.Node) -> String {
    guard case .primitive(let primitive, let logicalType) = written else { return "" }
    if case .decimal = logicalType { return " with a precision not smaller" }
    let others = Schema.Primitive.allCases.filter { $0 != primitive && $0.canRead(primitive) }
    return others.isEmpty ? "" : " (or take \(others.map(\.rawValue).joined(separator: ", ")))"
  }

  private mutating func reportMissingDefault(
    _ field: RecordSchema.Field, of record: RecordSchema, _ written: RecordSchema
  ) {
    report(
      .readerFieldMissingDefaultValue,
      "the field \"\(field.name)\" of \(record.name) is not in the data and has no default", detail: field.name,
      reader: "give the field a default, or name as its alias the field of \(written.name) that it was",
      writer: "keep the field \"\(field.name)\"")
  }

  /// `read` is a union. A branch of the same kind or name that almost fits is explained: that is what was meant.
  private mutating func reportMissingBranch(_ read: Int, _ written: Int, depth: Int) {
    let type = writer[written]
    var message = "the union has no branch that reads \(type.label)"
    if !isInsideBranch, let near = nearest(read, written) {
      var inner = self
      inner.found = []
      inner.explained = []
      inner.path = []
      inner.isInsideBranch = true
      inner.limits.maxFindings = 1
      inner.explain(near, written, depth: depth)
      if let first = inner.found.first {
        message += ": its \(reader[near].label) does not, as \(first.message) (\(first.pointer) in it)"
      }
    }
    report(
      .missingUnionBranch, message, detail: "reader union lacking writer type: \(type.kind.uppercased())",
      reader: "keep the branch \(type.label)", writer: "leave the branch \(type.label) out")
  }

  private func nearest(_ read: Int, _ written: Int) -> Int? {
    guard case .union(let branches) = reader[read] else { return nil }
    return branches.first { reader[$0].kind == writer[written].kind && namesMatch($0, written) }
  }
}

/// Where a record's fields stand, by name.
private struct FieldPlaces {
  private let places: [String: Int]

  init(of record: RecordSchema) {
    places = Dictionary(
      record.fields.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
  }

  /// The writer's field that a reader's field takes its value from: of its name, else of the first alias that is there.
  subscript(_ field: RecordSchema.Field) -> Int? {
    if let place = places[field.name] { return place }
    for alias in field.aliases {
      if let place = places[alias] { return place }
    }
    return nil
  }
}

extension Schema.Primitive {
  /// Whether a value written as `writer` can be read as this (specification 1.12, "Schema Resolution").
  func canRead(_ writer: Schema.Primitive) -> Bool {
    switch (self, writer) {
    case (.long, .int), (.float, .int), (.float, .long): true
    case (.double, .int), (.double, .long), (.double, .float): true
    case (.string, .bytes), (.bytes, .string): true
    default: self == writer
    }
  }
}
