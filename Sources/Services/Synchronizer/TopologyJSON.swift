import JSONText
public import TopologyModel

extension TopologyDescription {
  /// Reads what `avrogen topology --json` writes, as far as it is about topics: for definitions of which no Swift was
  /// generated.
  ///
  /// - Throws: for anything else, with the place.
  public init(topologyJSON bytes: [UInt8]) throws(SynchronizerError) {
    let root: JSONValue
    do {
      root = try JSONValue(parsing: bytes)
    } catch {
      throw SynchronizerError(message: "not a topology as \"avrogen topology --json\" writes it: \(error)")
    }
    guard root["topics"] != nil else { throw .missing("topics", "it") }
    self.init(
      topics: try root.items("topics", in: "topology").map { value throws(SynchronizerError) in
        try TopicDescription(value)
      },
      unmanaged: try root.texts("unmanaged", in: "topology"), clusterID: try root.optionalText("cluster"),
      owned: try root.texts("owned", in: "topology"), policies: try TopicPolicies(root["policies"]),
      acls: try root.items("acls", in: "topology").map { value throws(SynchronizerError) in
        try AccessDescription(value)
      })
  }
}

extension TopicDescription {
  fileprivate init(_ value: JSONValue) throws(SynchronizerError) {
    let name = try value.text("name", in: "a topic")
    self.init(
      name: name, partitions: try value.number("partitions", in: "topic \(name)"),
      replicas: try value.number("replicas", in: "topic \(name)"), config: try value.mapping("config", in: name),
      key: try TopicKey(value.text("key", in: "topic \(name)")),
      subjects: try value.items("subjects", in: "topic \(name)").map { subject throws(SynchronizerError) in
        guard let schema = subject["schema"] else { throw .missing("schema", "a subject of topic \(name)") }
        return SubjectDescription(
          subject: try subject.text("subject", in: "topic \(name)"),
          recordName: try subject.text("record", in: "topic \(name)"), schemaText: schema.text)
      }, compatibility: try value.optionalText("compatibility"))
  }
}

extension TopicKey {
  fileprivate init(_ text: String) {
    switch text {
    case "$time": self = .time
    case "none": self = .none
    default: self = .field(text)
    }
  }
}

extension TopicPolicies {
  fileprivate init(_ value: JSONValue?) throws(SynchronizerError) {
    self.init()
    guard let value else { return }
    topicName = try value.optionalText("topicName")
    minPartitions = try value.optionalNumber("minPartitions")
    maxPartitions = try value.optionalNumber("maxPartitions")
    minReplicas = try value.optionalNumber("minReplicas")
    maxReplicas = try value.optionalNumber("maxReplicas")
    if value["configKeys"] != nil { configKeys = try value.texts("configKeys", in: "policies") }
    if let rule = try value.optionalText("minInsyncReplicas") {
      guard let known = InsyncRule(rawValue: rule) else { throw .missing("known minInsyncReplicas", "policies") }
      minInsyncReplicas = known
    }
  }
}

extension AccessDescription {
  fileprivate init(_ value: JSONValue) throws(SynchronizerError) {
    guard let resource = Resource(rawValue: try value.text("resource", in: "an ACL")) else {
      throw .missing("known resource", "an ACL")
    }
    self.init(
      principal: try value.text("principal", in: "an ACL"), resource: resource,
      name: try value.text("name", in: "an ACL"), operations: try value.texts("operations", in: "an ACL"),
      host: try value.text("host", in: "an ACL"), isAllowed: value["isAllowed"] != .bool(false))
  }
}

extension SynchronizerError {
  fileprivate static func missing(_ name: String, _ place: String) -> SynchronizerError {
    SynchronizerError(message: "the topology has no \(name) in \(place); write it with \"avrogen topology --json\"")
  }
}

extension JSONValue {
  fileprivate func optionalText(_ name: String) throws(SynchronizerError) -> String? {
    self[name] == nil ? nil : try text(name, in: "topology")
  }

  fileprivate func text(_ name: String, in place: String) throws(SynchronizerError) -> String {
    guard case .string(let text)? = self[name] else { throw .missing(name, place) }
    return text
  }

  fileprivate func optionalNumber(_ name: String) throws(SynchronizerError) -> Int? {
    self[name] == nil ? nil : try number(name, in: "policies")
  }

  fileprivate func number(_ name: String, in place: String) throws(SynchronizerError) -> Int {
    guard case .integer(let number)? = self[name], let number = Int(exactly: number) else {
      throw .missing(name, place)
    }
    return number
  }

  /// Empty when it is not there.
  fileprivate func items(_ name: String, in place: String) throws(SynchronizerError) -> [JSONValue] {
    guard let value = self[name] else { return [] }
    guard case .array(let items) = value else { throw .missing("list \(name)", place) }
    return items
  }

  fileprivate func texts(_ name: String, in place: String) throws(SynchronizerError) -> [String] {
    try items(name, in: place).map { item throws(SynchronizerError) in
      guard case .string(let text) = item else { throw .missing("list of texts \(name)", place) }
      return text
    }
  }

  fileprivate func mapping(_ name: String, in topic: String) throws(SynchronizerError) -> [String: String] {
    guard case .object(let members)? = self[name] else { throw .missing(name, "topic \(topic)") }
    var values: [String: String] = [:]
    for member in members {
      guard case .string(let value) = member.value else { throw .missing("text \(member.name)", "topic \(topic)") }
      values[member.name] = value
    }
    return values
  }
}
