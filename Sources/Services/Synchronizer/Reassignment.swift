/// Which brokers would hold each partition with another number of replicas.
struct Reassignment {
  private struct File: Encodable {
    struct Partition: Encodable {
      var topic: String
      var partition: Int
      var replicas: [Int32]
    }

    var version = 1
    var partitions: [Partition]
  }

  private let file: File

  /// Brokers that hold a partition keep it, as far as they are to be as many; new ones are those that have the fewest of
  /// the topic's replicas, so that the load spreads.
  init(of topic: ActualTopic, to replicas: Int, brokers: [Int32]) {
    var load = Dictionary(brokers.map { ($0, 0) }) { first, _ in first }
    for broker in topic.replicas.joined() { load[broker, default: 0] += 1 }
    var partitions: [File.Partition] = []
    for (partition, holders) in topic.replicas.enumerated() {
      var wanted = Array(holders.prefix(replicas))
      while wanted.count < replicas {
        let free = brokers.filter { !wanted.contains($0) }
        guard let next = free.min(by: { (load[$0] ?? 0, $0) < (load[$1] ?? 0, $1) }) else { break }
        load[next, default: 0] += 1
        wanted.append(next)
      }
      partitions.append(File.Partition(topic: topic.name, partition: partition, replicas: wanted))
    }
    file = File(partitions: partitions)
  }

  /// As `kafka-reassign-partitions --reassignment-json-file` takes it.
  var json: String { Canonical.text(of: file) }
}
