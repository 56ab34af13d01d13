import KafkaRuntime
import SynchronizerService
import Testing
import TopologyModel

/// What definitions can't get to a plan with, because avrogen refuses it first, and the texts of a plan.
@Suite struct PlanTests {
  @Test func definitionsWithProblemsChangeNothing() {
    let declared = TopologyDescription(
      topics: [
        topic("a", 0, subject: "s"), topic("a", subject: "s", text: "\"int\""), topic("_schemas"),
        topic("mine", replicas: 0), topic("level", subject: "l", compatibility: "SIDEWAYS"),
        topic("one", subject: "shared", compatibility: "FULL"), topic("two", subject: "shared", compatibility: "NONE"),
        topic("none", subject: "n", text: "{"),
      ], unmanaged: ["mine"], owned: ["*"],
      acls: [AccessDescription(principal: "User:a", resource: .group, name: "g", operations: ["write"])])
    let plan = Synchronizer.plan(declared: declared, actual: ActualState(clusterID: "c", brokerIDs: [1]))
    #expect(plan.changes.isEmpty)
    #expect(plan.isBlocked)
    let expected = [
      "acls: write is no operation on a group", "owned can't be *: other topics belong to others",
      "subject l: SIDEWAYS is no compatibility level",
      "subject s is to have several schemas; give its topics another subject strategy",
      "subject shared is to have several levels: FULL, NONE",
      "topic _schemas belongs to the brokers or the registry; choose another name", "topic a is declared twice",
      "topic a needs at least one partition", "topic mine is declared, and named under unmanaged too",
      "topic mine needs at least one replica",
    ]
    #expect(plan.problems.filter { !$0.hasPrefix("subject n:") } == expected)
    #expect(plan.problems.contains { $0.hasPrefix("subject n: the schema of nl.Record is none") })
  }

  @Test(arguments: ["", ".", "..", "a b", "a/b", "é", String(repeating: "l", count: 250)])
  func whatBrokersTakeForNoNameIsAProblem(name: String) {
    let plan = Synchronizer.plan(
      declared: TopologyDescription(topics: [topic(name)]), actual: ActualState(clusterID: "c", brokerIDs: [1]))
    #expect(plan.problems.contains { $0.contains("is no topic name") }, "\(plan.problems)")
  }

  /// Neither that a topic is empty nor what it held may be made up.
  @Test func aTopicThatNobodyCountedIsNotDeleted() {
    let declared = TopologyDescription(owned: ["a"])
    let actual = ActualState(clusterID: "c", brokerIDs: [1], topics: [ActualTopic(name: "a", replicas: [[1]])])
    let plan = Synchronizer.plan(declared: declared, actual: actual, options: PlanOptions(deletes: true))
    #expect(plan.changes.isEmpty)
    #expect(plan.refusals.map(\.target) == ["topic a"])
    let forced = Synchronizer.plan(
      declared: declared, actual: actual, options: PlanOptions(deletes: true, deletesNonEmpty: true))
    #expect(forced.changes.map(\.action) == [.deleteTopic])
  }

  @Test func policiesHoldForTopologiesOfOthersToo() {
    let policies = TopicPolicies(
      topicName: "[a-z]+", minPartitions: 2, maxPartitions: 4, minReplicas: 2, maxReplicas: 3,
      configKeys: ["retention.ms", "min.insync.replicas"], minInsyncReplicas: .lessThanReplicas)
    let declared = TopologyDescription(
      topics: [
        topic("good", 2, replicas: 2, ["retention.ms": "1h", "min.insync.replicas": "1"]), topic("Bad", 1, replicas: 1),
        topic("large", 5, replicas: 4, ["segment.bytes": "1", "min.insync.replicas": "4"]),
      ], policies: policies)
    let plan = Synchronizer.plan(declared: declared, actual: ActualState(clusterID: "c", brokerIDs: [1, 2, 3, 4]))
    #expect(
      plan.problems == [
        "topic Bad: 1 partitions, and policies ask for at least 2",
        "topic Bad: 1 replicas, and policies ask for at least 2",
        "topic Bad: the name is not of the form [a-z]+, which policies ask for",
        "topic large: 4 replicas, and policies allow at most 3",
        "topic large: 5 partitions, and policies allow at most 4",
        "topic large: min.insync.replicas is 4, and policies ask for less than the replicas, 4",
        "topic large: segment.bytes is not among the settings that policies allow: retention.ms, min.insync.replicas",
      ])
  }

  @Test func aClusterWithoutBrokersIsWaitedFor() {
    let plan = Synchronizer.plan(
      declared: TopologyDescription(topics: [topic("a")]), actual: ActualState(clusterID: "", brokerIDs: []))
    #expect(plan.problems == ["the cluster has no broker; wait until one has joined"])
  }

  @Test func valuesThatLookAlikeAreNotTheSame() {
    let declared = TopologyDescription(topics: [topic("a", 1, ["retention.ms": "1h", "cleanup.policy": "delete"])])
    let found = ActualTopic(
      name: "a", replicas: [[1]],
      config: [entry("retention.ms", "36000000"), entry("cleanup.policy", "compact,delete"), entry("secret", nil)])
    let plan = Synchronizer.plan(
      declared: declared, actual: ActualState(clusterID: "c", brokerIDs: [1], topics: [found]))
    let settings = plan.changes.first?.settings ?? []
    #expect(settings.map(\.name) == ["cleanup.policy", "retention.ms", "secret"])
    #expect(settings.map(\.after) == ["delete", "3600000", nil])
    #expect(settings.map(\.before) == ["compact,delete", "36000000", nil])
    #expect(plan.changes.first?.after?.config == ["retention.ms": "3600000", "cleanup.policy": "delete"])
  }

  @Test func coloursAreForTerminals() {
    let declared = TopologyDescription(topics: [topic("a")])
    let plan = Synchronizer.plan(declared: declared, actual: ActualState(clusterID: "c", brokerIDs: [1]))
    #expect(plan.lines == ["+ topic a: 1 partition, 1 replica (declared, not there)"])
    #expect(plan.lines(inColour: true) == ["\u{1B}[32m\(plan.lines[0])\u{1B}[0m"])
    #expect(plan.summary == "1 to create")
  }

  @Test func hashesFollowWhatIsSeen() {
    let declared = TopologyDescription(topics: [topic("a")])
    func seen(_ topics: [ActualTopic], _ brokers: [Int32] = [1]) -> String {
      Synchronizer.plan(
        declared: declared, actual: ActualState(clusterID: "c", brokerIDs: brokers, topics: topics)
      ).seen
    }
    let mine = ActualTopic(name: "a", replicas: [[1]])
    let others = ActualTopic(name: "theirs", replicas: [[1]])
    #expect(seen([mine]) == seen([mine, others]))
    #expect(seen([mine]) != seen([]))
    #expect(seen([mine]) != seen([ActualTopic(name: "a", replicas: [[1], [1]])]))
    #expect(seen([mine]) != seen([mine], [1, 2]))
  }

  @Test(arguments: [
    "", "{}", #"{"format":1}"#, #"{"format":2}"#, "[", #"{"format":"1"}"#,
  ]) func whatIsNoPlanIsRefused(text: String) {
    #expect(throws: SynchronizerError.self) { try SynchronizerPlan(json: Array(text.utf8)) }
  }

  @Test(arguments: [
    "", "[]", #"{"topics":[{}]}"#, #"{"topics":{}}"#, #"{"topics":[{"name":"a","partitions":"1"}]}"#,
    #"{"topics":[],"unmanaged":[1]}"#, #"{"topics":[],"acls":[{"resource":"moon"}]}"#,
    #"{"topics":[],"policies":{"minInsyncReplicas":"none"}}"#,
  ]) func whatIsNoTopologyIsRefused(text: String) {
    #expect(throws: SynchronizerError.self) { try TopologyDescription(topologyJSON: Array(text.utf8)) }
  }
}

let text = #"{"type":"record","name":"Record","namespace":"nl","fields":[{"name":"id","type":"long"}]}"#

func topic(
  _ name: String, _ partitions: Int = 1, replicas: Int = 1, _ config: [String: String] = [:], subject: String? = nil,
  text: String = text, compatibility: String? = nil
) -> TopicDescription {
  TopicDescription(
    name: name, partitions: partitions, replicas: replicas, config: config,
    subjects: subject.map { [SubjectDescription(subject: $0, recordName: "nl.Record", schemaText: text)] } ?? [],
    compatibility: compatibility)
}

func entry(_ name: String, _ value: String?, _ source: ConfigEntry.Source = .topic) -> ConfigEntry {
  ConfigEntry(name: name, value: value, isDefault: source != .topic, source: source)
}
