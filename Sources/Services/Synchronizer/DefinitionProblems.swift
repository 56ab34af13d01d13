import AvroSchema
import KafkaRuntime
import TopologyModel

/// What is wrong with the definitions themselves, whatever the cluster has, and whether it is the right cluster.
struct DefinitionProblems {
  private let declared: TopologyDescription
  private let actual: ActualState

  init(_ declared: TopologyDescription, _ actual: ActualState) {
    self.declared = declared
    self.actual = actual
  }

  /// Sorted.
  var all: [String] { Set(cluster + topics + schemas + access).sorted() }

  private var cluster: [String] {
    if actual.brokerIDs.isEmpty { return ["the cluster has no broker; wait until one has joined"] }
    guard let id = declared.clusterID, id != actual.clusterID else { return [] }
    return [
      "this is cluster \(actual.clusterID), and the definitions are for \(id): name its brokers, or correct \"cluster\""
    ]
  }

  private var topics: [String] {
    var problems: [String] = []
    var names: Set<String> = []
    if let pattern = declared.policies.topicName {
      do { _ = try NamePattern(pattern) } catch { problems.append("policies: topicName: \(error)") }
    }
    for topic in declared.topics {
      if !Self.isLegal(topic.name) {
        problems.append("\"\(topic.name)\" is no topic name: up to 249 letters, digits, dots, hyphens and underscores")
      }
      if !names.insert(topic.name).inserted { problems.append("topic \(topic.name) is declared twice") }
      if topic.partitions < 1 { problems.append("topic \(topic.name) needs at least one partition") }
      if topic.replicas < 1 { problems.append("topic \(topic.name) needs at least one replica") }
      if Synchronizer.isInternal(topic: topic.name) {
        problems.append("topic \(topic.name) belongs to the brokers or the registry; choose another name")
      } else if declared.isUnmanaged(topic.name) {
        problems.append("topic \(topic.name) is declared, and named under unmanaged too")
      }
      let violations = declared.policies.violations(
        name: topic.name, partitions: topic.partitions, replicas: topic.replicas,
        config: topic.config.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
      problems += violations.map { "topic \(topic.name): \($0.message)" }
    }
    if declared.owned.contains("*") { problems.append("owned can't be *: other topics belong to others") }
    return problems
  }

  /// What brokers take for a name.
  private static func isLegal(_ name: String) -> Bool {
    (1...249).contains(name.utf8.count) && name != "." && name != ".."
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  private var schemas: [String] {
    var problems: [String] = []
    var texts: [String: String] = [:]
    for schema in declared.schemas {
      if let text = texts[schema.subject], text != schema.text {
        problems.append(
          "subject \(schema.subject) is to have several schemas; give its topics another subject strategy")
      }
      texts[schema.subject] = schema.text
      do {
        _ = try Schema(parsing: schema.text)
      } catch {
        problems.append("subject \(schema.subject): the schema of \(schema.recordName) is none: \(error)")
      }
    }
    for (subject, levels) in declared.levels {
      if levels.count > 1 {
        problems.append("subject \(subject) is to have several levels: \(levels.sorted().joined(separator: ", "))")
      }
      for level in levels where CompatibilityMode(rawValue: level) == nil {
        problems.append("subject \(subject): \(level) is no compatibility level")
      }
    }
    return problems
  }

  private var access: [String] {
    declared.acls.flatMap { rule in
      rule.operations.filter { !AccessDescription.operations(on: rule.resource).contains($0) }.map {
        "acls: \($0) is no operation on a \(rule.resource.rawValue)"
      }
    }
  }
}
