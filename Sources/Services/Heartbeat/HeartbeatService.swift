import BankSupport
import Definitions
import KafkaRuntime
import Logging
import SchemaRegistry

/// `bank heartbeat`: sends beats that set the pace of the command generator.
public enum HeartbeatService {
  /// Runs until the process is asked to stop.
  ///
  /// - Parameter pace: at first; the HTTP control on `ports.heartbeat` changes it.
  /// - Throws: when a setting is missing or wrong, the port is taken, or the registry lacks the schema. A broker or a
  ///   registry that is away is waited for.
  public static func run(_ environment: BankEnvironment, pace: HeartbeatControl.Pace) async throws {
    let control = HeartbeatControl(pace)
    let host = ServiceHost(
      name: "heartbeat", address: environment.bindAddress, port: environment.ports.heartbeat, routes: control.routes)
    let loop = HeartbeatLoop(
      kafka: try environment.kafka(), registry: try RegistryClient(try environment.registryURL()), control: control,
      metrics: host.metrics, health: host.health)
    try await host.run { try await loop.run() }
  }
}

/// The work of the service, without its HTTP server.
public struct HeartbeatLoop: Sendable {
  let kafka: KafkaConfiguration
  let registry: RegistryClient
  let control: HeartbeatControl
  let metrics: Metrics
  let health: Health
  private let logger = Logger(label: "heartbeat")

  public init(
    kafka: KafkaConfiguration, registry: RegistryClient, control: HeartbeatControl, metrics: Metrics, health: Health
  ) {
    self.kafka = kafka
    self.registry = registry
    self.control = control
    self.metrics = metrics
    self.health = health
  }

  /// Counts on from the last beat on the topic; returns when the task is cancelled.
  public func run() async throws {
    let codec = TopicCodec(Topics.heartbeat, registry: registry)
    let waiting = Waiting(metrics: metrics, health: health, logger: logger)
    let producer = SteadyProducer(kafka, metrics: metrics, health: health, logger: logger)
    do {
      try await waiting.forServers { try await codec.prepare() }
      control.counter = try await waiting.forServers { try await LastBeat.find(kafka, codec) }
      logger.info("heartbeat ready, the last beat was \(control.counter)")
      health.ready()
      try await beat(codec, producer)
    } catch is CancellationError {
      // Asked to stop.
    } catch {
      await producer.close()
      throw error
    }
    await producer.close()
  }

  private func beat(_ codec: TopicCodec<Heartbeat>, _ producer: SteadyProducer) async throws {
    var due = ContinuousClock.now
    while !Task.isCancelled {
      var left = control.pace.batchSize
      while left > 0 {
        let count = min(left, SteadyProducer.batchLimit)
        let last = control.counter
        let records = try (1...count).map { try record(beat: last + Int64($0), codec) }
        let metrics = metrics
        // The next beats wait for these: nothing piles up when the broker is slow.
        try await producer.send(records) { metrics.add($0, to: "bank_heartbeats_total") }
        control.counter = last + Int64(count)
        left -= count
      }
      due = await control.waitForNextBatch(after: due)
    }
  }

  private func record(beat: Int64, _ codec: TopicCodec<Heartbeat>) throws -> KafkaRecord {
    KafkaRecord(
      topic: codec.topic.name, key: Array(String(WallClock.millis()).utf8),
      value: try codec.encode(Heartbeat(beat: beat)))
  }
}
