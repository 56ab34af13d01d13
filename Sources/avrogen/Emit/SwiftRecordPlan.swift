import AvroSchema

/// A record in Swift terms: its properties and the enums of its unions.
struct SwiftRecordPlan {
  struct Property {
    var field: RecordSchema.Field
    var name: String
    var type: SwiftType
    /// Name of the stored property that holds the value in a box; nil when the property itself is stored.
    var boxName: String?
    /// Its form in the record's `View`.
    var view: SwiftViewType
    /// Name of what tells where the value lies, in the record's `Packed`.
    var placeName: String
  }

  struct Union {
    /// Nested in the record.
    var name: String
    /// Where it stands: `field`, or `field`'s element.
    var fieldName: String
    var branches: [Branch]
  }

  struct Branch {
    var name: String
    /// Nil for null.
    var type: SwiftType?
    var view: SwiftViewType?
    var isBoxed: Bool
    var path: String
  }

  /// A struct around an item of an array or map that has no AvroView of its own.
  struct Wrapper {
    var name: String
    var fieldName: String
    var type: SwiftViewType
  }

  private(set) var properties: [Property] = []
  private(set) var unions: [Union] = []
  private(set) var wrappers: [Wrapper] = []
  private let context: SwiftContext
  private var taken: Set<String>

  init(_ record: RecordSchema, _ context: SwiftContext) {
    self.context = context
    taken = context.names.topLevel
    let boxed = record.fields.indices.filter { context.recursion.isBoxed(record.name, field: $0) }
    let fields = record.fields.map(\.name)
    let stored = fields + boxed.map { fields[$0] + "_box" } + fields.map { $0 + "_place" }
    let names = Naming.memberNames(stored, unusable: Naming.recordMembers)
    let placeNames = names.suffix(fields.count)
    for (field, (name, placeName)) in zip(record.fields, zip(names, placeNames)) {
      properties.append(
        Property(
          field: field, name: name, type: .value(""), boxName: nil, view: .view(""), placeName: placeName))
    }
    for (index, name) in zip(boxed, names.dropFirst(fields.count)) { properties[index].boxName = name }
    for (index, field) in record.fields.enumerated() {
      let boxes = { (branch: Int) in context.recursion.isBoxed(record.name, field: index, branch: branch) }
      properties[index].type = type(of: field.type, path: field.name, fieldName: field.name, boxes)
    }
    addViews()
  }

  /// After the record's own types, which so have their names whatever the views need.
  private mutating func addViews() {
    for (index, property) in properties.enumerated() {
      properties[index].view = viewType(
        of: property.type, path: property.field.name, fieldName: property.field.name,
        isBoxed: property.boxName != nil)
    }
    for (place, union) in unions.enumerated() {
      for (index, branch) in union.branches.enumerated() {
        guard let type = branch.type else { continue }
        unions[place].branches[index].view = viewType(
          of: type, path: branch.path, fieldName: union.fieldName, isBoxed: branch.isBoxed)
      }
    }
  }

  /// The name of a new wrapper, as it is seen from the record.
  mutating func addWrapper(of type: SwiftViewType, path: String, fieldName: String) -> String {
    let name = Naming.typeNames([path], taken: &taken)[0]
    wrappers.append(Wrapper(name: name, fieldName: fieldName, type: type))
    return "View.\(name)"
  }

  /// A name for the parameter of a function that uses the properties' names: `preferred` unless a property has it.
  func parameterName(_ preferred: String) -> String {
    let names = Set(properties.flatMap { [$0.name, $0.placeName] })
    var name = preferred
    while names.contains(name) { name = "avro" + name.prefix(1).uppercased() + name.dropFirst() }
    return name
  }

  private mutating func type(
    of schema: Schema, path: String, fieldName: String, _ boxes: (Int) -> Bool
  ) -> SwiftType {
    switch schema {
    case .array(let items):
      let item = type(of: items, path: path + "_element", fieldName: fieldName) { _ in false }
      return .array(item, isEmptyItem: context.takesNoBytes(items))
    case .map(let values):
      return .map(type(of: values, path: path + "_value", fieldName: fieldName) { _ in false })
    case .union(let branches):
      if let (wrapped, nullIndex) = UnionShape(branches).optional {
        let inner = type(of: wrapped, path: path, fieldName: fieldName) { _ in false }
        return .optional(inner, valueIndex: 1 - nullIndex)
      }
      return addUnion(branches, path: path, fieldName: fieldName, boxes)
    default: return context.simpleType(schema) ?? .value("AvroNull")
    }
  }

  private mutating func addUnion(
    _ branches: [Schema], path: String, fieldName: String, _ boxes: (Int) -> Bool
  ) -> SwiftType {
    let name = Naming.typeNames([path], taken: &taken)[0]
    let place = unions.count
    unions.append(Union(name: name, fieldName: fieldName, branches: []))
    let cases = Naming.memberNames(branches.map(\.caseName))
    for (index, branch) in branches.enumerated() {
      let path = "\(path)_\(branch.caseName)"
      let payload = branch.isNull ? nil : type(of: branch, path: path, fieldName: fieldName) { _ in false }
      unions[place].branches.append(
        Branch(name: cases[index], type: payload, view: nil, isBoxed: boxes(index), path: path))
    }
    return .value(name, view: "View.\(name)")
  }
}

extension Schema {
  /// What a union's case is named after: the type's own name, without namespace.
  var caseName: String {
    switch self {
    case .primitive(let primitive, _): primitive.rawValue
    case .array: "array"
    case .map: "map"
    case .union: "union"
    case .record(let record): record.name.name
    case .enumeration(let enumeration): enumeration.name.name
    case .fixed(let fixed): fixed.name.name
    case .reference(let name): name.name
    }
  }
}
