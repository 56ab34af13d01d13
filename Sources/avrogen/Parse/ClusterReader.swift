import TopologyModel

/// The sections `cluster`, `policies` and `acls`: what the synchronizer keeps to.
extension DefinitionReader {
  /// Sections that other tools have, and why this language has none.
  static let refusedSections = [
    "quotas": "quotas can't be declared: librdkafka 2.0.2 has no call that sets them; use kafka-configs",
    "users": "users can't be declared: librdkafka 2.0.2 has no call for SCRAM credentials; use kafka-configs",
  ]

  func readCluster(_ node: Node) {
    guard let id = text(node, "cluster") else { return }
    guard id.utf8.count <= 255, id.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }) else {
      diagnostics.error(node.location, "\(quoted(id)) is not a cluster id: up to 255 ASCII characters without blanks")
      return
    }
    guard isFirst("section", "cluster", node.location) else { return }
    draft.cluster = id
  }

  // MARK: Policies

  func readPolicies(_ node: Node) {
    let keys = ["topicName", "partitions", "replicas", "configKeys", "minInsyncReplicas"]
    if node.isNull { return }
    guard checkKeys(node, of: "policies", keys), isFirst("section", "policies", node.location) else { return }
    var policies = TopicPolicies()
    if let pattern = node["topicName"], let text = text(pattern, "topicName") {
      do throws(NamePattern.Invalid) {
        policies.topicName = try NamePattern(text).text
      } catch {
        diagnostics.error(pattern.location, "\(quoted(text)) is not a pattern: \(error)")
      }
    }
    (policies.minPartitions, policies.maxPartitions) = readBounds(node["partitions"], "partitions", upTo: 100_000)
    (policies.minReplicas, policies.maxReplicas) = readBounds(node["replicas"], "replicas", upTo: 32_767)
    if let list = node["configKeys"] {
      policies.configKeys = nameList(list, "configKeys").compactMap { name in
        if Names.isPropertyName(name.text) { return name.text }
        diagnostics.error(name.location, "\(quoted(name.text)) is not a property name")
        return nil
      }.sorted()
    }
    if let rule = node["minInsyncReplicas"] {
      policies.minInsyncReplicas = choice(
        rule, "rule of minInsyncReplicas", among: TopicPolicies.InsyncRule.allCases)
    }
    draft.policies = policies
  }

  private func readBounds(_ node: Node?, _ what: String, upTo limit: Int) -> (Int?, Int?) {
    guard let node, checkKeys(node, of: "\(what) of policies", ["min", "max"]) else { return (nil, nil) }
    let low = node["min"].flatMap { integer($0, "min", in: 1...limit) }
    let high = node["max"].flatMap { integer($0, "max", in: 1...limit) }
    if let low, let high, low > high {
      diagnostics.error(node.location, "no number of \(what) is at least \(low) and at most \(high)")
      return (nil, nil)
    }
    return (low, high)
  }

  // MARK: ACLs

  func readAccess(_ node: Node) {
    if node.isNull { return }
    guard let items = node.items else {
      diagnostics.error(node.location, "acls must be a list, this is \(node.kind)")
      return
    }
    for item in items {
      if let rule = readRule(item) { draft.acls.append(rule) }
    }
  }

  private func readRule(_ node: Node) -> AccessDescription? {
    let resources = AccessDescription.Resource.allCases.map(\.rawValue)
    guard checkKeys(node, of: "an ACL", ["principal"] + resources + ["operations", "host", "permission"]) else {
      return nil
    }
    let principal = node["principal"].flatMap { readPrincipal($0) }
    if node["principal"] == nil { diagnostics.error(node.location, "an ACL needs a principal, such as User:alice") }
    let named = resources.filter { node[$0] != nil }
    guard named.count == 1, let key = named.first, let value = node[key],
      let resource = AccessDescription.Resource(rawValue: key)
    else {
      diagnostics.error(node.location, "an ACL names one of topic, group and cluster, this one \(named.count) of them")
      return nil
    }
    let name = readResourceName(value, resource)
    let operations = readOperations(node, on: resource)
    var isAllowed = true
    if let permission = node["permission"] {
      let text = text(permission, "permission")
      if let text, text != "allow", text != "deny" {
        let hint = diagnostics.hint(text, among: ["allow", "deny"])
        diagnostics.error(permission.location, "permission is allow or deny, not \(quoted(text))\(hint)")
      }
      isAllowed = text != "deny"
    }
    let host = node["host"].map { text($0, "host") } ?? "*"
    guard let principal, let name, let operations, let host else { return nil }
    return AccessDescription(
      principal: principal, resource: resource, name: name, operations: operations, host: host, isAllowed: isAllowed)
  }

  private func readPrincipal(_ node: Node) -> String? {
    guard let text = text(node, "principal") else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty { return text }
    diagnostics.error(node.location, "\(quoted(text)) is not a principal: a kind and a name, such as User:alice")
    return nil
  }

  private func readResourceName(_ node: Node, _ resource: AccessDescription.Resource) -> String? {
    switch resource {
    case .cluster:
      guard flag(node, "cluster") else {
        if node.value == .bool(false) { diagnostics.error(node.location, "cluster is true, or not there") }
        return nil
      }
      return ""
    case .group: return text(node, "group")
    case .topic:
      guard let text = text(node, "topic") else { return nil }
      let name = text.hasSuffix("*") ? String(text.dropLast()) : text
      if text == "*" || Names.isTopicName(name) { return text }
      diagnostics.error(node.location, "\(quoted(text)) is neither a topic name nor one with * at its end")
      return nil
    }
  }

  private func readOperations(_ node: Node, on resource: AccessDescription.Resource) -> [String]? {
    guard let list = node["operations"] else {
      diagnostics.error(node.location, "an ACL needs operations, such as [read, describe]")
      return nil
    }
    let known = AccessDescription.operations(on: resource)
    let names = nameList(list, "operations")
    for name in names where !known.contains(name.text) {
      let hint = diagnostics.hint(name.text, among: known)
      diagnostics.error(
        name.location,
        "unknown operation \(quoted(name.text)) on a \(resource.rawValue); known are \(known.joined(separator: ", "))\(hint)"
      )
    }
    if names.isEmpty && list.items?.isEmpty != false {
      diagnostics.error(list.location, "operations needs at least one")
    }
    return names.isEmpty ? nil : names.map(\.text)
  }
}
