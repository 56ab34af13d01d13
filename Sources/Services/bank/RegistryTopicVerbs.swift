import ArgumentParser
import BankSupport
import KafkaRuntime
import SchemaRegistryServer

struct RegistryExportTopicVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "export-topic",
    abstract: "Write all that the embedded registry has to a topic, as Confluent's registry keeps it.",
    discussion: """
      A registry of Confluent's that starts on the topic serves the same schemas under the same ids, subjects and \
      versions. The embedded one may be running. A topic that is missing is made, compacted and with one partition. \
      Exit status 1 when something could not be written.
      """)

  @OptionGroup var directory: RegistryDirectory

  @Option(help: "The topic to write to.")
  var topic = RegistryTopic.defaultName

  @Flag(help: "Write to a topic that has records already.")
  var append = false

  func perform() async throws {
    let exported = try RegistryTransfer.records(directory: directory.path)
    let target = RegistryTopic(name: topic, kafka: try directory.home.environment().kafka())
    try await target.write(exported.records, appends: append)
    try RegistryTopic.tell(exported.report, "written to topic \(topic)")
  }
}

struct RegistryImportTopicVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "import-topic",
    abstract: "Add all that is in the topic of Confluent's registry to the embedded one.",
    discussion: """
      Ids, subjects, versions, deleted ones too, references, metadata, levels and modes stay as they are; what the \
      embedded registry has no use for is kept for the next export. The embedded one must not be running. When a record \
      can't be read, or its id stands for another schema here, nothing is added and the exit status is 1.
      """)

  @OptionGroup var directory: RegistryDirectory

  @Option(help: "The topic to read.")
  var topic = RegistryTopic.defaultName

  @Flag(help: "Add the others when some records can't be added; the exit status stays 1.")
  var skipProblems = false

  func perform() async throws {
    let source = RegistryTopic(name: topic, kafka: try directory.home.environment().kafka())
    let records = try await source.read()
    try Files.makeFolder(directory.path)
    let report = try RegistryTransfer.add(records, directory: directory.path, skipsProblems: skipProblems)
    try RegistryTopic.tell(report, "added to \(directory.path)")
  }
}

/// A topic in which Confluent's registry keeps what it knows: one partition, compacted.
struct RegistryTopic: Sendable {
  static let defaultName = "_schemas"
  private static let maxRecords = 1_000_000
  private static let maxBytes = 1 << 30
  /// How long the broker may be silent.
  private static let silenceMillis = 30_000

  var name: String
  var kafka: KafkaConfiguration
  private var partition: TopicPartition { TopicPartition(topic: name, partition: 0) }

  init(name: String, kafka: KafkaConfiguration) {
    self.name = name
    self.kafka = kafka
  }

  /// Prints what was moved; what was not is an exit status too.
  static func tell(_ report: RegistryTransfer.Report, _ what: String) throws {
    for problem in report.problems { printError("not moved: \(problem)") }
    print("\(report.records) records \(what): \(report.subjects) subjects, \(report.schemas) schemas")
    if !report.problems.isEmpty { throw ExitCode(1) }
  }

  // MARK: Writing

  /// In their order; all are acknowledged by all replicas when this returns.
  func write(_ records: [RegistryTransfer.Record], appends: Bool) async throws {
    try await prepare()
    if !appends {
      let (first, end) = try await bounds()
      guard first == end else {
        throw SupportError(
          "topic \(name) has records already: name another with --topic, or add to it with --append")
      }
    }
    var kafka = kafka
    kafka.producerProperties["acks"] = "all"
    let producer = try KafkaProducer(kafka)
    let outcomes = await producer.send(
      records.map { KafkaRecord(topic: name, partition: 0, key: $0.key, value: $0.value) })
    await producer.close()
    for outcome in outcomes { _ = try outcome.get() }
  }

  /// Makes the topic when it is missing; one of several partitions has no order that counts.
  private func prepare() async throws {
    let admin = try KafkaAdmin(kafka)
    do {
      let cluster = try await admin.describeCluster()
      if let topic = cluster.topics.first(where: { $0.name == name }) {
        try check(topic)
      } else {
        let replicas = min(3, max(1, cluster.brokerIDs.count))
        let outcomes = try await admin.createTopics([
          NewTopic(name: name, partitions: 1, replicas: replicas, config: ["cleanup.policy": "compact"])
        ])
        try outcomes[name]?.get()
      }
      await admin.close()
    } catch {
      await admin.close()
      throw error
    }
  }

  private func check(_ topic: TopicMetadata) throws(SupportError) {
    guard topic.partitions == 1 else {
      throw SupportError("topic \(name) has \(topic.partitions) partitions: a registry's topic has one")
    }
  }

  private func bounds() async throws -> (first: Int64, end: Int64) {
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    do {
      let first = try await consumer.beginningOffsets([partition])[partition] ?? 0
      let end = try await consumer.endOffsets([partition])[partition] ?? 0
      await consumer.close()
      return (first, end)
    } catch {
      await consumer.close()
      throw error
    }
  }

  // MARK: Reading

  /// From its beginning to the end that it has now.
  func read() async throws -> [RegistryTransfer.Record] {
    let admin = try KafkaAdmin(kafka)
    let topics: [TopicMetadata]
    do {
      topics = try await admin.topics()
      await admin.close()
    } catch {
      await admin.close()
      throw error
    }
    guard let topic = topics.first(where: { $0.name == name }) else {
      throw SupportError("there is no topic \(name) at \(kafka.brokers): name it with --topic")
    }
    try check(topic)
    let (first, end) = try await bounds()
    guard first < end else { return [] }
    let consumer = try KafkaConsumer(kafka, assignment: [partition: .beginning])
    do {
      let records = try await read(consumer, end: end)
      await consumer.close()
      return records
    } catch {
      await consumer.close()
      throw error
    }
  }

  private func read(_ consumer: KafkaConsumer, end: Int64) async throws -> [RegistryTransfer.Record] {
    var records: [RegistryTransfer.Record] = []
    var bytes = 0
    var silence = 0
    while true {
      let batch = try await consumer.next(maxRecords: 2_000, timeoutMillis: 1_000)
      silence = batch.isEmpty ? silence + 1_000 : 0
      guard silence < Self.silenceMillis else {
        throw SupportError("the broker gave no record of \(name) for \(Self.silenceMillis / 1_000) s; try again")
      }
      for record in batch where record.offset < end {
        records.append(RegistryTransfer.Record(key: record.key ?? [], value: record.value))
        bytes += (record.key?.count ?? 0) + (record.value?.count ?? 0)
      }
      guard records.count <= Self.maxRecords, bytes <= Self.maxBytes else {
        throw SupportError("topic \(name) has more than \(Self.maxRecords) records or \(Self.maxBytes) bytes")
      }
      if let last = batch.last, last.offset + 1 >= end { return records }
    }
  }
}
