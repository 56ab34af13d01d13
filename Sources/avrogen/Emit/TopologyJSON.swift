import AvroSchema
import JSONText

/// Topics, clients, services and databases as one JSON object. Ends with a newline.
func emitTopologyJSON(_ model: Model) -> String {
  let types = model.namedTypes
  var definitions: [FullName: TypeDefinition] = [:]
  for type in model.allTypes { definitions[type.name] = type }
  let topics = model.topics.map { topic -> JSONValue in
    var members: [JSONValue.Member] = [.init("name", .string(topic.name))]
    if let doc = topic.doc { members.append(.init("doc", .string(doc))) }
    members.append(.init("partitions", .integer(Int64(topic.partitions))))
    members.append(.init("replicas", .integer(Int64(topic.replicas))))
    members.append(.init("config", object(topic.config)))
    members.append(.init("key", topic.key.json))
    let subjects = topic.values.map { value -> JSONValue in
      let style = definitions[value]?.textStyle ?? .full
      let schema = Schema.reference(value).json(style, types: types)
      return .object([
        .init("subject", .string(topic.subjects.subject(topic: topic.name, record: value))),
        .init("record", .string(value.description)),
        .init("schema", schema),
      ])
    }
    members.append(.init("subjects", .array(subjects)))
    return .object(members)
  }
  return PrettyJSON.text(
    of: .object([
      .init("topics", .array(topics)),
      .init("unmanaged", strings(model.unmanaged)),
      .init("clients", .object(model.clients.map { .init($0.kind, object($0.properties)) })),
      .init("services", .array(model.services.map(json))),
      .init("databases", .array(model.databases.map(json))),
    ]))
}

extension SubjectStrategy {
  /// As Confluent's serializers name subjects of values.
  func subject(topic: String, record: FullName) -> String {
    switch self {
    case .topicName: "\(topic)-value"
    case .recordName: record.description
    case .topicRecordName: "\(topic)-\(record)"
    }
  }
}

extension TopicKey {
  /// As in the definitions.
  fileprivate var json: JSONValue {
    switch self {
    case .field(let name): .string(name)
    case .time: .string("$time")
    case .none: .string("none")
    }
  }
}

private func json(_ service: ServiceDefinition) -> JSONValue {
  var members: [JSONValue.Member] = [.init("name", .string(service.name))]
  if let doc = service.doc { members.append(.init("doc", .string(doc))) }
  members.append(.init("consumes", strings(service.consumes)))
  members.append(.init("produces", strings(service.produces)))
  members.append(.init("databases", .object(service.databases.map { .init($0.name, .string($0.access)) })))
  return .object(members)
}

private func json(_ database: DatabaseDefinition) -> JSONValue {
  var members: [JSONValue.Member] = [.init("name", .string(database.name))]
  if let doc = database.doc { members.append(.init("doc", .string(doc))) }
  members.append(.init("roles", strings(database.roles)))
  members.append(.init("tables", strings(database.tables.map(\.name))))
  return .object(members)
}

private func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

private func object(_ pairs: [(name: String, value: String)]) -> JSONValue {
  .object(pairs.map { .init($0.name, .string($0.value)) })
}
