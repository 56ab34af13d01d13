import AvroSchema

/// Where a value would contain itself without end: those places, and no others, are boxed.
///
/// Arrays and maps hold their elements elsewhere already. Records are walked in the order of the definitions; a field
/// or union branch that leads back to a record that is being walked is a place.
struct Recursion {
  /// A field of a record, and the branch of its union when that is more than an optional.
  struct Place: Hashable {
    var record: FullName
    var field: Int
    /// Index into the union's branches; nil when the field itself is the place.
    var branch: Int?
  }

  private(set) var boxed: Set<Place> = []
  private var open: Set<FullName> = []
  private var done: Set<FullName> = []
  private let records: [FullName: RecordSchema]

  init(_ model: Model) {
    var records: [FullName: RecordSchema] = [:]
    for type in model.allTypes {
      if case .record(let record) = type.schema { records[record.name] = record }
    }
    self.records = records
    for type in model.types { visit(type.name) }
  }

  func isBoxed(_ record: FullName, field: Int) -> Bool {
    boxed.contains(Place(record: record, field: field, branch: nil))
  }

  func isBoxed(_ record: FullName, field: Int, branch: Int) -> Bool {
    boxed.contains(Place(record: record, field: field, branch: branch))
  }

  private mutating func visit(_ name: FullName) {
    guard let record = records[name], done.insert(name).inserted else { return }
    open.insert(name)
    for (index, field) in record.fields.enumerated() {
      switch field.type {
      case .reference(let target):
        follow(target, from: Place(record: name, field: index, branch: nil))
      case .union(let branches):
        let isOptional = UnionShape(branches).optional != nil
        for (branchIndex, branch) in branches.enumerated() {
          guard case .reference(let target) = branch else { continue }
          follow(target, from: Place(record: name, field: index, branch: isOptional ? nil : branchIndex))
        }
      default: break
      }
    }
    open.remove(name)
  }

  private mutating func follow(_ target: FullName, from place: Place) {
    if open.contains(target) {
      boxed.insert(place)
    } else {
      visit(target)
    }
  }
}

/// What a union is in Swift.
struct UnionShape {
  /// The one type beside null, and where null stands; nil when the union becomes an enum.
  var optional: (wrapped: Schema, nullIndex: Int)?

  init(_ branches: [Schema]) {
    guard branches.count == 2, let nullIndex = branches.firstIndex(where: \.isNull), !branches[1 - nullIndex].isNull
    else { return }
    optional = (branches[1 - nullIndex], nullIndex)
  }
}

extension Schema {
  var isNull: Bool {
    if case .primitive(.null, _) = self { return true }
    return false
  }
}
