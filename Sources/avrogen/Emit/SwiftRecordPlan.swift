import AvroSchema

/// A record in Swift terms: its properties and the enums of its unions.
struct SwiftRecordPlan {
  struct Property {
    var field: RecordSchema.Field
    var name: String
    var type: SwiftType
    /// Name of the stored property that holds the value in a box; nil when the property itself is stored.
    var boxName: String?
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
    var isBoxed: Bool
  }

  private(set) var properties: [Property] = []
  private(set) var unions: [Union] = []
  private let context: SwiftContext
  private var taken: Set<String>

  init(_ record: RecordSchema, _ context: SwiftContext) {
    self.context = context
    taken = context.names.topLevel
    let boxed = record.fields.indices.filter { context.recursion.isBoxed(record.name, field: $0) }
    var names = Naming.memberNames(record.fields.map(\.name) + boxed.map { record.fields[$0].name + "_box" })[...]
    for field in record.fields {
      properties.append(Property(field: field, name: names.popFirst() ?? "", type: .value(""), boxName: nil))
    }
    for index in boxed { properties[index].boxName = names.popFirst() }
    for (index, field) in record.fields.enumerated() {
      let boxes = { (branch: Int) in context.recursion.isBoxed(record.name, field: index, branch: branch) }
      properties[index].type = type(of: field.type, path: field.name, fieldName: field.name, boxes)
    }
  }

  /// A name for the parameter of a function that uses the properties' names: `preferred` unless a property has it.
  func parameterName(_ preferred: String) -> String {
    let names = Set(properties.map(\.name))
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
      let payload =
        branch.isNull
        ? nil : type(of: branch, path: "\(path)_\(branch.caseName)", fieldName: fieldName) { _ in false }
      unions[place].branches.append(Branch(name: cases[index], type: payload, isBoxed: boxes(index)))
    }
    return .value(name)
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
