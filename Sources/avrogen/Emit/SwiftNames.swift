import AvroSchema

/// Every Swift name of a model, decided once so that all emitters agree.
struct SwiftNames {
  private(set) var types: [FullName: String] = [:]
  /// Constants in `Topics`, in the order of the topics.
  private(set) var topics: [String] = []
  /// The enum of a topic that takes several types or one of another module; nil for the others.
  private(set) var topicEnums: [String?] = []
  private(set) var databases: [String] = []
  /// By database, then by table.
  private(set) var rows: [[String]] = []
  /// Names of top-level types: what is nested must not hide them.
  private(set) var topLevel: Set<String> = Naming.reservedTypes

  init(_ model: Model) {
    let typeNames = Naming.typeNames(model.types.map(\.name.name), taken: &topLevel)
    for (type, name) in zip(model.types, typeNames) { types[type.name] = name }
    for module in model.modules { addTypes(of: module) }
    topics = Naming.memberNames(model.topics.map(\.name))
    // A record of another module can't be made to conform to TopicValue here: a second module might do the same.
    let own = Set(model.types.map(\.name))
    let needsEnum = model.topics.map { $0.values.count > 1 || $0.values.contains { !own.contains($0) } }
    let enumTopics = zip(model.topics, needsEnum).filter { $0.1 }.map(\.0.name)
    var enums = Naming.typeNames(enumTopics, taken: &topLevel)[...]
    for isEnum in needsEnum { topicEnums.append(isEnum ? enums.popFirst() : nil) }
    databases = Naming.typeNames(model.databases.map(\.name), taken: &topLevel)
    for database in model.databases {
      var taken = topLevel
      rows.append(Naming.typeNames(database.tables.map { $0.name + "_row" }, taken: &taken))
    }
  }

  /// The names that the module's own run decides on, each with the module before it: `Module::Type` means that type
  /// whatever else is called `Type`, or `Module`.
  private mutating func addTypes(of module: ForeignModule) {
    var taken = Naming.reservedTypes
    let names = Naming.typeNames(module.types.map(\.name.name), taken: &taken)
    for (type, name) in zip(module.types, names) { types[type.name] = "\(Naming.escaped(module.name))::\(name)" }
  }

  subscript(_ name: FullName) -> String { types[name] ?? Naming.typeName(name.name) }
}

/// The top-level Swift name of each type of the model; no two are the same.
func swiftTypeNames(_ model: Model) -> [(name: String, type: Int)] {
  let names = SwiftNames(model)
  return model.types.indices.map { (names[model.types[$0].name], $0) }
}
