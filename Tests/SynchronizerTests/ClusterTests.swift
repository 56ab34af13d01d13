import EmbeddedBroker
import Foundation
import FreePort
import KafkaRuntime
import SchemaRegistry
import Testing
import TopologyModel

@testable import SynchronizerService

/// Against the real broker binary and the embedded registry.
@Suite struct ClusterTests {
  private let declared = TopologyDescription(
    topics: [
      topic("heartbeat", 1, replicas: 3, ["retention.ms": "15m"], subject: "heartbeat-value"),
      topic("transfers", 9, replicas: 3, ["retention.ms": "-1"], subject: "transfers-nl.Record", compatibility: "FULL"),
      topic("raw"),
    ], unmanaged: ["team-*"], owned: ["bank.*"])

  @Test func theSecondRunHasNothingToDo() async throws {
    try await Servers.with { servers in
      let lines = Lines()
      let first = try await servers.synchronizer().run(declared) { lines.add($0) }
      #expect(first.exitStatus == 0, "\(first)")
      #expect(
        lines.all == [
          "note: 3 replicas declared, the cluster has 1 broker: 1 used for heartbeat, transfers",
          "+ topic heartbeat: 1 partition, 1 replica, retention.ms=900000 (declared, not there)",
          "+ topic raw: 1 partition, 1 replica (declared, not there)",
          "+ topic transfers: 9 partitions, 1 replica, retention.ms=-1 (declared, not there)",
          "+ level transfers-nl.Record: FULL (declared, not set)",
          "+ schema heartbeat-value: nl.Record (declared, not there)",
          "+ schema transfers-nl.Record: nl.Record (declared, not there)",
          "done: 3 topics created, 1 level set, 2 schemas registered",
        ])
      let client = try servers.client()
      #expect(try await client.subjects().sorted() == ["heartbeat-value", "transfers-nl.Record"])
      #expect(try await client.latest(subject: "heartbeat-value").schema == text)
      #expect(try await client.config(subject: "transfers-nl.Record") == .full)
      #expect(try await client.config(subject: "heartbeat-value") == nil)
      let again = Lines()
      let second = try await servers.synchronizer().run(declared) { again.add($0) }
      #expect(again.all == ["nothing to do"])
      #expect(second.exitStatus == 0)
      #expect(second.applied.isEmpty)
    }
  }

  @Test func whatDiffersIsChangedAndWhatIsNoLongerDeclaredIsReset() async throws {
    try await Servers.with { servers in
      try await servers.create(
        NewTopic(name: "heartbeat", partitions: 1, config: ["retention.ms": "1000", "segment.bytes": "1048576"]),
        NewTopic(name: "transfers", partitions: 2), NewTopic(name: "elsewhere", partitions: 1),
        NewTopic(name: "team-1", partitions: 1))
      try await servers.client().setConfig(.backward, subject: "transfers-nl.Record")
      let lines = Lines()
      let outcome = try await servers.synchronizer().run(declared) { lines.add($0) }
      #expect(outcome.exitStatus == 0, "\(lines.all)")
      #expect(
        lines.all.filter { $0.hasPrefix("~") } == [
          "~ topic transfers: partitions 2 → 9 (declared 9)",
          "~ topic heartbeat: retention.ms 1000 [topic config] → 900000",
          "~ topic heartbeat: segment.bytes 1048576 [topic config] → [broker default] (as declared)",
          "~ topic transfers: retention.ms 604800000 [broker default] → -1 (declared)",
          "~ level transfers-nl.Record: BACKWARD → FULL (declared)",
        ])
      #expect(lines.all.contains("note: not declared and not owned, left alone: topic elsewhere"))
      #expect(try await servers.topics() == ["heartbeat": 1, "transfers": 9, "raw": 1, "elsewhere": 1, "team-1": 1])
      #expect(try await servers.config("heartbeat") == ["retention.ms": "900000"])
      #expect(try await servers.config("transfers") == ["retention.ms": "-1"])
      #expect(try await servers.client().config(subject: "transfers-nl.Record") == .full)
      let second = try await servers.synchronizer().plan(declared)
      #expect(second.isEmpty, "\(second.lines)")
    }
  }

  // MARK: Refusals

  @Test func whatIsRefusedChangesNothing() async throws {
    try await Servers.with { servers in
      try await servers.create(NewTopic(name: "transfers", partitions: 12))
      let lines = Lines()
      let outcome = try await servers.synchronizer().run(declared) { lines.add($0) }
      #expect(outcome.exitStatus == 1)
      #expect(outcome.applied.isEmpty)
      #expect(lines.all.contains { $0.hasPrefix("! topic transfers: partitions 12 → 9: Kafka can't take") })
      #expect(outcome.failure == "1 change refused, see above; nothing was changed")
      #expect(try await servers.topics() == ["transfers": 12])
      #expect(try await servers.client().subjects().isEmpty)
    }
  }

  @Test func anotherClusterIsRefused() async throws {
    try await Servers.with { servers in
      var other = declared
      other.clusterID = "production"
      let refused = try await servers.synchronizer().run(other)
      #expect(refused.exitStatus == 1)
      #expect(refused.plan?.problems.first?.contains("the definitions are for production") == true)
      #expect(try await servers.topics().isEmpty)
      other.clusterID = try await servers.withAdmin { try await $0.clusterID() }
      #expect(try await servers.synchronizer().run(other).exitStatus == 0)
    }
  }

  @Test func aSchemaThatDoesNotFitStopsEverythingBefore() async throws {
    try await Servers.with { servers in
      let older = text.replacing(#""long""#, with: #""string""#)
      _ = try await servers.client().register(subject: "heartbeat-value", schema: older)
      _ = try await servers.client().register(subject: "transfers-nl.Record", schema: older)
      let outcome = try await servers.synchronizer().run(declared)
      #expect(outcome.exitStatus == 1)
      #expect(outcome.plan?.refusals.map(\.target) == ["schema heartbeat-value", "schema transfers-nl.Record"])
      // The second one is compared at the level that it is to have.
      #expect(outcome.plan?.refusals.last?.reason.contains("FULL: ") == true)
      #expect(try await servers.topics().isEmpty)
      var loose = declared
      for index in loose.topics.indices { loose.topics[index].compatibility = "NONE" }
      #expect(try await servers.synchronizer().run(loose).exitStatus == 0)
      #expect(try await servers.client().versions(subject: "transfers-nl.Record") == [1, 2])
    }
  }

  /// The registry finds a schema without the default too, since it writes the same bytes: that is not what is declared.
  @Test func whatASchemaSaysIsRegisteredAlsoWhereItsBytesAreTheSame() async throws {
    try await Servers.with { servers in
      var said = declared
      #expect(try await servers.synchronizer().run(said).exitStatus == 0)
      for (number, change) in [#""long","default":7"#, #""long","doc":"What it is.""#].enumerated() {
        said.topics[0].subjects[0].schemaText = text.replacing(#""long""#, with: change)
        let outcome = try await servers.synchronizer().run(said)
        #expect(outcome.applied.map(\.target) == ["heartbeat-value"], "\(outcome)")
        #expect(try await servers.client().versions(subject: "heartbeat-value").count == number + 2)
        #expect(try await servers.client().latest(subject: "heartbeat-value").schema.contains(change))
        #expect(try await servers.synchronizer().plan(said).isEmpty)
      }
      // Layout, and how a number is written, say nothing.
      said.topics[0].subjects[0].schemaText = text.replacing(#""long""#, with: #" "long", "doc":"What it is.""#)
      #expect(try await servers.synchronizer().plan(said).isEmpty)
    }
  }

  @Test func aRegistryThatTakesNothingStopsEverythingBefore() async throws {
    try await Servers.with { servers in
      try await servers.put("/mode", #"{"mode":"READONLY"}"#)
      let outcome = try await servers.synchronizer().run(declared)
      #expect(outcome.exitStatus == 1)
      #expect(outcome.plan?.refusals.map(\.target) == ["subject heartbeat-value", "subject transfers-nl.Record"])
      #expect(outcome.plan?.refusals.first?.reason.contains("READONLY") == true)
      #expect(try await servers.topics().isEmpty)
      try await servers.put("/mode", #"{"mode":"READWRITE"}"#)
      #expect(try await servers.synchronizer().run(declared).exitStatus == 0)
      // Nothing is to be done any more, so the mode does not matter.
      try await servers.put("/mode", #"{"mode":"READONLY"}"#)
      #expect(try await servers.synchronizer().plan(declared).isEmpty)
    }
  }

  @Test func theBrokersAreAskedBeforeAnythingIsDone() async throws {
    try await Servers.with { servers in
      var broken = declared
      broken.topics.append(topic("zoo", 1, ["no.such.setting": "1"]))
      let outcome = try await servers.synchronizer().run(broken)
      #expect(outcome.exitStatus == 1)
      #expect(outcome.applied.isEmpty)
      #expect(outcome.failure?.contains("refuses to create topic zoo, so nothing was changed") == true)
      #expect(outcome.failure?.contains("no.such.setting") == true)
      #expect(try await servers.topics().isEmpty)
      #expect(try await servers.client().subjects().isEmpty)
    }
  }

  @Test func accessRulesArePlannedAndTheBrokerSaysThatItHasNone() async throws {
    try await Servers.with { servers in
      var guarded = declared
      guarded.acls = [
        AccessDescription(principal: "User:a", resource: .topic, name: "bank.*", operations: ["read", "describe"])
      ]
      let plan = try await servers.synchronizer().plan(guarded)
      #expect(plan.changes.filter { $0.action == .addAccess }.count == 2, "\(plan.lines)")
      let outcome = try await servers.synchronizer().run(guarded)
      #expect(outcome.exitStatus == 1)
      #expect(outcome.failure?.contains("SECURITY_DISABLED") == true)
      #expect(outcome.failure?.contains("authorizer.class.name") == true)
      // Everything before it is done, and told.
      #expect(outcome.applied.count == 6)
    }
  }

  @Test func withoutARegistrySchemasCantBeApplied() async throws {
    let broker = try EmbeddedBroker.start()
    let configuration = KafkaConfiguration(brokers: broker.bootstrapServers, log: .off)
    let outcome = await Synchronizer(kafka: configuration, registry: nil).run(declared)
    #expect(outcome.exitStatus == 1)
    #expect(outcome.failure?.contains("SCHEMA_REGISTRY_URL") == true)
  }

  @Test func nothingAnswersIsAFailureWithAdvice() async throws {
    var settings = Synchronizer.Settings()
    settings.maxAttempts = 2
    settings.requestTimeoutMillis = 300
    let lines = Lines()
    let nobody = KafkaConfiguration(brokers: "127.0.0.1:\(try freePort())", log: .off)
    let outcome = await Synchronizer(kafka: nobody, registry: nil, settings: settings).run(declared) { lines.add($0) }
    #expect(outcome.exitStatus == 1)
    #expect(outcome.plan == nil)
    #expect(lines.all.count == 1)
    #expect(outcome.failure?.contains("bootstrap.servers") == true)
  }

  // MARK: Deletions

  @Test func deletesOnlyWhatIsOwnedAndOnlyWhenTold() async throws {
    try await Servers.with { servers in
      let names = ["bank.old", "bank.full", "team-1", "_schemas", "_confluent-metrics", "theirs"]
      for name in names { try await servers.create(NewTopic(name: name, partitions: 1)) }
      try await servers.send("bank.full")
      var definitions = declared
      definitions.owned += ["_schemas", "_confluent*", "team-1"]
      #expect(try await servers.synchronizer().run(definitions).exitStatus == 0)
      #expect(try await Set(servers.topics().keys).isSuperset(of: names))
      var options = PlanOptions(deletes: true)
      let refused = try await servers.synchronizer(options).run(definitions)
      #expect(refused.exitStatus == 1)
      #expect(refused.plan?.refusals.first?.reason.contains("it has 1 record") == true)
      #expect(try await servers.topics()["bank.old"] == 1)
      options.deletesNonEmpty = true
      options.maxDeletes = 1
      let many = try await servers.synchronizer(options).run(definitions)
      #expect(many.plan?.refusals.map(\.target) == ["deletions"])
      options.maxDeletes = 2
      let outcome = try await servers.synchronizer(options).run(definitions)
      #expect(outcome.applied.map(\.target) == ["bank.full", "bank.old"])
      #expect(
        try await Set(servers.topics().keys)
          == Set(names).subtracting(["bank.old", "bank.full"]).union(["heartbeat", "raw", "transfers"]))
    }
  }

  @Test func aTopicThatGotRecordsSinceThePlanStays() async throws {
    try await Servers.with { servers in
      for name in ["bank.a", "bank.b"] { try await servers.create(NewTopic(name: name, partitions: 1)) }
      let plan = try await servers.synchronizer(PlanOptions(deletes: true)).plan(TopologyDescription(owned: ["bank.*"]))
      #expect(plan.changes.map(\.target) == ["bank.a", "bank.b"])
      try await servers.send("bank.b")
      let failure = try await servers.withAdmin { admin -> SynchronizerError? in
        var applier = Applier(admin: admin, registry: nil, settings: Synchronizer.Settings()) { _ in }
        do throws(SynchronizerError) {
          try await applier.apply(plan)
          return nil
        } catch {
          return error
        }
      }
      #expect(failure?.message.contains("now it has 1 record") == true, "\(String(describing: failure))")
      #expect(try await servers.topics() == ["bank.b": 1])
    }
  }

  @Test func aTopicThatIsReadStays() async throws {
    try await Servers.with { servers in
      try await servers.create(NewTopic(name: "bank.read", partitions: 2))
      let consumer = try KafkaConsumer(servers.configuration, group: "reader", topics: ["bank.read"])
      var isRead = false
      for _ in 0..<120 where !isRead {
        _ = try await consumer.next(maxRecords: 1, timeoutMillis: 250)
        isRead = try await servers.withAdmin { try await $0.activeGroups()["bank.read"] == ["reader"] }
      }
      #expect(isRead)
      let plan = try await servers.synchronizer(PlanOptions(deletes: true)).plan(declared)
      #expect(plan.refusals.map(\.reason).first?.contains("it is read by reader") == true, "\(plan.lines)")
      await consumer.close()
    }
  }

  @Test func twoSetsOfDefinitionsLeaveEachOtherAlone() async throws {
    try await Servers.with { servers in
      let shop = TopologyDescription(topics: [topic("shop.orders", subject: "shop.orders-value")], owned: ["shop.*"])
      let bank = TopologyDescription(topics: [topic("bank.legs", 3, subject: "bank.legs-value")], owned: ["bank.*"])
      let synchronizer = try servers.synchronizer(PlanOptions(deletes: true, deletesNonEmpty: true))
      for declared in [shop, bank, shop, bank] {
        let outcome = await synchronizer.run(declared)
        #expect(outcome.exitStatus == 0)
      }
      let both = try await servers.topics()
      #expect(both == ["shop.orders": 1, "bank.legs": 3])
      for declared in [shop, bank] {
        let plan = try await synchronizer.plan(declared)
        #expect(plan.isEmpty)
      }
      let outcome = await synchronizer.run(TopologyDescription(owned: ["shop.*"]))
      #expect(outcome.exitStatus == 0)
      let left = try await servers.topics()
      #expect(left == ["bank.legs": 3])
    }
  }

  // MARK: Saved plans

  @Test func aSavedPlanIsAppliedOnlyToWhatItSaw() async throws {
    try await Servers.with { servers in
      let synchronizer = try servers.synchronizer()
      try await servers.create(NewTopic(name: "bank.old", partitions: 1))
      let plan = try await synchronizer.plan(declared)
      let saved = try SynchronizerPlan(json: Array(plan.json.utf8))
      try await servers.create(NewTopic(name: "raw", partitions: 2))
      let moved = await synchronizer.apply(saved, declared)
      #expect(moved.exitStatus == 1)
      #expect(moved.failure?.contains("is not as the plan saw it") == true)
      #expect(moved.failure?.contains("topic raw") == true)
      #expect(try await servers.topics() == ["raw": 2, "bank.old": 1])
      try await servers.withAdmin { try await $0.deleteTopics(["raw"])["raw"]?.get() }
      var other = declared
      other.topics[0].partitions = 2
      let changed = await synchronizer.apply(saved, other)
      #expect(changed.failure?.contains("the definitions are not those") == true)
      // What others do, and what of ours is left alone, is nothing that the plan is about.
      try await servers.create(NewTopic(name: "theirs", partitions: 1))
      try await servers.send("bank.old")
      let outcome = await synchronizer.apply(saved, declared)
      #expect(outcome.exitStatus == 0, "\(outcome.failure ?? "")")
      #expect(outcome.applied == saved.changes)
      #expect(try await synchronizer.plan(declared).isEmpty)
    }
  }

  // MARK: Interruptions

  @Test func aBrokerThatComesLateIsWaitedFor() async throws {
    try await Servers.with { servers in
      servers.broker.stop()
      async let outcome = servers.synchronizer().run(declared)
      try await Task.sleep(for: .milliseconds(1500))
      try servers.broker.restart()
      #expect(try await outcome.exitStatus == 0)
      #expect(try await outcome.applied.count == 6)
    }
  }

  @Test func aBrokerThatForgotItsTopicsGetsThemAgain() async throws {
    try await Servers.with { servers in
      #expect(try await servers.synchronizer().run(declared).exitStatus == 0)
      servers.broker.kill()
      try servers.broker.restart()
      // What it had not saved is gone: some of the topics, all, or none.
      #expect(try await servers.synchronizer().run(declared).exitStatus == 0)
      #expect(try await servers.topics() == ["heartbeat": 1, "transfers": 9, "raw": 1])
      #expect(try await servers.synchronizer().plan(declared).isEmpty)
    }
  }

  // MARK: Dump

  @Test func aDumpIsDefinitionsWithNothingToDo() async throws {
    try await Servers.with { servers in
      let original = try definitions(
        """
        namespace: shop
        types: { price: { type: bytes, logicalType: decimal, precision: 12, scale: 2 } }
        records:
          Order: { doc: An order., fields: [id: string, { name: total, type: price }, note: string?] }
          Refund: [id: string]
        topics:
          orders: { partitions: 3, value: Order, key: id, compatibility: FULL, config: { retention.ms: 1h } }
          feed: { values: [Order, Refund], subjects: topicRecordName }
          raw-1: { config: { cleanup.policy: "compact,delete" } }
          leaning: {}
        """)
      #expect(try await servers.synchronizer().run(original).exitStatus == 0)
      _ = try await servers.client().register(subject: "stray", schema: text)
      // What a schema refers to is written out.
      try await servers.post(
        "/subjects/leaning-value/versions",
        #"""
        {"schema":"{\"type\":\"record\",\"name\":\"Leaning\",\"fields\":[{\"name\":\"a\",\"type\":\"nl.Record\"}]}",
        "references":[{"name":"nl.Record","subject":"stray","version":1}]}
        """#)
      _ = try await servers.client().register(subject: "orders-key", schema: #""string""#)
      let dump = try await servers.synchronizer().dump()
      #expect(
        dump.notes == [
          "subject orders-key is left out: its newest version is no record that stands for itself",
          "subject stray is left out: its name does not tell which topic it belongs to",
        ])
      let declared = try definitions(dump.yaml)
      #expect(declared.clusterID == (try await servers.withAdmin { try await $0.clusterID() }))
      #expect(declared.topics.map(\.name).sorted() == ["feed", "leaning", "orders", "raw-1"])
      #expect(declared.topics.first { $0.name == "leaning" }?.subjects.map(\.recordName) == ["Leaning"])
      let plan = try await servers.synchronizer().plan(declared)
      #expect(plan.isEmpty, "\(plan.lines)\n\(dump.yaml)")
      #expect(declared.topics.first { $0.name == "orders" }?.compatibility == "FULL")
      #expect(try await servers.synchronizer().dump() == dump)
    }
  }

  @Test func aDumpOfNothingIsDefinitionsToo() async throws {
    try await Servers.with { servers in
      let dump = try await servers.synchronizer().dump()
      #expect(dump.notes.isEmpty)
      #expect(try definitions(dump.yaml).topics.isEmpty)
    }
  }
}
