import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import Synchronization

/// Takes command partitions that nobody owns, renews what it has, and gives back what others should have.
///
/// Handlers share evenly: each announces itself by a row whose topic is `handler/<its id>`, and none owns more than
/// its share of the partitions, rounded up. The database's clock decides what has expired; a handler with a wrong
/// clock does no harm.
final class LeaseKeeper: Sendable {
  let owner: UUID
  private let database: Database
  private let incarnation: UUID
  private let partitions: [TopicPartition]
  private let settings: HandlerSettings
  private let status: ServiceStatus
  private let state = Mutex(State())

  private struct State {
    var owned: [TopicPartition: Lease] = [:]
    /// No longer handled, and given back at the next renewal, when the last batch with it is through.
    var leaving: Set<TopicPartition> = []
  }

  init(
    _ configuration: PostgresConfiguration, incarnation: UUID, owner: UUID = UUID(), partitions: [TopicPartition],
    settings: HandlerSettings, status: ServiceStatus
  ) {
    database = Database(configuration, purpose: "leases")
    self.incarnation = incarnation
    self.owner = owner
    self.partitions = partitions.sorted()
    self.settings = settings
    self.status = status
  }

  /// What this handler may handle now.
  var owned: [TopicPartition: Lease] { state.withLock { $0.owned } }

  /// Another handler has it, or its position is not what it should be: it is taken anew, or not at all.
  func lost(_ partitions: some Sequence<TopicPartition>) {
    state.withLock { state in
      for partition in partitions where state.owned.removeValue(forKey: partition) != nil {
        state.leaving.insert(partition)
      }
    }
  }

  /// Renews and takes until the flag is set. The leases are kept then: `release` gives them back.
  func run(until stop: StopFlag) async {
    while !stop.isSet {
      do {
        try await renew()
        status.works(.lease)
      } catch {
        status.fails(.lease, error)
      }
      await stop.sleep(millis: settings.leaseRenewalMillis)
    }
  }

  /// Gives everything back, so that others need not wait for the end of the leases.
  func release() async {
    state.withLock { $0 = State() }
    let owner = owner
    do {
      try await database.transaction { session in
        try session.execute("delete from partition_lease where owner = \(owner) and topic like 'handler/%'")
        try session.execute("update partition_lease set expires_at = '-infinity' where owner = \(owner)")
      }
    } catch {
      status.log("leases could not be given back and end by themselves: \(error)")
    }
    await database.close()
  }

  /// Ends without giving anything back, as a killed process does.
  func abandon() async { await database.close() }

  private struct Renewal: Sendable {
    var kept: [TopicPartition: Int64] = [:]
    var taken: [TopicPartition: Lease] = [:]
    var share = 0
  }

  private func renew() async throws {
    try await endSilentSessions()
    let leaving = state.withLock { $0.leaving }
    let plan = Plan(
      owner: owner, incarnation: incarnation, seconds: settings.leaseSeconds, partitions: partitions, leaving: leaving)
    let renewal = try await database.transaction { [settings] session in
      // Rows of a session that is silent are free at the next try, or the one after it.
      try session.execute("set local lock_timeout = '3s'")
      let renewal = try plan.perform(session)
      try settings.reach(.leasesTaken)
      return renewal
    }
    state.withLock { state in
      state.leaving.subtract(leaving)
      state.owned = state.owned.filter { renewal.kept[$0.key] == $0.value.epoch }
      // Ours by the table, but the epoch was never learned (the answer to a COMMIT was lost): give it back, so that it
      // is taken anew.
      for partition in renewal.kept.keys where state.owned[partition] == nil { state.leaving.insert(partition) }
      state.owned.merge(renewal.taken) { $1 }
      // What was lost while the statement ran stays lost.
      for partition in state.leaving { state.owned[partition] = nil }
      let surplus = state.owned.keys.sorted().dropFirst(renewal.share)
      for partition in surplus {
        state.owned[partition] = nil
        state.leaving.insert(partition)
      }
    }
  }

  /// Ends sessions of handlers that stopped in the middle of sending a batch, and would hold its locks for ever: Postgres
  /// waits for the rest of a pipeline without a time-out, as neither `statement_timeout` nor
  /// `idle_in_transaction_session_timeout` counts there. A handler that is frozen for twice as long as a lease holds has
  /// lost its partitions, so such a batch can't be committed any more.
  private func endSilentSessions() async throws {
    let ended = try await database.run { [settings] session in
      try session.query(
        """
        select pg_terminate_backend(pid) from pg_stat_activity
        where usename = current_user and datname = current_database() and pid <> pg_backend_pid()
          and state = 'active' and wait_event = 'ClientRead' and xact_start is not null
          and state_change < clock_timestamp() - \(2 * settings.leaseSeconds) * interval '1 second'
        """, as: Bool.self)
    }
    if ended.contains(true) { status.log("ended the session of a handler that stopped in the middle of a batch") }
  }

  /// One renewal, as one transaction.
  private struct Plan: Sendable {
    let owner: UUID
    let incarnation: UUID
    let seconds: Int
    let partitions: [TopicPartition]
    let leaving: Set<TopicPartition>

    func perform(_ session: PostgresSession) throws -> Renewal {
      var renewal = Renewal()
      let handlers = try announce(session)
      renewal.share = (partitions.count + handlers - 1) / max(1, handlers)
      try giveBack(session)
      let rows = try session.query(
        """
        update partition_lease set expires_at = clock_timestamp() + \(seconds) * interval '1 second'
        where owner = \(owner) and topic = any(\(topics)) and expires_at > clock_timestamp()
        returning topic, partition, epoch
        """, as: String.self, Int32.self, Int64.self)
      for (topic, partition, epoch) in rows {
        renewal.kept[TopicPartition(topic: topic, partition: partition)] = epoch
      }
      let room = renewal.share - renewal.kept.count
      if room > 0 { renewal.taken = try take(room, session) }
      return renewal
    }

    private var topics: [String] { Set(partitions.map(\.topic)).sorted() }

    /// - Returns: how many handlers there are, this one included.
    private func announce(_ session: PostgresSession) throws -> Int {
      let name = "handler/\(owner.uuidString.lowercased())"
      try session.execute(
        """
        insert into partition_lease (topic, partition, owner, epoch, expires_at)
        values (\(name), 0, \(owner), 0, clock_timestamp() + \(seconds) * interval '1 second')
        on conflict (topic, partition) do update set expires_at = excluded.expires_at
        """)
      try session.execute(
        """
        delete from partition_lease where (topic, partition) in (
          select topic, partition from partition_lease
          where topic like 'handler/%' and expires_at < clock_timestamp() - interval '1 minute'
          for update skip locked)
        """)
      let count = try session.first(
        """
        select count(*) from partition_lease where topic like 'handler/%' and expires_at > clock_timestamp()
        """, as: Int64.self)
      return max(1, Int(count ?? 1))
    }

    private func giveBack(_ session: PostgresSession) throws {
      guard !leaving.isEmpty else { return }
      try session.execute(
        """
        update partition_lease l set expires_at = '-infinity'
        from unnest(\(leaving.map(\.topic)), \(leaving.map(\.partition))) u(topic, partition)
        where l.owner = \(owner) and l.topic = u.topic and l.partition = u.partition
        """)
    }

    private func take(_ room: Int, _ session: PostgresSession) throws -> [TopicPartition: Lease] {
      try session.execute(
        """
        insert into partition_lease (topic, partition, owner, epoch, expires_at)
        select topic, partition, \(owner), 0, '-infinity'
        from unnest(\(partitions.map(\.topic)), \(partitions.map(\.partition))) u(topic, partition)
        where not exists (
          select from partition_lease l where l.topic = u.topic and l.partition = u.partition)
        on conflict do nothing
        """)
      // What we gave back a moment ago is for another handler, if there is one; it is free again a second later.
      let rows = try session.query(
        """
        update partition_lease set owner = \(owner), epoch = epoch + 1,
          expires_at = clock_timestamp() + \(seconds) * interval '1 second'
        where (topic, partition) in (
          select l.topic, l.partition
          from partition_lease l
          join unnest(\(partitions.map(\.topic)), \(partitions.map(\.partition))) u(topic, partition)
            on l.topic = u.topic and l.partition = u.partition
          where l.expires_at <= clock_timestamp()
          order by l.topic, l.partition limit \(room) for update of l skip locked)
        returning topic, partition, epoch
        """, as: String.self, Int32.self, Int64.self)
      var leases: [TopicPartition: Lease] = [:]
      for (topic, partition, epoch) in rows {
        leases[TopicPartition(topic: topic, partition: partition)] =
          try raise(topic, partition, epoch, session)
      }
      return leases
    }

    /// Moves the epoch of the position, so that whoever had the partition can no longer move it.
    private func raise(
      _ topic: String, _ partition: Int32, _ epoch: Int64, _ session: PostgresSession
    ) throws -> Lease {
      let row = try session.first(
        """
        insert into consumed_offset as c (incarnation, topic, partition, next_offset, last_timestamp, epoch)
        values (\(incarnation), \(topic), \(partition), 0, -1, \(epoch))
        on conflict (incarnation, topic, partition)
        do update set epoch = greatest(c.epoch + 1, excluded.epoch)
        returning next_offset, last_timestamp, epoch
        """, as: Int64.self, Int64.self, Int64.self)
      guard let (nextOffset, lastTimestampMillis, raised) = row else {
        throw HandlerError("consumed_offset has no row for \(topic)/\(partition) although it was just written")
      }
      if raised != epoch {
        try session.execute(
          "update partition_lease set epoch = \(raised) where topic = \(topic) and partition = \(partition)")
      }
      return Lease(
        epoch: raised, start: Position(nextOffset: nextOffset, lastTimestampMillis: lastTimestampMillis))
    }
  }
}

/// Something that should not be, in words for whoever runs the handler.
struct HandlerError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
