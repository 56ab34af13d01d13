/// One thing to do, or to tell. A plan's lines are values, so that they can be compared, sorted and shown in any form.
public enum SynchronizerAction: Sendable, Hashable, Codable {
  /// Creates a topic with what is declared; `replicas` is capped at the number of brokers already.
  case createTopic(name: String, partitions: Int, replicas: Int, config: [String: String])
  case registerSchema(subject: String, recordName: String, schemaText: String)
  /// Only in plans that may delete.
  case deleteTopic(name: String)
}

/// What is declared and what is there are not the same, and the synchronizer leaves it so.
public struct SynchronizerDifference: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable {
    case partitions, replicas, config
  }

  public let topic: String
  public let kind: Kind
  /// The setting's name, for `config`.
  public let setting: String?
  /// `nil` when nothing is declared: the topic has a setting of its own that the definitions don't name.
  public let declared: String?
  /// `nil` when the cluster knows no such setting.
  public let actual: String?
}

/// What a plan wants to be known though it is no difference.
public enum SynchronizerNote: Sendable, Hashable, Codable {
  /// More replicas are declared than there are brokers.
  case cappedReplicas(topic: String, declared: Int, brokers: Int)
  /// A topic of the cluster that the definitions don't have, left alone because nothing may be deleted.
  case undeclaredTopic(name: String)
}

/// What `Synchronizer.apply` does, in this order, and what it says. Equal input gives an equal plan.
public struct SynchronizerPlan: Sendable, Hashable, Codable {
  /// Topics to create by name, then schemas to register by subject, then topics to delete by name.
  public let actions: [SynchronizerAction]
  /// By topic, then kind, then setting.
  public let differences: [SynchronizerDifference]
  public let notes: [SynchronizerNote]
  /// Why the definitions can't be applied at all; a plan with problems has no actions.
  public let problems: [String]

  public var isEmpty: Bool { actions.isEmpty }

  /// One line each, for people: `+` is created, `-` is deleted, `~` differs and is left alone.
  public var lines: [String] {
    var lines = problems.map { "problem: \($0)" }
    lines += cappedLines + notes.compactMap(\.line)
    lines += actions.map(\.line) + differences.map(\.line)
    if actions.isEmpty && problems.isEmpty { lines.append("nothing to do") }
    return lines
  }

  /// One line for all topics that asked for the same number.
  private var cappedLines: [String] {
    var topics: [Int: [String]] = [:]
    var brokerCount = 0
    for case .cappedReplicas(let topic, let declared, let brokers) in notes {
      topics[declared, default: []].append(topic)
      brokerCount = brokers
    }
    return topics.sorted { $0.key < $1.key }.map { declared, names in
      "note: \(count(declared, "replica")) declared, the cluster has \(count(brokerCount, "broker")): "
        + "\(brokerCount) used for \(names.joined(separator: ", "))"
    }
  }
}

extension SynchronizerAction {
  /// The line of this action, for people.
  public var line: String {
    switch self {
    case .createTopic(let name, let partitions, let replicas, let config):
      let settings = config.sorted { $0.key < $1.key }.map { ", \($0.key)=\($0.value)" }.joined()
      return "+ topic \(name): \(count(partitions, "partition")), \(count(replicas, "replica"))\(settings)"
    case .registerSchema(let subject, let recordName, _): return "+ schema \(subject): \(recordName)"
    case .deleteTopic(let name): return "- topic \(name)"
    }
  }
}

extension SynchronizerDifference {
  /// The line of this difference, for people.
  public var line: String {
    let what = setting ?? kind.rawValue
    guard let declared else {
      return "~ topic \(topic): \(what) is \(actual ?? "unset") on the cluster and not declared; left as it is"
    }
    let found = actual.map { "\($0) on the cluster" } ?? "unknown to the cluster"
    return "~ topic \(topic): \(what) declared \(declared), \(found); left as it is"
  }
}

extension SynchronizerNote {
  fileprivate var line: String? {
    switch self {
    case .cappedReplicas: nil
    case .undeclaredTopic(let name): "note: topic \(name) is not declared; left alone (--delete deletes it)"
    }
  }
}

func count(_ number: Int, _ noun: String) -> String {
  "\(number) \(noun)\(number == 1 ? "" : "s")"
}
