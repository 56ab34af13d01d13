import KafkaRuntime

/// What a service needs before it can begin, tried until it is there.
package struct Start: Sendable {
  let status: ServiceStatus
  let stop: StopFlag
  let maxPauseMillis: Int

  package init(status: ServiceStatus, stop: StopFlag, maxPauseMillis: Int) {
    self.status = status
    self.stop = stop
    self.maxPauseMillis = maxPauseMillis
  }

  /// Tries until it works, with pauses; nil when the service is stopped first.
  ///
  /// - Throws: what trying again can't help.
  package func until<Value: Sendable>(
    _ part: ServiceStatus.Part, _ body: @Sendable () async throws -> Value
  ) async throws -> Value? {
    var backoff = Backoff(firstMillis: 100, maxMillis: maxPauseMillis)
    while !stop.isSet {
      do {
        let value = try await body()
        status.works(part)
        return value
      } catch let error as KafkaError where error.code == .invalidArgument {
        throw error
      } catch {
        status.fails(part, error)
        status.health.fail("\(part.rawValue): \(ServiceStatus.shown(error))")
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    return nil
  }
}

extension KafkaConfiguration {
  /// The partitions of topics, as many as the cluster has, which may be more than the definitions say.
  ///
  /// - Throws: `SupportError` for a topic that is not there; `KafkaError` when the broker doesn't answer.
  package func partitions(of topics: [String]) async throws -> [TopicPartition] {
    let admin = try KafkaAdmin(self, requestTimeoutMillis: 10_000)
    let known: [TopicMetadata]
    do { known = try await admin.topics() } catch {
      await admin.close()
      throw error
    }
    await admin.close()
    return try topics.flatMap { name in
      guard let topic = known.first(where: { $0.name == name }), topic.partitions > 0 else {
        throw SupportError("there is no topic \(name): run bank synchronize")
      }
      return (0..<Int32(topic.partitions)).map { TopicPartition(topic: name, partition: $0) }
    }
  }
}
