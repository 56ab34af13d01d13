import TopologyModel

/// The sections `clients`, `topics` and `services`.
extension DefinitionReader {
  func readClients(_ node: Node) {
    for pair in entries(node, of: "clients") {
      guard ["producer", "consumer"].contains(pair.key) else {
        let hint = diagnostics.hint(pair.key, among: ["producer", "consumer"])
        diagnostics.error(pair.keyLocation, "clients are producer and consumer, not \(quoted(pair.key))\(hint)")
        continue
      }
      let properties = readProperties(pair.value, of: pair.key)
      guard isFirst("client", pair.key, pair.keyLocation) else { continue }
      draft.clients.append(ClientSettings(kind: pair.key, properties: properties))
    }
  }

  /// Names and scalars as text, sorted.
  private func readProperties(_ node: Node, of what: String) -> [(name: String, value: String)] {
    var properties: [(name: String, value: String)] = []
    for pair in entries(node, of: what) {
      guard Names.isPropertyName(pair.key) else {
        diagnostics.error(pair.keyLocation, "\(quoted(pair.key)) is not a property name")
        continue
      }
      guard let value = text(pair.value, pair.key) else { continue }
      properties.append((name: pair.key, value: value))
    }
    return properties.sorted { $0.name < $1.name }
  }

  // MARK: Topics

  private static let topicKeys = [
    "doc", "partitions", "replicas", "value", "values", "key", "subjects", "compatibility", "config",
  ]

  func readTopics(_ node: Node, file: Int) {
    for pair in entries(node, of: "topics") {
      guard Names.isTopicName(pair.key) else {
        diagnostics.error(
          pair.keyLocation,
          "\(quoted(pair.key)) is not a topic name: up to 249 letters, digits, dots, hyphens and underscores")
        continue
      }
      guard let topic = readTopic(pair, file: file), isFirst("topic", pair.key, pair.keyLocation) else { continue }
      draft.topics.append(topic)
    }
  }

  private func readTopic(_ pair: Node.Pair, file: Int) -> TopicDraft? {
    let node = pair.value
    guard checkKeys(node, of: "a topic", Self.topicKeys) else { return nil }
    var definition = TopicDefinition(
      name: pair.key, doc: doc(node), file: file, partitions: 1, replicas: 1, config: [], values: [], key: .none,
      subjects: .topicName)
    if let partitions = node["partitions"] {
      definition.partitions = integer(partitions, "partitions", in: 1...100_000) ?? 1
    }
    if let replicas = node["replicas"] {
      definition.replicas = integer(replicas, "replicas", in: 1...32_767) ?? 1
    }
    if let config = node["config"] { definition.config = readProperties(config, of: "config") }
    if let subjects = node["subjects"] {
      definition.subjects = choice(subjects, "subject strategy", among: SubjectStrategy.allCases) ?? .topicName
    }
    definition.compatibility = node["compatibility"].flatMap { readCompatibility($0) }
    if let key = node["key"] { definition.key = readKey(key) }
    var values: [LocatedText] = []
    if let value = node["value"], let name = text(value, "value") {
      values = [LocatedText(text: name, location: value.location)]
    }
    if let list = node["values"] {
      if node["value"] != nil {
        diagnostics.error(list.location, "a topic has either value or values")
      } else {
        values = nameList(list, "values")
        if values.isEmpty { diagnostics.error(list.location, "values needs at least one record") }
      }
    }
    checkTopic(definition, node, values)
    return TopicDraft(
      definition: definition, location: pair.keyLocation, values: values,
      keyLocation: node["key"]?.location ?? pair.keyLocation, partLocations: partLocations(node))
  }

  private func partLocations(_ node: Node) -> [TopicPolicies.Violation.Place: Location] {
    var locations: [TopicPolicies.Violation.Place: Location] = [:]
    locations[.partitions] = node["partitions"]?.location
    locations[.replicas] = node["replicas"]?.location
    for pair in node["config"]?.pairs ?? [] { locations[.setting(pair.key)] = pair.keyLocation }
    return locations
  }

  private func readKey(_ node: Node) -> TopicKey {
    guard let text = text(node, "key") else { return .none }
    switch text {
    case "none": return .none
    case "$time": return .time
    default:
      if Names.isAvroName(text) { return .field(text) }
      diagnostics.error(node.location, "key is the name of a field, $time or none, not \(quoted(text))")
      return .none
    }
  }

  private func checkTopic(_ topic: TopicDefinition, _ node: Node, _ values: [LocatedText]) {
    if values.count > 1, topic.subjects == .topicName {
      let location = node["subjects"]?.location ?? node["values"]?.location ?? node.location
      diagnostics.error(location, "a topic of several records needs subjects: topicRecordName or recordName")
    }
    guard node["value"] == nil, node["values"] == nil else { return }
    if case .field(let name) = topic.key {
      let location = node["key"]?.location ?? node.location
      diagnostics.error(location, "key \(quoted(name)) needs a value that has the field; this topic takes raw bytes")
    }
    if let subjects = node["subjects"] {
      diagnostics.error(subjects.location, "a topic without value has no subjects")
    }
    if let compatibility = node["compatibility"] {
      diagnostics.error(compatibility.location, "a topic without value has no schemas to be compatible")
    }
  }

  // MARK: Services

  func readServices(_ node: Node) {
    for pair in entries(node, of: "services") {
      guard Names.isServiceName(pair.key) else {
        diagnostics.error(
          pair.keyLocation, "\(quoted(pair.key)) is not a service name: letters, digits, underscores and hyphens")
        continue
      }
      guard checkKeys(pair.value, of: "a service", ["doc", "consumes", "produces", "databases"]),
        isFirst("service", pair.key, pair.keyLocation)
      else { continue }
      let consumes = pair.value["consumes"].map { nameList($0, "consumes") } ?? []
      let produces = pair.value["produces"].map { nameList($0, "produces") } ?? []
      var databases: [(name: String, access: String)] = []
      var databaseNames: [LocatedText] = []
      for entry in pair.value["databases"].map({ entries($0, of: "databases") }) ?? [] {
        guard let access = text(entry.value, "access") else { continue }
        if access != "read", access != "write" {
          let hint = diagnostics.hint(access, among: ["read", "write"])
          diagnostics.error(entry.value.location, "access is read or write, not \(quoted(access))\(hint)")
        }
        databases.append((name: entry.key, access: access))
        databaseNames.append(LocatedText(text: entry.key, location: entry.keyLocation))
      }
      let definition = ServiceDefinition(
        name: pair.key, doc: doc(pair.value), consumes: consumes.map(\.text), produces: produces.map(\.text),
        databases: databases)
      draft.services.append(
        ServiceDraft(definition: definition, topics: consumes + produces, databases: databaseNames))
    }
  }
}
