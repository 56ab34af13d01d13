import Foundation
import KafkaRuntime
import PostgresRuntime

/// Whether databases and topics belong together: one random UUID in table `meta` of each database, and as the first
/// record of topic `bank_meta` (docs/contracts.md, "Incarnation"). Positions are keyed by it.
public enum Incarnation {
  /// The topic whose first record's value is the incarnation, as text.
  public static let topic = "bank_meta"
  /// What is said when two differ or one is missing.
  public static let mismatch = "database and topics are not from the same run: bank clean, or bank adopt"

  private static let settled = "incarnation"
  // Set-up can be cut off between databases and topic; under this name the value waits for the topic to have it.
  private static let pending = "incarnation_pending"

  /// The incarnation, checked: a service calls it before it reads a position.
  ///
  /// - Parameters:
  ///   - database: the service's own; nil checks the topic against run.json.
  ///   - role: with which the service reads `meta`.
  /// - Throws: `SupportError` with `mismatch`; `KafkaError` and `PostgresError` when a server doesn't answer.
  public static func verify(
    _ environment: BankEnvironment, database: String?, role: String
  ) async throws -> UUID {
    let inTopic = try await firstRecord(try environment.kafka())
    let other: UUID?
    if let database {
      other = try await read(environment, database: database, role: role)[settled]
    } else {
      other = environment.run?.incarnation ?? inTopic
    }
    guard let inTopic, inTopic == other else { throw SupportError(mismatch) }
    return inTopic
  }

  /// As `verify`, once both servers answer; nil when the service is stopped first.
  package static func wait(
    _ environment: BankEnvironment, database: String?, role: String, status: ServiceStatus, stop: StopFlag
  ) async throws -> UUID? {
    var backoff = Backoff(firstMillis: 100, maxMillis: 5_000)
    while !stop.isSet {
      do {
        return try await verify(environment, database: database, role: role)
      } catch let error as KafkaError where !error.isFatal && error.code != .invalidArgument {
        status.fails(.kafka, error)
        status.health.fail("kafka: \(error)")
      } catch let error as PostgresError where error.isTransient || error.isConnectionLost {
        status.fails(.postgres, error)
        status.health.fail("postgres: \(error.message)")
      }
      await stop.sleep(millis: backoff.nextMillis())
    }
    return nil
  }

  // What a broker says, and what librdkafka says by itself (unknown partition, unknown topic).
  static let unknownTopic: Set<KafkaErrorCode> = [
    .unknownTopicOrPartition, KafkaErrorCode(number: -190), KafkaErrorCode(number: -188),
  ]

  /// Gives a new set of databases and topics its incarnation, or checks the one that is there; also completes what an
  /// earlier call that was cut off has begun. Called after the databases and the topics were made.
  ///
  /// - Throws: `SupportError` with `mismatch` when they don't belong together.
  public static func establish(_ environment: BankEnvironment, databases: [String]) async throws -> UUID {
    var found: [String: [String: UUID]] = [:]
    for database in databases {
      found[database] = try await read(environment, database: database, role: environment.databaseOwner)
    }
    let inTopic = try await firstRecord(try environment.kafka())
    let values = Set(found.values.flatMap(\.values) + [inTopic].compactMap { $0 })
    guard values.count <= 1 else { throw SupportError(mismatch) }
    let settledEverywhere = found.values.allSatisfy { $0[settled] != nil }
    if let inTopic {
      // The topic has it, so each database must have it or wait for it.
      guard found.values.allSatisfy({ !$0.isEmpty }) else { throw SupportError(mismatch) }
      if !settledEverywhere { try await settle(environment, databases, inTopic) }
      return inTopic
    }
    if found.values.contains(where: { $0[settled] != nil }) {
      // The topic lost it. That is harmless only as long as nothing was read or sent.
      for database in databases where try await isUsed(environment, database: database) {
        throw SupportError(mismatch)
      }
    }
    let incarnation = values.first ?? UUID()
    try await write(environment, databases, name: pending, incarnation)
    try await append(environment, incarnation)
    try await settle(environment, databases, incarnation)
    return incarnation
  }

  /// Declares that databases and topics belong together from now on, under a new incarnation: all positions start
  /// over, and deduplication decides what is new. Nothing else may run meanwhile.
  public static func adopt(_ environment: BankEnvironment, databases: [String]) async throws -> UUID {
    let incarnation = UUID()
    // First the databases lose theirs: cut off in between, nothing starts until adopt or set-up has run again.
    for database in databases {
      try await withSession(environment, database: database, role: environment.databaseOwner) { session in
        _ = try session.execute("delete from meta where name in (\(settled), \(pending))")
      }
    }
    try await replaceTopic(environment)
    try await write(environment, databases, name: pending, incarnation)
    try await append(environment, incarnation)
    try await settle(environment, databases, incarnation)
    return incarnation
  }

  // MARK: databases

  private static func withSession<Value: Sendable>(
    _ environment: BankEnvironment, database: String, role: String,
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    let connection = try await PostgresConnection.connect(try environment.postgres(database: database, role: role))
    do {
      let value = try await connection.transaction(body)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  private static func read(
    _ environment: BankEnvironment, database: String, role: String
  ) async throws -> [String: UUID] {
    let rows = try await withSession(environment, database: database, role: role) { session in
      try session.query(
        "select name, value from meta where name in (\(settled), \(pending))", as: String.self, String.self)
    }
    var values: [String: UUID] = [:]
    for (name, text) in rows {
      guard let value = UUID(uuidString: text) else {
        throw SupportError("\(name) in table meta of \(database) is \"\(text)\", not a UUID: bank clean")
      }
      values[name] = value
    }
    return values
  }

  private static func write(
    _ environment: BankEnvironment, _ databases: [String], name: String, _ incarnation: UUID
  ) async throws {
    let text = incarnation.text
    for database in databases {
      try await withSession(environment, database: database, role: environment.databaseOwner) { session in
        _ = try session.execute("delete from meta where name in (\(settled), \(pending))")
        _ = try session.execute("insert into meta (name, value) values (\(name), \(text))")
      }
    }
  }

  private static func settle(
    _ environment: BankEnvironment, _ databases: [String], _ incarnation: UUID
  ) async throws {
    try await write(environment, databases, name: settled, incarnation)
  }

  /// True when a service has read from or written to a topic with this database.
  private static func isUsed(_ environment: BankEnvironment, database: String) async throws -> Bool {
    try await withSession(environment, database: database, role: environment.databaseOwner) { session in
      for table in ["outbox", "consumed_offset"] {
        let there = try session.first("select to_regclass(\("public." + table)::text) is not null", as: Bool.self)
        guard there == true else { continue }
        let condition = table == "consumed_offset" ? " where next_offset > 0" : ""
        let used = try session.first(
          "select exists (select from \(identifier: table)\(unsafe: condition))", as: Bool.self)
        if used == true { return true }
      }
      return false
    }
  }

  // MARK: topic

  /// What the topic says; nil when there is no topic, or no record in it.
  ///
  /// - Parameter timeoutMillis: of each question; a broker that is away takes all of it.
  static func firstRecord(_ kafka: KafkaConfiguration, timeoutMillis: Int = 10_000) async throws -> UUID? {
    let partition = TopicPartition(topic: topic, partition: 0)
    let consumer = try KafkaConsumer(kafka, assignment: [partition: .beginning])
    do {
      let record = try await firstRecord(consumer, partition, timeoutMillis)
      await consumer.close()
      guard let record else { return nil }
      guard let value = record.value, let incarnation = UUID(uuidString: String(decoding: value, as: UTF8.self)) else {
        throw SupportError("the first record of topic \(topic) is not a UUID: bank clean, or bank adopt")
      }
      return incarnation
    } catch {
      await consumer.close()
      throw error
    }
  }

  private static func firstRecord(
    _ consumer: KafkaConsumer, _ partition: TopicPartition, _ timeoutMillis: Int
  ) async throws -> ConsumedRecord? {
    do {
      let end = try await consumer.endOffsets([partition], timeoutMillis: timeoutMillis)[partition] ?? 0
      let beginning = try await consumer.beginningOffsets([partition], timeoutMillis: timeoutMillis)[partition] ?? 0
      if end <= beginning { return nil }
    } catch {
      // A pattern in the catch would do, but this compiler breaks on one over a typed error.
      if unknownTopic.contains(error.code) { return nil }
      throw error
    }
    for _ in 0..<20 {
      if let record = try await consumer.next(maxRecords: 1, timeoutMillis: 500).first { return record }
    }
    throw SupportError("topic \(topic) has a record and the broker does not give it out within 10 s")
  }

  private static func append(_ environment: BankEnvironment, _ incarnation: UUID) async throws {
    let producer = try KafkaProducer(try environment.kafka())
    do {
      _ = try await producer.send(
        KafkaRecord(topic: topic, partition: 0, key: nil, value: Array(incarnation.text.utf8)))
      await producer.close()
    } catch {
      await producer.close()
      throw error
    }
  }

  private static func replaceTopic(_ environment: BankEnvironment) async throws {
    let admin = try KafkaAdmin(try environment.kafka())
    do {
      let old = try await admin.topics().first { $0.name == topic }
      if old != nil { try await admin.deleteTopics([topic])[topic]?.get() }
      let brokers = try await admin.brokerCount()
      let made = NewTopic(
        name: topic, partitions: 1, replicas: min(3, brokers), config: ["retention.ms": "-1"])
      // A real cluster deletes in the background, and refuses the name until it is done.
      var backoff = Backoff(firstMillis: 200, maxMillis: 2000)
      for attempt in 1...20 {
        let result = try await admin.createTopics([made])[topic]
        if case .failure(let error)? = result {
          guard error.code == .topicAlreadyExists, attempt < 20 else { throw error }
          try await backoff.wait()
        } else {
          break
        }
      }
      await admin.close()
    } catch {
      await admin.close()
      throw error
    }
  }
}
