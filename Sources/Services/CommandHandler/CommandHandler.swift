import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry
import Synchronization

/// A handler: reads commands, decides, writes, publishes.
///
/// Three tasks: the leases, the batches (read, parse, one transaction each), and the publisher, which sends what is
/// committed while the next batch is decided.
package final class CommandHandler: Sendable {
  private static let pollMillis = 500

  private let connections: ServiceConnections
  private let settings: HandlerSettings
  package let status: ServiceStatus
  private let cache: OutboxCache
  private let places = Mutex<[TopicPartition: Position]>([:])
  private let waits = RegistryWaits()

  /// - Parameter connections: with the role `command_handler`, in balancedb.
  package init(_ connections: ServiceConnections, settings: HandlerSettings, status: ServiceStatus) {
    self.connections = connections
    self.settings = settings
    self.status = status
    cache = OutboxCache(maxRows: settings.maxCachedBatches, maxBytes: settings.maxCachedBytes)
  }

  /// Works until the flag is set; then finishes the batch that it has begun, gives its partitions back, publishes
  /// what is committed and returns.
  ///
  /// - Throws: when it can't begin.
  package func run(until stop: StopFlag) async throws {
    var registrySettings = RegistryClient.Settings()
    // The handler waits by itself, without keeping other partitions waiting.
    registrySettings.maxAttempts = 1
    registrySettings.timeoutMillis = 2_000
    let registry = try RegistryClient(connections.registryURL, settings: registrySettings)
    let encoder = EventEncoder(registry: registry, feedback: settings.feedback)
    let start = Start(status: status, stop: stop, maxPauseMillis: settings.maxRetryPauseMillis)
    guard try await start.until(.registry, { try await encoder.prepare() }) != nil else { return }
    let names = [Topics.confirmAccountCreation.name, Topics.confirmMoneyTransfer.name]
    let kafka = connections.kafka
    guard let partitions = try await start.until(.kafka, { try await kafka.partitions(of: names) }) else { return }
    let keeper = LeaseKeeper(
      connections.postgres, incarnation: connections.incarnation, partitions: partitions, settings: settings,
      status: status)
    let handled = StopFlag()
    let topics = IncarnationGuard(connections.kafka, incarnation: connections.incarnation, stop: stop)
    async let leases: Void = keeper.run(until: stop)
    async let publishing: Void = publish(until: handled, topics)
    async let lag: Void = LagWatch(kafka: connections.kafka, status: status) { self.places.withLock { $0 } }
      .run(until: stop)
    status.started()
    await handle(
      BatchCommitter(
        database: BatchCommitter.database(connections.postgres), encoder: encoder,
        incarnation: connections.incarnation, keeper: keeper, settings: settings, status: status, stop: stop),
      CommandParser(
        registry: registry, maxCommandBytes: settings.maxCommandBytes, accountNumbers: settings.accountNumbers),
      topics, until: stop)
    await leases
    await keeper.release()
    if let failure = stop.failure { handled.fail(failure) } else { handled.set() }
    await publishing
    await lag
    if let failure = stop.failure { throw failure }
  }

  private func publish(until stop: StopFlag, _ topics: IncarnationGuard) async {
    await OutboxPublisher(
      connections.kafka, connections.postgres, cache: cache, settings: settings, status: status, verify: topics.check
    ).run(until: stop)
  }

  // MARK: Batches

  private func handle(
    _ committer: BatchCommitter, _ parser: CommandParser, _ topics: IncarnationGuard, until stop: StopFlag
  ) async {
    let positions = PositionStore(database: committer.database, incarnation: connections.incarnation)
    let reader = CommandReader(
      connections.kafka,
      settings: .init(maxRecords: settings.maxBatchCommands, replayMillis: settings.replayMillis, readsHeaders: false),
      status: status, verify: topics.check
    ) { partition, lease, from, to in
      guard try await positions.reset(partition, from: from, to: to, epoch: lease.epoch) else {
        throw LeaseLost(partitions: [partition])
      }
    }
    var backoff = Backoff(firstMillis: 100, maxMillis: settings.maxRetryPauseMillis)
    while !stop.isSet {
      do {
        try settings.reach(.reading)
        var clock = StageClock()
        let records = try await reader.next(committer.keeper.owned, timeoutMillis: Self.pollMillis)
        clock.ends(.read)
        if !records.isEmpty { clock.times.record(in: status.metrics) }
        backoff.reset()
        if reader.isChecked { status.works(.postgres) }
        if !records.isEmpty { try await handle(records, reader, parser, committer) }
        let all = reader.all
        places.withLock { $0 = all }
      } catch let error as LeaseLost {
        committer.keeper.lost(error.partitions)
      } catch {
        status.fails(error is PostgresError ? .postgres : .kafka, error)
        if let error = error as? KafkaError, error.isFatal || error.code == .closed {
          await reader.close()
        } else {
          reader.rewind()
        }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    await reader.close()
    await committer.database.close()
  }

  private func handle(
    _ records: [ConsumedRecord], _ reader: CommandReader, _ parser: CommandParser, _ committer: BatchCommitter
  ) async throws {
    let start = ContinuousClock.now
    try settings.reach(.batchRead)
    let parsed = await parser.parse(records)
    parsed.times.record(in: status.metrics)
    try await waits.take(parsed, reader, status)
    let batch = CommandBatch(parsed.records, place: reader.place(of:))
    if batch.moves.isEmpty { return }
    switch await committer.commit(batch) {
    case .committed(let result, let committed):
      try settings.reach(.committed)
      if let row = result?.outbox { cache.add(row) }
      reader.moved(committed.moves.mapValues(\.to))
      if committed.records.count < batch.records.count { reader.rewind() }
      status.metrics.observe("bank_batch_duration_seconds", seconds: start.duration(to: .now) / .seconds(1))
      result?.record(in: status.metrics)
    case .abandoned:
      reader.rewind()
    }
  }
}

/// Reads the commands of the partitions that are leased.
typealias CommandReader = PartitionReader<Lease>
