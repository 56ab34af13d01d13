import KafkaRuntime
import TopologyModel

extension TopologyDescription {
  /// The declared ACLs, one an operation.
  var accessRules: [AccessRule] {
    acls.flatMap { rule in
      rule.operations.compactMap { name -> AccessRule? in
        // Both lists are checked before: DefinitionProblems.
        guard let operation = AccessRule.Operation(rawValue: name),
          let resource = AccessRule.Resource(rawValue: rule.resource.rawValue)
        else { return nil }
        let isPrefix = rule.resource != .cluster && rule.name.hasSuffix("*") && rule.name != "*"
        let name = rule.resource == .cluster ? AccessRule.clusterName : rule.name
        return AccessRule(
          principal: rule.principal, resource: resource, name: isPrefix ? String(name.dropLast()) : name,
          isPrefix: isPrefix, host: rule.host, operation: operation, isAllowed: rule.isAllowed)
      }
    }
  }
}

extension AccessRule {
  /// In words.
  var text: String {
    let place = resource == .cluster ? "the cluster" : "\(resource.rawValue) \(name)\(isPrefix ? "*" : "")"
    let from = host == "*" ? "" : " from \(host)"
    return "\(principal) \(isAllowed ? "may" : "may not") \(operation.rawValue) \(place)\(from)"
  }
}

extension Planner {
  mutating func planAccess() {
    let wanted = Set(declared.accessRules)
    guard !wanted.isEmpty || !declared.owned.isEmpty else { return }
    guard let access = actual.access else {
      let seen = look(at: "acls", "no authorizer")
      if !wanted.isEmpty {
        refuse(
          "acls",
          "the cluster has no authorizer, so it keeps none; set authorizer.class.name on the brokers, or "
            + "declare no ACLs", seen: seen)
      }
      return
    }
    let found = Set(access)
    let gone = found.subtracting(wanted).filter(isOwned)
    for rule in wanted.subtracting(found).sorted(by: { $0.text < $1.text }) {
      changes.append(
        PlannedChange(
          action: .addAccess, target: rule.text, before: nil, after: PlannedState(access: rule), settings: nil,
          reason: "declared, not there", warnings: [], seen: look(at: "acl \(rule.text)", false)))
    }
    for rule in wanted.intersection(found) { _ = look(at: "acl \(rule.text)", true) }
    for rule in gone.sorted(by: { $0.text < $1.text }) {
      let seen = look(at: "acl \(rule.text)", true)
      guard options.deletes else {
        notes.append("acl \(rule.text) is owned and not declared; left alone (--delete removes it)")
        continue
      }
      changes.append(
        PlannedChange(
          action: .removeAccess, target: rule.text, before: PlannedState(access: rule), after: nil, settings: nil,
          reason: "owned, no longer declared", warnings: [], seen: seen))
    }
  }

  /// Rules on what these definitions own; others of the same cluster have theirs.
  private func isOwned(_ rule: AccessRule) -> Bool {
    guard rule.resource != .cluster, rule.name != "*" || rule.isPrefix else { return false }
    if declared.isUnmanaged(rule.name) || Synchronizer.isInternal(topic: rule.name) { return false }
    // A prefixed rule reaches what begins with its name: all of that has to be owned.
    if rule.isPrefix {
      return declared.owned.contains { $0.hasSuffix("*") && rule.name.hasPrefix($0.dropLast()) }
    }
    return declared.isOwned(rule.name)
  }

  mutating func planDeletions() {
    let candidates = actual.topics.filter { declared.mayDelete($0.name) }.sorted { $0.name < $1.name }
    for topic in candidates {
      guard options.deletes else {
        // How many records it has by now is nothing that the plan is about.
        notes.append("topic \(topic.name) is owned and not declared; left alone (--delete deletes it)")
        continue
      }
      let seen = look(at: "topic \(topic.name)", topic.use)
      let content = topic.use.map(\.content) ?? "what it holds is not known"
      guard content.isEmpty || options.deletesNonEmpty else {
        refuse(
          "topic \(topic.name)", "not declared, and \(content): --delete-non-empty deletes it all the same", seen: seen)
        continue
      }
      changes.append(
        PlannedChange(
          action: .deleteTopic, target: topic.name,
          before: PlannedState(
            partitions: topic.replicas.count, records: topic.use?.records, groups: topic.use?.groups.sorted()),
          after: nil, settings: nil, reason: "owned, no longer declared", warnings: [], seen: seen))
    }
    let deletions = changes.filter { $0.action == .deleteTopic }
    if deletions.count > options.maxDeletes {
      refuse(
        "deletions",
        "\(count(deletions.count, "topic")) to delete, and at most \(options.maxDeletes) may be: raise --max-deletes, "
          + "when all of these are to go: \(deletions.map(\.target).joined(separator: ", "))", seen: "")
    }
  }

  mutating func noteWhatIsLeft() {
    let names = Set(declared.topics.map(\.name))
    let others = actual.topics.map(\.name).filter {
      !names.contains($0) && !declared.mayDelete($0) && !declared.isUnmanaged($0)
        && !Synchronizer.isInternal(topic: $0)
    }
    if !others.isEmpty {
      notes.append("not declared and not owned, left alone: topic \(Self.shortened(others.sorted()))")
    }
    let subjects = Set(declared.topics.flatMap(\.subjects).map(\.subject))
    let all = names.union(actual.topics.map(\.name))
    let orphans = actual.subjects.map(\.name).filter { subject in
      !subjects.contains(subject) && isOrphan(subject, topic: Self.topic(of: subject, all), declared: names)
    }.sorted()
    notes += orphans.map { "subject \($0) is an orphan: no topic declares it" }
  }

  /// A subject that no topic declares and that is named after a topic of these definitions, or after one that is gone.
  private func isOrphan(_ subject: String, topic: String?, declared topics: Set<String>) -> Bool {
    let ends = ["-value", "-key", ""].filter { subject.hasSuffix($0) }
    let names = ends.map { String(subject.dropLast($0.count)) }
    if names.contains(where: { declared.isUnmanaged($0) }) { return false }
    if let topic, topics.contains(topic) { return true }
    return names.contains { declared.isOwned($0) }
  }

  /// The topic that a subject is named after: of a and a-b, the second one when it begins with "a-b-".
  private static func topic(of subject: String, _ topics: Set<String>) -> String? {
    var rest = subject[...]
    while let dash = rest.lastIndex(of: "-") {
      rest = rest[..<dash]
      if topics.contains(String(rest)) { return String(rest) }
    }
    return nil
  }

  private static func shortened(_ names: [String]) -> String {
    let shown = names.prefix(10).joined(separator: ", ")
    return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
  }
}

extension TopicUse {
  /// In words; empty when nobody would miss the topic.
  var content: String {
    var parts: [String] = []
    if records > 0 { parts.append("it has \(count(records, "record"))") }
    if !groups.isEmpty { parts.append("it is read by \(groups.sorted().joined(separator: ", "))") }
    return parts.joined(separator: " and ")
  }
}

extension TopologyDescription {
  /// Whether a topic is of those that go when they are not declared.
  func mayDelete(_ topic: String) -> Bool {
    isOwned(topic) && !isUnmanaged(topic) && !Synchronizer.isInternal(topic: topic)
      && !topics.contains { $0.name == topic }
  }
}
