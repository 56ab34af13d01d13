/// What all topics of the definitions keep to. What is `nil` says nothing.
public struct TopicPolicies: Sendable, Hashable, Codable {
  /// How `min.insync.replicas` stands to the number of replicas.
  public enum InsyncRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// Fewer, so that one replica may be away and `acks=all` still works.
    case lessThanReplicas
    case atMostReplicas
  }

  /// A ``NamePattern`` that every name matches.
  public var topicName: String?
  public var minPartitions: Int?
  public var maxPartitions: Int?
  public var minReplicas: Int?
  public var maxReplicas: Int?
  /// The only settings that topics may have.
  public var configKeys: [String]?
  public var minInsyncReplicas: InsyncRule?

  public init(
    topicName: String? = nil, minPartitions: Int? = nil, maxPartitions: Int? = nil, minReplicas: Int? = nil,
    maxReplicas: Int? = nil, configKeys: [String]? = nil, minInsyncReplicas: InsyncRule? = nil
  ) {
    self.topicName = topicName
    self.minPartitions = minPartitions
    self.maxPartitions = maxPartitions
    self.minReplicas = minReplicas
    self.maxReplicas = maxReplicas
    self.configKeys = configKeys
    self.minInsyncReplicas = minInsyncReplicas
  }

  /// Where a topic breaks a policy.
  public struct Violation: Sendable, Hashable {
    public enum Place: Sendable, Hashable {
      case name, partitions, replicas
      case setting(String)
    }

    public var place: Place
    /// Without the topic's name.
    public var message: String
  }

  /// What of a topic these policies refuse.
  ///
  /// - Parameter config: names and values as they are declared.
  public func violations(
    name: String, partitions: Int, replicas: Int, config: [(name: String, value: String)]
  ) -> [Violation] {
    var found: [Violation] = []
    // A pattern that is none is reported where it is declared.
    if let topicName, let pattern = try? NamePattern(topicName), !pattern.matches(name) {
      found.append(Violation(place: .name, message: "the name is not of the form \(topicName), which policies ask for"))
    }
    found += Self.outside(partitions, minPartitions, maxPartitions, "partitions", .partitions)
    found += Self.outside(replicas, minReplicas, maxReplicas, "replicas", .replicas)
    for setting in config {
      if let configKeys, !configKeys.contains(setting.name) {
        found.append(
          Violation(
            place: .setting(setting.name),
            message: "\(setting.name) is not among the settings that policies allow: "
              + (configKeys.isEmpty ? "none" : configKeys.joined(separator: ", "))))
      }
    }
    if let minInsyncReplicas, let setting = config.first(where: { $0.name == "min.insync.replicas" }),
      let insync = Int(setting.value), insync > (minInsyncReplicas == .atMostReplicas ? replicas : replicas - 1)
    {
      let bound = minInsyncReplicas == .atMostReplicas ? "at most" : "less than"
      found.append(
        Violation(
          place: .setting(setting.name),
          message: "min.insync.replicas is \(insync), and policies ask for \(bound) the replicas, \(replicas)"))
    }
    return found
  }

  private static func outside(
    _ value: Int, _ low: Int?, _ high: Int?, _ what: String, _ place: Violation.Place
  ) -> [Violation] {
    if let low, value < low {
      return [Violation(place: place, message: "\(value) \(what), and policies ask for at least \(low)")]
    }
    if let high, value > high {
      return [Violation(place: place, message: "\(value) \(what), and policies allow at most \(high)")]
    }
    return []
  }
}
