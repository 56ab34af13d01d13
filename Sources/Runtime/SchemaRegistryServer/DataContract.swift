import JSONText

/// What Confluent calls a data contract: metadata and rules beside a schema. The registry keeps them, checks their
/// shape and fills them in; what they say is for clients to carry out.
enum DataContract {
  // MARK: Shape

  /// Throws for what is not metadata: `tags` by path, `properties` by name, `sensitive` names.
  static func checkMetadata(_ json: JSONValue, _ name: String) throws(RegistryFailure) {
    guard case .object(let members) = json else { throw .invalidSchema("\"\(name)\" is not an object") }
    for member in members where member.value != .null {
      let isRight =
        switch member.name {
        case "tags": member.value.isObject(of: { $0.isArrayOfStrings })
        case "properties": member.value.isObject(of: { if case .string = $0 { true } else { false } })
        case "sensitive": member.value.isArrayOfStrings
        default: false
        }
      guard isRight else {
        throw .invalidSchema("\"\(name)\" has a \"\(member.name)\" that is not known or of another type")
      }
    }
  }

  private static let ruleLists = ["migrationRules", "domainRules", "encodingRules"]
  private static let kinds: Set<String> = ["TRANSFORM", "CONDITION"]
  private static let migrationModes: Set<String> = ["UPGRADE", "DOWNGRADE", "UPDOWN"]
  private static let domainModes: Set<String> = ["WRITE", "READ", "WRITEREAD"]

  /// Throws for what is not a rule set: lists of rules, each with a name of its own, a type, a kind and a mode that
  /// belongs to its list.
  static func checkRuleSet(_ json: JSONValue) throws(RegistryFailure) {
    guard case .object(let members) = json else { throw .invalidRuleSet("it is not an object") }
    for member in members where member.value != .null {
      if member.name == "enableAt" { continue }
      guard ruleLists.contains(member.name), case .array(let rules) = member.value else {
        throw .invalidRuleSet("it has a \"\(member.name)\" that is not one of its lists of rules")
      }
      var names: Set<ExactText> = []
      for rule in rules {
        guard let name = rule.text("name"), !name.isEmpty, name.utf8.count <= 255 else {
          throw .invalidRuleSet("a rule in \(member.name) has no name")
        }
        guard names.insert(ExactText(name)).inserted else {
          throw .invalidRuleSet("\(member.name) has two rules '\(name)'")
        }
        try checkRule(rule, name: name, list: member.name)
      }
    }
  }

  private static func checkRule(_ rule: JSONValue, name: String, list: String) throws(RegistryFailure) {
    guard let type = rule.text("type"), !type.isEmpty else { throw .invalidRuleSet("rule '\(name)' has no type") }
    if let kind = rule.present("kind") {
      guard case .string(let text) = kind, kinds.contains(text) else {
        throw .invalidRuleSet("the kind of rule '\(name)' is TRANSFORM or CONDITION, not \(kind.text)")
      }
    }
    let modes = list == "migrationRules" ? migrationModes : domainModes
    if let mode = rule.present("mode") {
      guard case .string(let text) = mode, modes.contains(text) else {
        let names = modes.sorted().joined(separator: ", ")
        throw .invalidRuleSet("the mode of rule '\(name)' in \(list) is one of \(names), not \(mode.text)")
      }
    }
  }

  // MARK: Filling in

  /// What of a configuration is filled into what is registered.
  static let settings = ["defaultMetadata", "overrideMetadata", "defaultRuleSet", "overrideRuleSet"]

  private static let versionProperty = "confluent:version"

  /// Metadata of the next version: the configuration's defaults, over them what is its own or of the version before,
  /// over all the configuration's overrides.
  ///
  /// - Parameter isVersionSent: then the metadata says which version it is, as it does ever after.
  static func metadata(
    _ own: JSONValue?, _ configuration: JSONValue, nextVersion: Int32, isVersionSent: Bool
  ) -> JSONValue? {
    let layers = [configuration.present("defaultMetadata"), own, configuration.present("overrideMetadata")]
    var merged = layers.reduce(nil, mergedMetadata)
    if isVersionSent || merged?["properties"]?[versionProperty] != nil {
      let version = JSONValue.object([.init(versionProperty, .string(String(nextVersion)))])
      merged = mergedMetadata(merged, .object([.init("properties", version)]))
    }
    return merged
  }

  static func ruleSet(_ own: JSONValue?, _ configuration: JSONValue) -> JSONValue? {
    [configuration.present("defaultRuleSet"), own, configuration.present("overrideRuleSet")]
      .reduce(nil, mergedRuleSet)
  }

  private static func mergedMetadata(_ below: JSONValue?, _ above: JSONValue?) -> JSONValue? {
    guard let below, let above else { return above ?? below }
    var members: [JSONValue.Member] = []
    for name in ["tags", "properties"] {
      if let merged = mergedObject(below.present(name), above.present(name)) { members.append(.init(name, merged)) }
    }
    var sensitive: [JSONValue] = []
    for case .array(let names)? in [below["sensitive"], above["sensitive"]] {
      sensitive += names.filter { !sensitive.contains($0) }
    }
    if !sensitive.isEmpty { members.append(.init("sensitive", .array(sensitive))) }
    return .object(members)
  }

  private static func mergedObject(_ below: JSONValue?, _ above: JSONValue?) -> JSONValue? {
    guard case .object(let low)? = below, case .object(let high)? = above else { return above ?? below }
    return .object(low.filter { member in !high.contains { $0.name.isExactly(member.name) } } + high)
  }

  /// Rules of the same name are replaced.
  private static func mergedRuleSet(_ below: JSONValue?, _ above: JSONValue?) -> JSONValue? {
    guard let below, let above else { return above ?? below }
    var members: [JSONValue.Member] = []
    for list in ruleLists {
      guard case .array(let low)? = below.present(list) else {
        if let high = above.present(list) { members.append(.init(list, high)) }
        continue
      }
      guard case .array(let high)? = above.present(list) else {
        members.append(.init(list, .array(low)))
        continue
      }
      let names = Set(high.compactMap { $0.text("name") }.map(ExactText.init))
      members.append(
        .init(list, .array(low.filter { !names.contains(ExactText($0.text("name") ?? "")) } + high)))
    }
    if let time = above.present("enableAt") ?? below.present("enableAt") { members.append(.init("enableAt", time)) }
    return .object(members)
  }
}

extension JSONValue {
  fileprivate func isObject(of values: (JSONValue) -> Bool) -> Bool {
    if case .object(let members) = self { members.allSatisfy { values($0.value) } } else { false }
  }

  fileprivate var isArrayOfStrings: Bool {
    guard case .array(let items) = self else { return false }
    return items.allSatisfy { if case .string = $0 { true } else { false } }
  }
}
