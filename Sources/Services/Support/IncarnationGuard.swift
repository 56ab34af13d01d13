import Foundation
import KafkaRuntime
import Synchronization

/// Sees, whenever a broker comes back, that its topics are still those that the positions are of; a service whose topics
/// were wiped or exchanged stops, with `Incarnation.mismatch`.
package final class IncarnationGuard: Sendable {
  /// A cluster that starts may not know its topics for a while. Topics of another run are never waited for.
  private static let missingLimit = Duration.seconds(10)

  private let kafka: KafkaConfiguration
  private let incarnation: UUID
  private let stop: StopFlag
  private let missingSince = Mutex<ContinuousClock.Instant?>(nil)

  /// - Parameter stop: is set, with the reason, when the service has to end.
  package init(_ kafka: KafkaConfiguration, incarnation: UUID, stop: StopFlag) {
    self.kafka = kafka
    self.incarnation = incarnation
    self.stop = stop
  }

  /// - Throws: `SupportError` where the topics are not those of the positions, `TopicMissing` where that is not known yet,
  ///   and what `KafkaConsumer` throws where the broker does not answer: nothing may be read or written on.
  package func check() async throws {
    if let failure = stop.failure { throw failure }
    let problem: SupportError
    do {
      let found = try await Incarnation.firstRecord(kafka, timeoutMillis: 3_000)
      if found == incarnation { return missingSince.withLock { $0 = nil } }
      problem = SupportError(Incarnation.mismatch)
      if found != nil {
        stop.fail(problem)
        throw problem
      }
    } catch let error as KafkaError {
      // Only a broker that answers says that a topic is missing.
      missingSince.withLock { $0 = nil }
      throw error
    }
    let since = missingSince.withLock { since in
      let first = since ?? .now
      since = first
      return first
    }
    guard since.duration(to: .now) > Self.missingLimit else { throw TopicMissing() }
    stop.fail(problem)
    throw problem
  }

  /// The broker does not know the topic now.
  package struct TopicMissing: Error, CustomStringConvertible {
    package var description: String { "topic \(Incarnation.topic) is missing, or empty" }
  }
}
