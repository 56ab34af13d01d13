import BankSupport
import KafkaRuntime
import Synchronization

/// Where each partition stands, for whoever shows it.
final class PlaceBoard: Sendable {
  private let places = Mutex<[TopicPartition: Position]>([:])

  var all: [TopicPartition: Position] { places.withLock { $0 } }

  func set(_ positions: [TopicPartition: Position]) {
    places.withLock { $0.merge(positions) { $1 } }
  }
}
