import KafkaRuntime
import SynchronizerService
import Testing
import TopologyModel

/// The plan is a pure function: what is declared, what is there, and the lines that come out.
@Suite struct PlanTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var declared: [TopicDescription] = []
    var unmanaged: [String] = []
    var brokers = 1
    var topics: [ActualTopic] = []
    var registered: Set<SubjectSchema> = []
    var deletes = false
    let lines: [String]
    var testDescription: String { name }
  }

  @Test(arguments: cases) func linesAreAsExpected(_ item: Case) {
    let declared = TopologyDescription(topics: item.declared, unmanaged: item.unmanaged)
    let actual = ActualState(brokerCount: item.brokers, topics: item.topics, registered: item.registered)
    #expect(Synchronizer.plan(declared: declared, actual: actual, deletes: item.deletes).lines == item.lines)
    // The order in which a cluster or a file lists things is nothing that a plan depends on.
    let backwards = TopologyDescription(
      topics: item.declared.reversed(), unmanaged: item.unmanaged.reversed())
    let shuffled = ActualState(
      brokerCount: item.brokers, topics: item.topics.reversed(), registered: item.registered)
    #expect(Synchronizer.plan(declared: backwards, actual: shuffled, deletes: item.deletes).lines == item.lines)
  }

  static let cases: [Case] = [
    Case(name: "nothing", lines: ["nothing to do"]),
    Case(
      name: "new topics, by name, before their schemas",
      declared: [
        topic("b", 9, replicas: 3, ["retention.ms": "-1", "cleanup.policy": "delete"], subject: "b-value"),
        topic("a", 1, subject: "z-value"),
      ], brokers: 3,
      lines: [
        "+ topic a: 1 partition, 1 replica",
        "+ topic b: 9 partitions, 3 replicas, cleanup.policy=delete, retention.ms=-1",
        "+ schema b-value: nl.Record", "+ schema z-value: nl.Record",
      ]),
    Case(
      name: "replicas capped at the brokers, said once for all that asked for the same",
      declared: [topic("a", replicas: 3), topic("b", replicas: 3), topic("c", replicas: 2), topic("d")], brokers: 1,
      lines: [
        "note: 2 replicas declared, the cluster has 1 broker: 1 used for c",
        "note: 3 replicas declared, the cluster has 1 broker: 1 used for a, b",
        "+ topic a: 1 partition, 1 replica", "+ topic b: 1 partition, 1 replica",
        "+ topic c: 1 partition, 1 replica", "+ topic d: 1 partition, 1 replica",
      ]),
    Case(
      name: "what is there, capped earlier, is no difference", declared: [topic("a", 2, replicas: 3)],
      topics: [ActualTopic(name: "a", replicasByPartition: [1, 1])], lines: ["nothing to do"]),
    Case(
      name: "a broker joined since: the replicas differ now", declared: [topic("a", 2, replicas: 3)], brokers: 2,
      topics: [ActualTopic(name: "a", replicasByPartition: [1, 2])],
      lines: ["~ topic a: replicas declared 2, 1 or 2 on the cluster; left as it is", "nothing to do"]),
    Case(
      name: "partitions differ either way", declared: [topic("a", 2), topic("b", 5)],
      topics: [
        ActualTopic(name: "a", replicasByPartition: [1, 1, 1]), ActualTopic(name: "b", replicasByPartition: [1]),
      ],
      lines: [
        "~ topic a: partitions declared 2, 3 on the cluster; left as it is",
        "~ topic b: partitions declared 5, 1 on the cluster; left as it is", "nothing to do",
      ]),
    Case(
      name: "settings compare by meaning",
      declared: [
        topic(
          "a",
          config: [
            "retention.ms": "1h", "segment.bytes": "64MiB", "cleanup.policy": "delete, compact",
            "preallocate": "TRUE", "min.cleanable.dirty.ratio": "0.50",
          ])
      ],
      topics: [
        ActualTopic(
          name: "a", replicasByPartition: [1],
          config: [
            entry("retention.ms", "3600000"), entry("segment.bytes", "67108864"),
            entry("cleanup.policy", "compact,delete"), entry("preallocate", "true"),
            entry("min.cleanable.dirty.ratio", "0.5"),
          ])
      ], lines: ["nothing to do"]),
    Case(
      name: "a setting that differs, one that the cluster lacks, one that nobody declared",
      declared: [topic("a", config: ["retention.ms": "15m", "no.such": "1"])],
      topics: [
        ActualTopic(
          name: "a", replicasByPartition: [1],
          config: [
            entry("retention.ms", "604800000", .brokerDefault), entry("segment.bytes", "1024"),
            entry("cleanup.policy", "delete", .brokerDefault), entry("max.message.bytes", "9", .staticBroker),
          ])
      ],
      lines: [
        "~ topic a: no.such declared 1, unknown to the cluster; left as it is",
        "~ topic a: retention.ms declared 900000, 604800000 on the cluster; left as it is",
        "~ topic a: segment.bytes is 1024 on the cluster and not declared; left as it is", "nothing to do",
      ]),
    Case(
      name: "a secret value is not compared", declared: [topic("a", config: ["secret": "x"])],
      topics: [ActualTopic(name: "a", replicasByPartition: [1], config: [entry("secret", nil)])],
      lines: ["nothing to do"]),
    Case(
      name: "undeclared topics are left alone",
      topics: [named("other"), named("_schemas"), named("__consumer_offsets"), named("_confluent-metrics")],
      lines: ["note: topic other is not declared; left alone (--delete deletes it)", "nothing to do"]),
    Case(
      name: "deleted only when told, and never what is internal or unmanaged",
      declared: [topic("new")], unmanaged: ["team-*", "kept"],
      topics: [
        named("old"), named("ancient"), named("kept"), named("team-1"), named("_schemas"),
        named("__consumer_offsets"), named("__transaction_state"), named("_confluent-metrics"),
      ], deletes: true, lines: ["+ topic new: 1 partition, 1 replica", "- topic ancient", "- topic old"]),
    Case(
      name: "a schema that the registry has is not registered again",
      declared: [topic("a", subject: "a-value"), topic("b", subject: "b-value")],
      topics: [named("a"), named("b")], registered: [SubjectSchema(subject: "a-value", text: text)],
      lines: ["+ schema b-value: nl.Record"]),
    Case(
      name: "a subject that two topics share is registered once",
      declared: [topic("a", subject: "nl.Record"), topic("b", subject: "nl.Record")], topics: [named("a"), named("b")],
      lines: ["+ schema nl.Record: nl.Record"]),
    Case(
      name: "definitions with problems change nothing",
      declared: [
        topic("a", 0, subject: "s"), topic("a", subject: "s", text: "\"int\""), topic("_schemas"),
        topic("mine", replicas: 0),
      ], unmanaged: ["mine"],
      lines: [
        "problem: subject s is to have several schemas; give its topics another subject strategy",
        "problem: topic _schemas belongs to the brokers or the registry; choose another name",
        "problem: topic a is declared twice", "problem: topic a needs at least one partition",
        "problem: topic mine is declared, and named under unmanaged too",
        "problem: topic mine needs at least one replica",
      ]),
    Case(
      name: "a cluster without brokers", declared: [topic("a")], brokers: 0,
      lines: ["problem: the cluster has no broker; wait until one has joined"]),
  ]

  @Test func valuesThatLookAlikeAreNotTheSame() {
    let declared = TopologyDescription(topics: [topic("a", config: ["retention.ms": "1h", "cleanup.policy": "delete"])])
    let found = [
      ActualTopic(
        name: "a", replicasByPartition: [1],
        config: [entry("retention.ms", "36000000"), entry("cleanup.policy", "compact,delete")])
    ]
    let result = Synchronizer.plan(declared: declared, actual: ActualState(brokerCount: 1, topics: found))
    #expect(result.differences.map(\.setting) == ["cleanup.policy", "retention.ms"])
    #expect(result.differences.map(\.declared) == ["delete", "3600000"])
    #expect(result.differences.map(\.actual) == ["compact,delete", "36000000"])
  }

  private static func named(_ name: String) -> ActualTopic { ActualTopic(name: name, replicasByPartition: [1]) }
}

let text = #"{"type":"record","name":"Record","namespace":"nl","fields":[{"name":"id","type":"long"}]}"#

func topic(
  _ name: String, _ partitions: Int = 1, replicas: Int = 1, _ config: [String: String] = [:], subject: String? = nil,
  text: String = text
) -> TopicDescription {
  TopicDescription(
    name: name, partitions: partitions, replicas: replicas, config: config,
    subjects: subject.map { [SubjectDescription(subject: $0, recordName: "nl.Record", schemaText: text)] } ?? [])
}

func topic(_ name: String, config: [String: String]) -> TopicDescription { topic(name, 1, config) }

func entry(_ name: String, _ value: String?, _ source: ConfigEntry.Source = .topic) -> ConfigEntry {
  ConfigEntry(name: name, value: value, isDefault: source != .topic, source: source)
}
