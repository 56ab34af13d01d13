import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

extension LedgerSnapshot {
  /// Reads the ledger of a bank without a database: the entries of the topic `journal` that count.
  ///
  /// - Parameters:
  ///   - journalEnd: where to stop.
  ///   - earlierEnds: for each partition of events an end that was read before `journalEnd`.
  /// - Throws: `SupportError` for a record that can't be read, and `KafkaError`.
  static func read(
    _ kafka: KafkaConfiguration, _ registry: RegistryClient, journalEnd: Int64, earlierEnds: [TopicPartition: Int64]
  ) async throws -> LedgerSnapshot {
    var builder = JournalSnapshot(earlierEnds: earlierEnds)
    let codec = TopicCodec(Topics.journal, registry: registry)
    _ = try await TopicScan.read(kafka, ends: [JournalFence.partition: journalEnd]) { records in
      for record in records {
        do {
          try builder.add(try await codec.decode(record.value))
        } catch let error as CodecError where error.deadLetterCause != nil {
          throw SupportError("\(record.topicPartition)/\(record.offset) can't be read: \(error)")
        }
      }
    }
    return try builder.finish()
  }
}

/// Adds up the entries of the journal.
private struct JournalSnapshot {
  private var snapshot = LedgerSnapshot()
  private var fence = JournalFence()
  /// Events of each entry, and where they went: the last that was said of it counts.
  private var events: [Int64: [AuditedEvent]] = [:]
  private var deliveries: [Int64: [OutboxDelivery]] = [:]

  init(earlierEnds: [TopicPartition: Int64]) {
    snapshot.earlierEnds = earlierEnds
    snapshot.accounts[IBAN.company.text] = LedgerSnapshot.Account(
      amount: LedgerSnapshot.companyOpening, limit: -50_000, version: 0, token: Token.company, isCompany: true,
      openedAtMicros: 0)
  }

  mutating func add(_ record: Journal) throws {
    switch record {
    case .journalEpoch(let epoch): _ = fence.admits(epoch)
    case .journalEntry(let entry): if fence.admits(entry) { try add(entry) }
    }
  }

  private mutating func add(_ entry: JournalEntry) throws {
    for position in entry.positions {
      snapshot.positions[TopicPartition(topic: position.topic, partition: position.partition)] = .init(
        nextOffset: position.nextOffset, lastTimestampMillis: position.lastTimestampMillis)
    }
    // Entries have an order instead of a time: a number is as good as microseconds.
    for account in entry.opened {
      snapshot.accounts[account.iban] = LedgerSnapshot.Account(
        amount: account.amount, limit: account.limit, version: account.version, token: account.token,
        openedAtMicros: entry.number)
    }
    for balance in entry.balances {
      snapshot.accounts[balance.iban]?.amount = balance.amount
      snapshot.accounts[balance.iban]?.version = balance.version
    }
    for leg in entry.legs {
      snapshot.legs[leg.iban, default: []].append(
        LedgerSnapshot.Leg(
          commandID: leg.commandId, side: Int16(truncatingIfNeeded: leg.side), amount: leg.amount,
          counterparty: leg.counterparty.asStored, sequence: leg.sequence))
    }
    for transfer in entry.transfers {
      snapshot.transfers[transfer.id] = LedgerSnapshot.Transfer(
        reason: transfer.reason, payload: PayloadMark(hash: transfer.payloadHash), decidedAtMicros: entry.number)
    }
    for creation in entry.creations {
      snapshot.creations[creation.id] = LedgerSnapshot.Creation(
        iban: creation.iban, token: creation.token, reason: creation.reason,
        payload: PayloadMark(hash: creation.payloadHash))
    }
    for conflict in entry.conflicts {
      let partition = TopicPartition(topic: conflict.topic, partition: conflict.partition)
      snapshot.conflicts[.init(partition: partition, offset: conflict.offset)] = conflict.commandId
    }
    if !entry.events.isEmpty {
      let all = try OutboxBatch(avroBytes: entry.events).events.map { AuditedEvent($0, row: entry.number) }
      snapshot.deadLetters.formUnion(all.compactMap(\.deadLetterOf))
      events[entry.number] = all
    }
    for mark in entry.deliveries { deliveries[mark.number] = mark.deliveries }
  }

  consuming func finish() throws -> LedgerSnapshot {
    for (number, events) in events.sorted(by: { $0.key < $1.key }) {
      if let deliveries = deliveries[number] {
        try snapshot.add(events, deliveredTo: deliveries, row: number)
      } else {
        snapshot.unsent += events
      }
    }
    return snapshot
  }
}
