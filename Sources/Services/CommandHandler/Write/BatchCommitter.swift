import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// Commits batches, whatever stands in the way: tries again where that helps, waits where it doesn't, and looks
/// where it can't know.
struct BatchCommitter: Sendable {
  let database: Database
  let encoder: EventEncoder
  let incarnation: UUID
  let keeper: LeaseKeeper
  let settings: HandlerSettings
  let status: ServiceStatus
  let stop: StopFlag

  /// The connection for batches. Compressing a row of the outbox by Postgres' own method costs more than writing the
  /// ledger's balances; a server that was built without lz4 does it that way.
  static func database(_ configuration: PostgresConfiguration) -> Database {
    Database(configuration, purpose: "batches", wish: "set default_toast_compression = 'lz4'")
  }

  enum Outcome: Sendable {
    /// `result` is nil when the answer to COMMIT was lost and the database tells that it happened. The batch is what was
    /// committed, which may be less than was asked for.
    case committed(BatchTransaction.Result?, CommandBatch)
    /// Nothing was written: the partitions belong to others now, or the handler stops.
    case abandoned
  }

  func commit(_ whole: CommandBatch) async -> Outcome {
    var batch = whole
    var attempts = 0
    var backoff = Backoff(firstMillis: 20, maxMillis: settings.maxRetryPauseMillis)
    while !batch.moves.isEmpty {
      do {
        let result = try await attempt(batch)
        status.works(.postgres)
        return .committed(result, batch)
      } catch let error as LeaseLost {
        status.log("gave up \(error.partitions.sorted().map(\.description).joined(separator: ", "))")
        keeper.lost(error.partitions)
        batch = batch.without(error.partitions)
      } catch let error as PostgresError where error.isConnectionLost {
        status.fails(.postgres, error.message)
        switch await resolve(batch) {
        case .committed: return .committed(nil, batch)
        case .lost(let partitions):
          keeper.lost(partitions)
          batch = batch.without(partitions)
        case .notCommitted:
          if stop.isSet { return .abandoned }
          // The handler was so slow that the server ended its transaction: all of it would be too slow again.
          if error.isIdleTooLong { batch = batch.firstHalf() }
          await stop.sleep(millis: backoff.nextMillis())
        case .unknown: return .abandoned
        }
      } catch {
        attempts += 1
        if stop.isSet { return .abandoned }
        if Self.meetsOthers(error), attempts <= settings.maxQuickRetries {
          status.metrics.add(to: "bank_retries_total", ["target": ServiceStatus.Part.postgres.rawValue])
        } else {
          status.fails(.postgres, error)
        }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    return .abandoned
  }

  /// Another transaction was in the way, and won't be when this one is tried again.
  private static func meetsOthers(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return false }
    return error.isSerializationFailure || error.isDeadlock || error.isUniqueViolation
  }

  private func attempt(_ batch: CommandBatch) async throws -> BatchTransaction.Result {
    let transaction = BatchTransaction(
      batch: batch, encoder: encoder, incarnation: incarnation, settings: settings)
    return try await database.run { session in try transaction.commit(session) }
  }

  private enum Verdict {
    case committed, notCommitted, unknown
    case lost(Set<TopicPartition>)
  }

  /// On a new connection: whether the batch was committed although its connection broke.
  private func resolve(_ batch: CommandBatch) async -> Verdict {
    var backoff = Backoff(firstMillis: 50, maxMillis: settings.maxRetryPauseMillis)
    let incarnation = incarnation
    while true {
      do {
        let isCommitted = try await database.run { session in
          try BatchTransaction.isCommitted(batch, incarnation: incarnation, session)
        }
        status.works(.postgres)
        return isCommitted ? .committed : .notCommitted
      } catch let error as LeaseLost {
        return .lost(error.partitions)
      } catch {
        status.fails(.postgres, error)
        // Either way nothing is lost: the next start reads the position that the database has.
        if stop.isSet { return .unknown }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
  }
}
