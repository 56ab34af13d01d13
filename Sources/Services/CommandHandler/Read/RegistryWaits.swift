import BankSupport
import KafkaRuntime
import Synchronization

/// The partitions with a record whose schema the registry could not be asked for.
final class RegistryWaits: Sendable {
  private let partitions = Mutex<Set<TopicPartition>>([])

  /// Holds those that a batch has, and shows whether the registry works: others, which go on, do not make that well.
  func take(_ parsed: CommandParser.Parsed, _ reader: CommandReader, _ status: ServiceStatus) async throws {
    for (partition, reason) in parsed.waiting {
      status.fails(.registry, reason)
      try await reader.hold(partition)
    }
    let places = reader.all
    let isWaiting = partitions.withLock { waiting in
      if !waiting.isEmpty {
        waiting.subtract(parsed.records.map(\.record.topicPartition))
        // What was given away another handler looks after.
        waiting = waiting.filter { places[$0] != nil }
      }
      waiting.formUnion(parsed.waiting.keys)
      return !waiting.isEmpty
    }
    if !isWaiting { status.works(.registry) }
  }
}
