import AvroSchema

/// Finds records that no finite value can fill, and chains of records too long to write out.
struct RecordNesting {
  /// In order of declaration.
  var records: [(schema: RecordSchema, location: Location)]
  var diagnostics: Diagnostics

  /// Records that one value may hold inside each other; schemas are written out with their types nested.
  static let depthLimit = 100
  /// References followed in all: what writing out every schema with all that it holds would take.
  static let stepLimit = 5_000_000

  func check() {
    let byName = Dictionary(
      records.indices.map { (records[$0].schema.name, $0) }, uniquingKeysWith: { first, _ in first })
    let finite = finiteRecords(byName)
    var reported: Set<Int> = []
    for (index, record) in records.enumerated() where !finite[index] && !reported.contains(index) {
      guard let (path, members) = circle(from: index, byName, finite) else { continue }
      reported.formUnion(members)
      diagnostics.error(
        record.location,
        "record \(record.schema.name) contains itself without end: \(path); make a field optional, an array or a map")
    }
    checkDepth(byName)
  }

  /// True where a value can end. Starts from records that hold no others and follows who waits for them.
  private func finiteRecords(_ byName: [FullName: Int]) -> [Bool] {
    var waiting: [Int: Set<Int>] = [:]
    for (index, record) in records.enumerated() {
      for field in record.schema.fields {
        for needed in Self.directReferences(field.type) {
          if let other = byName[needed] { waiting[other, default: []].insert(index) }
        }
      }
    }
    var finite = records.map { _ in false }
    var queue = Array(records.indices)
    while let index = queue.popLast() {
      guard !finite[index] else { continue }
      let canEnd = records[index].schema.fields.allSatisfy { self.canEnd($0.type, byName, finite) }
      guard canEnd else { continue }
      finite[index] = true
      queue += (waiting[index] ?? []).sorted()
    }
    return finite
  }

  private func canEnd(_ schema: Schema, _ byName: [FullName: Int], _ finite: [Bool]) -> Bool {
    switch schema {
    case .reference(let name): byName[name].map { finite[$0] } ?? true
    case .union(let branches): branches.contains { canEnd($0, byName, finite) }
    default: true
    }
  }

  /// Named types that a value holds without an array or map in between.
  private static func directReferences(_ schema: Schema) -> [FullName] {
    switch schema {
    case .reference(let name): [name]
    case .union(let branches): branches.flatMap { directReferences($0) }
    default: []
    }
  }

  private static func allReferences(_ schema: Schema) -> [FullName] {
    switch schema {
    case .reference(let name): [name]
    case .union(let branches): branches.flatMap { allReferences($0) }
    case .array(let items): allReferences(items)
    case .map(let values): allReferences(values)
    default: []
    }
  }

  /// `A.b -> B.a -> A`: follows the first endless field of each record until a record comes back. Nil when the circle
  /// does not lead through the record itself: then it is reported where it does.
  private func circle(from start: Int, _ byName: [FullName: Int], _ finite: [Bool]) -> (String, Set<Int>)? {
    var path: [String] = []
    var seen: Set<Int> = []
    var index = start
    while seen.insert(index).inserted {
      let record = records[index].schema
      guard let field = record.fields.first(where: { !canEnd($0.type, byName, finite) }),
        let next = Self.directReferences(field.type).compactMap({ byName[$0] }).first(where: { !finite[$0] })
      else { return nil }
      path.append("\(record.name.name).\(field.name)")
      index = next
    }
    guard index == start else { return nil }
    if path.count > 10 { path = Array(path.prefix(5)) + ["…"] + Array(path.suffix(2)) }
    return ((path + [records[start].schema.name.name]).joined(separator: " -> "), seen)
  }

  /// Walks each record's references once, in the order in which a schema that is written out defines them.
  private func checkDepth(_ byName: [FullName: Int]) {
    var references: [[Int]] = []
    for record in records {
      references.append(record.schema.fields.flatMap { Self.allReferences($0.type) }.compactMap { byName[$0] })
    }
    var stepsLeft = Self.stepLimit
    for start in records.indices {
      var visited: Set<Int> = [start]
      var stack: [(record: Int, next: Int)] = [(start, 0)]
      var deepest = 1
      // Each start is walked on its own: what is defined where depends on where the text begins.
      while let top = stack.last {
        let targets = references[top.record]
        guard top.next < targets.count else {
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        stepsLeft -= 1
        guard visited.insert(targets[top.next]).inserted else { continue }
        stack.append((targets[top.next], 0))
        deepest = max(deepest, stack.count)
        if deepest > Self.depthLimit || stepsLeft < 0 { break }
      }
      if stepsLeft < 0 {
        diagnostics.error(records[start].location, "too many records that refer to each other to write schemas out")
        return
      }
      if deepest > Self.depthLimit {
        diagnostics.error(
          records[start].location,
          "record \(records[start].schema.name) holds others more than \(Self.depthLimit) deep")
        return
      }
    }
  }
}
