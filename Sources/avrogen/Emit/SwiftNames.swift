import AvroSchema

/// Every Swift name of a model, decided once so that all emitters agree.
struct SwiftNames {
  private(set) var types: [FullName: String] = [:]
  /// Constants in `Topics`, in the order of the topics.
  private(set) var topics: [String] = []
  /// The enum of a topic that takes several types; nil for the others.
  private(set) var topicEnums: [String?] = []
  private(set) var databases: [String] = []
  /// By database, then by table.
  private(set) var rows: [[String]] = []
  /// Names of top-level types: what is nested must not hide them.
  private(set) var topLevel: Set<String> = Naming.reservedTypes

  init(_ model: Model) {
    let typeNames = Naming.typeNames(model.types.map(\.name.name), taken: &topLevel)
    for (type, name) in zip(model.types, typeNames) { types[type.name] = name }
    topics = Naming.memberNames(model.topics.map(\.name))
    let several = model.topics.filter { $0.values.count > 1 }.map(\.name)
    var enums = Naming.typeNames(several, taken: &topLevel)[...]
    for topic in model.topics { topicEnums.append(topic.values.count > 1 ? enums.popFirst() : nil) }
    databases = Naming.typeNames(model.databases.map(\.name), taken: &topLevel)
    for database in model.databases {
      var taken = topLevel
      rows.append(Naming.typeNames(database.tables.map { $0.name + "_row" }, taken: &taken))
    }
  }

  subscript(_ name: FullName) -> String { types[name] ?? Naming.typeName(name.name) }
}

/// The top-level Swift name of each type of the model; no two are the same.
func swiftTypeNames(_ model: Model) -> [(name: String, type: Int)] {
  let names = SwiftNames(model)
  return model.types.indices.map { (names[model.types[$0].name], $0) }
}
