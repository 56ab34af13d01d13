import BankSupport
import KafkaRuntime
import PostgresRuntime

/// What the endpoint does by itself, while it serves: projection, answers, and looking whether all is well.
package struct EndpointWork: Sendable {
  private static let probeMillis = 1_000
  private static let maxPauseMillis = 5_000

  let connections: ServiceConnections
  let services: EndpointServices
  let settings: EndpointSettings
  let status: ServiceStatus

  package init(
    _ connections: ServiceConnections, services: EndpointServices, settings: EndpointSettings, status: ServiceStatus
  ) {
    self.connections = connections
    self.services = services
    self.settings = settings
    self.status = status
  }

  /// Works until the flag is set; what was begun is finished then, and everything is let go of.
  ///
  /// - Throws: when a part can't begin; the others are stopped then.
  package func run(until stop: StopFlag) async throws {
    let places = PlaceBoard()
    status.waits(.catchUp, "the transactions are not up to date yet")
    status.waits(.answersCatchUp, "the bank's answers are not read up to now yet")
    status.waits(.registry, "the schema registry has not answered yet")
    status.started()
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await project(places, stop) }
        group.addTask { try await readAnswers(places, stop) }
        group.addTask { try await prepareSender(stop) }
        group.addTask { await probe(stop) }
        group.addTask {
          await LagWatch(kafka: connections.kafka, status: status) { places.all }.run(until: stop)
        }
        do {
          try await group.waitForAll()
        } catch {
          stop.set()
          throw error
        }
      }
    } catch {
      await services.close()
      throw error
    }
    await services.close()
    if let failure = stop.failure { throw failure }
  }

  private func project(_ places: PlaceBoard, _ stop: StopFlag) async throws {
    let projection = Projection(
      connections, registry: services.registry, hub: services.hub,
      settings: .init(
        maxBatchRecords: settings.maxBatchRecords, maxValueBytes: settings.maxEventBytes,
        gate: .init(waitMillis: settings.gapMillis, maxHeld: settings.maxHeldEvents), failpoints: settings.failpoints),
      status: status, places: places, stop: stop)
    try await projection.run()
  }

  private func readAnswers(_ places: PlaceBoard, _ stop: StopFlag) async throws {
    let reader = AnswerReader(
      connections, registry: services.registry, waiters: services.waiters,
      maxBatchRecords: settings.maxBatchRecords, status: status, places: places, stop: stop,
      failpoints: settings.failpoints)
    try await reader.run()
  }

  private func prepareSender(_ stop: StopFlag) async throws {
    _ = try await Start(status: status, stop: stop, maxPauseMillis: Self.maxPauseMillis)
      .until(.registry) { try await services.sender.prepare() }
  }

  /// Looks whether the database and, after a failure, the broker answer, also while nobody asks for anything.
  private func probe(_ stop: StopFlag) async {
    while !stop.isSet {
      do {
        try await services.pool.run { session in _ = try session.execute("select 1") }
        status.works(.postgres)
      } catch {
        if stop.isSet { return }
        status.fails(.postgres, error)
      }
      await services.sender.probe()
      await stop.sleep(millis: Self.probeMillis)
    }
  }
}
