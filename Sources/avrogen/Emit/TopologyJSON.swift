import AvroSchema
import JSONText
import TopologyModel

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
    if let compatibility = topic.compatibility, !topic.values.isEmpty {
      members.append(.init("compatibility", .string(compatibility.rawValue)))
    }
    return .object(members)
  }
  var members: [JSONValue.Member] = [
    .init("topics", .array(topics)),
    .init("unmanaged", strings(model.unmanaged)),
    .init("clients", .object(model.clients.map { .init($0.kind, object($0.properties)) })),
    .init("services", .array(model.services.map(json))),
    .init("databases", .array(model.databases.map(json))),
  ]
  if let cluster = model.cluster { members.append(.init("cluster", .string(cluster))) }
  if !model.owned.isEmpty { members.append(.init("owned", strings(model.owned))) }
  if model.policies != TopicPolicies() { members.append(.init("policies", json(model.policies))) }
  if !model.acls.isEmpty { members.append(.init("acls", .array(model.acls.map(json)))) }
  return PrettyJSON.text(of: .object(members))
}

/// Only what is said.
private func json(_ policies: TopicPolicies) -> JSONValue {
  var members: [JSONValue.Member] = []
  if let pattern = policies.topicName { members.append(.init("topicName", .string(pattern))) }
  let bounds = [
    ("minPartitions", policies.minPartitions), ("maxPartitions", policies.maxPartitions),
    ("minReplicas", policies.minReplicas), ("maxReplicas", policies.maxReplicas),
  ]
  for (name, bound) in bounds { if let bound { members.append(.init(name, .integer(Int64(bound)))) } }
  if let keys = policies.configKeys { members.append(.init("configKeys", strings(keys))) }
  if let rule = policies.minInsyncReplicas { members.append(.init("minInsyncReplicas", .string(rule.rawValue))) }
  return .object(members)
}

private func json(_ rule: AccessDescription) -> JSONValue {
  .object([
    .init("principal", .string(rule.principal)), .init("resource", .string(rule.resource.rawValue)),
    .init("name", .string(rule.name)), .init("operations", strings(rule.operations)),
    .init("host", .string(rule.host)), .init("isAllowed", .bool(rule.isAllowed)),
  ])
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
