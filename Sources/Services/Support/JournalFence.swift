import Definitions
import Foundation
import KafkaRuntime

/// Which records of the topic `journal` count (docs/variants.md, "memory"): everybody who reads it decides by this.
///
/// An epoch counts when it is above that of every writer before; from there on only its own entries count, each the next
/// by number. So what a replaced writer still sends counts for nobody, itself included, and neither does what stands
/// behind entries that the broker has lost.
package struct JournalFence: Sendable, Hashable {
  /// The journal has one partition.
  package static let partition = TopicPartition(topic: Topics.journal.name, partition: 0)

  /// Of the writer that counts; 0 before the first.
  package private(set) var epoch: Int64 = 0
  package private(set) var writer: UUID?
  /// Of the last entry that counted; 0 before the first.
  package private(set) var number: Int64 = 0
  /// The writer has said that it writes no more, or there never was one.
  package private(set) var isFree = true

  package init() {}

  /// As after an entry of this epoch.
  package init(after entry: JournalEntry) { (epoch, number, isFree) = (entry.epoch, entry.number, entry.ends) }

  /// Whether the epoch counts, and then entries of others no longer do.
  package mutating func admits(_ record: JournalEpoch) -> Bool {
    guard record.epoch > epoch else { return false }
    (epoch, writer, isFree) = (record.epoch, record.writer, false)
    return true
  }

  /// Whether the entry counts.
  package mutating func admits(_ entry: JournalEntry) -> Bool {
    guard entry.epoch == epoch, entry.number == number + 1 else { return false }
    (number, isFree) = (entry.number, entry.ends)
    return true
  }
}

extension KafkaConfiguration {
  /// The offset after the last record of the journal: 0 when there is none, as with every strategy but `memory`.
  package func journalEnd() async throws -> Int64 {
    let consumer = try KafkaConsumer(self, assignment: [:])
    do {
      let end = try await consumer.endOffsets([JournalFence.partition])[JournalFence.partition] ?? 0
      await consumer.close()
      return end
    } catch {
      await consumer.close()
      // Topics that were made before there was a journal.
      if Incarnation.unknownTopic.contains(error.code) { return 0 }
      throw error
    }
  }
}
