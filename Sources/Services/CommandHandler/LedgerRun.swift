import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// The middle of the handler without Kafka on either side: from command records to committed outcomes. For measuring.
///
/// It leases the partitions as a handler does, so nobody else may handle commands of the database meanwhile. What it
/// puts into the outbox stays there, unsent, until a handler publishes it.
public final class LedgerRun {
  public let metrics = Metrics()
  private let parser: CommandParser
  private let committer: BatchCommitter
  private let stop = StopFlag()
  private let leases: Task<Void, Never>
  private var positions: [TopicPartition: Position] = [:]

  /// - Parameters:
  ///   - postgres: as the role `command_handler`.
  ///   - partitions: of which records will come.
  /// - Throws: when registry or database don't answer, or another handler has the partitions.
  public init(
    postgres: PostgresConfiguration, registryURL: String, incarnation: UUID, partitions: [TopicPartition],
    settings: HandlerSettings = HandlerSettings()
  ) async throws {
    let registry = try RegistryClient(registryURL)
    let encoder = EventEncoder(registry: registry)
    try await encoder.prepare()
    let status = ServiceStatus(name: "ledger", metrics: metrics, health: Health())
    let keeper = LeaseKeeper(
      postgres, incarnation: incarnation, partitions: partitions, settings: settings, status: status)
    parser = CommandParser(registry: registry, maxCommandBytes: settings.maxCommandBytes)
    committer = BatchCommitter(
      database: BatchCommitter.database(postgres), encoder: encoder, incarnation: incarnation, keeper: keeper,
      settings: settings, status: status, stop: stop)
    leases = Task { [stop] in await keeper.run(until: stop) }
    let deadline = ContinuousClock.now + .seconds(15)
    while keeper.owned.count < partitions.count {
      guard ContinuousClock.now < deadline else { throw HandlerError("another handler has the partitions") }
      try await Task.sleep(for: .milliseconds(20))
    }
    positions = keeper.owned.mapValues(\.start)
  }

  /// Decides the commands and commits what follows from them, as one transaction.
  ///
  /// - Parameter records: at most 1000, those of a partition in the order of their offsets.
  /// - Throws: when they were not all committed.
  public func commit(_ records: [ConsumedRecord]) async throws {
    let parsed = await parser.parse(records)
    parsed.times.record(in: metrics)
    let owned = committer.keeper.owned
    let batch = CommandBatch(parsed.records) { [positions] partition in
      guard let position = positions[partition], let lease = owned[partition] else { return nil }
      return (position, lease)
    }
    guard batch.records.count == records.count,
      case .committed(let result, let committed) = await committer.commit(batch)
    else { throw HandlerError("a batch was not committed") }
    result?.times.record(in: metrics)
    for (partition, move) in committed.moves { positions[partition] = move.to }
  }

  /// Gives the leases back.
  public func close() async {
    stop.set()
    await leases.value
    await committer.keeper.release()
    await committer.database.close()
  }
}
