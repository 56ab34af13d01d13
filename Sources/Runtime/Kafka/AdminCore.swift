import CRdKafka

/// The calls of an admin client, all on its worker's thread, which also destroys the handle, as its last job.
final class AdminCore: Sendable {
  let context: ClientContext
  let handle: Handle
  let timeoutMillis: Int32

  init(_ handle: Handle, _ context: ClientContext, timeoutMillis: Int32) {
    self.handle = handle
    self.context = context
    self.timeoutMillis = timeoutMillis
  }

  func close() {
    rd_kafka_destroy(handle.pointer)
  }

  func createTopics(_ topics: [NewTopic], validatesOnly: Bool) throws(KafkaError) -> [String: Result<Void, KafkaError>]
  {
    var objects: [OpaquePointer?] = []
    defer { for object in objects { rd_kafka_NewTopic_destroy(object) } }
    for topic in topics {
      var text = [CChar](repeating: 0, count: 512)
      guard
        let object = rd_kafka_NewTopic_new(
          topic.name, Int32(clamping: topic.partitions), Int32(clamping: topic.replicas), &text, text.count)
      else {
        throw KafkaError(code: .invalidArgument, message: "creating topic \(topic.name): \(string(text))")
      }
      objects.append(object)
      for (name, value) in topic.config.sorted(by: { $0.key < $1.key }) {
        rd_kafka_NewTopic_set_config(object, name, value)
      }
    }
    return try call("creating topics", RD_KAFKA_ADMIN_OP_CREATETOPICS, validatesOnly: validatesOnly) { options, queue in
      rd_kafka_CreateTopics(handle.pointer, &objects, objects.count, options, queue)
    } read: { event in
      var count = 0
      let results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
      return outcomes(results, count, "creating topic")
    }
  }

  func deleteTopics(_ names: [String]) throws(KafkaError) -> [String: Result<Void, KafkaError>] {
    var objects: [OpaquePointer?] = names.map { rd_kafka_DeleteTopic_new($0) }
    defer { for object in objects { rd_kafka_DeleteTopic_destroy(object) } }
    return try call("deleting topics", RD_KAFKA_ADMIN_OP_DELETETOPICS) { options, queue in
      rd_kafka_DeleteTopics(handle.pointer, &objects, objects.count, options, queue)
    } read: { event in
      var count = 0
      let results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)
      return outcomes(results, count, "deleting topic")
    }
  }

  func createPartitions(_ topic: String, _ total: Int, validatesOnly: Bool) throws(KafkaError) {
    var text = [CChar](repeating: 0, count: 512)
    guard total > 0, let object = rd_kafka_NewPartitions_new(topic, total, &text, text.count) else {
      throw KafkaError(code: .invalidArgument, message: "partitions of \(topic): \(string(text))")
    }
    var objects: [OpaquePointer?] = [object]
    defer { rd_kafka_NewPartitions_destroy(object) }
    let result = try call(
      "creating partitions", RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, validatesOnly: validatesOnly
    ) { options, queue in
      rd_kafka_CreatePartitions(handle.pointer, &objects, 1, options, queue)
    } read: { event in
      var count = 0
      let results = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count)
      return outcomes(results, count, "creating partitions of")
    }
    try result[topic]?.get()
  }

  func metadata() throws(KafkaError) -> ClusterMetadata {
    let pointer = try metadata("asking for the cluster's topics")
    defer { rd_kafka_metadata_destroy(pointer) }
    let metadata = pointer.pointee
    let brokers = UnsafeBufferPointer(start: metadata.brokers, count: Int(metadata.broker_cnt)).map(\.id)
    let topics = UnsafeBufferPointer(start: metadata.topics, count: Int(metadata.topic_cnt)).map { topic in
      let partitions = UnsafeBufferPointer(start: topic.partitions, count: Int(topic.partition_cnt))
      return TopicMetadata(
        name: String(cString: topic.topic),
        brokersByPartition: partitions.sorted { $0.id < $1.id }.map {
          Array(UnsafeBufferPointer(start: $0.replicas, count: Int($0.replica_cnt)))
        })
    }
    return ClusterMetadata(brokerIDs: brokers.sorted(), topics: topics.sorted { $0.name < $1.name })
  }

  /// Asks in turns of a second: librdkafka tries for as long as it may, also where a certificate or a password is
  /// refused, which waiting does not mend.
  private func metadata(_ what: String) throws(KafkaError) -> UnsafePointer<rd_kafka_metadata> {
    let deadline = ContinuousClock.now + .milliseconds(timeoutMillis)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      let turnMillis = min(1_000, Int32(clamping: Int64(left / .milliseconds(1))))
      var pointer: UnsafePointer<rd_kafka_metadata>?
      let code = rd_kafka_metadata(handle.pointer, 1, nil, &pointer, max(1, turnMillis))
      if code == RD_KAFKA_RESP_ERR_NO_ERROR, let pointer { return pointer }
      // What went wrong with a connection is told to who polls.
      rd_kafka_poll(handle.pointer, 0)
      if let refusal = context.lastRefusal {
        throw KafkaError(code: refusal.code, message: "\(what): \(refusal.message)")
      }
      let mayWork = code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT
      guard mayWork, ContinuousClock.now < deadline else {
        let error = KafkaError(code, what)
        guard let problem = context.lastProblem else { throw error }
        throw KafkaError(code: error.code, message: "\(error.message); \(problem.message)")
      }
    }
  }

  func clusterID() throws(KafkaError) -> String {
    guard let text = rd_kafka_clusterid(handle.pointer, timeoutMillis) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for the cluster's id")
    }
    defer { rd_kafka_mem_free(handle.pointer, text) }
    return String(cString: text)
  }

  func describeConfigs(_ topics: [String]) throws(KafkaError) -> [String: Result<[ConfigEntry], KafkaError>] {
    var objects: [OpaquePointer?] = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
    defer { for object in objects { rd_kafka_ConfigResource_destroy(object) } }
    return try call("describing settings", RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS) { options, queue in
      rd_kafka_DescribeConfigs(handle.pointer, &objects, objects.count, options, queue)
    } read: { event in
      var count = 0
      let resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count)
      var result: [String: Result<[ConfigEntry], KafkaError>] = [:]
      for resource in UnsafeBufferPointer(start: resources, count: count) {
        let name = String(cString: rd_kafka_ConfigResource_name(resource))
        let failure = resourceError(resource, "describing the settings of \(name)")
        result[name] = failure.map { .failure($0) } ?? .success(configEntries(resource))
      }
      return result
    }
  }

  func alterConfigs(
    _ topic: String, _ config: [String: String], validatesOnly: Bool
  ) throws(KafkaError) {
    guard let object = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic) else {
      throw KafkaError(code: .invalidArgument, message: "topic name \"\(topic)\"")
    }
    defer { rd_kafka_ConfigResource_destroy(object) }
    for (name, value) in config.sorted(by: { $0.key < $1.key }) {
      let code = rd_kafka_ConfigResource_set_config(object, name, value)
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "setting \(name) of \(topic)") }
    }
    var objects: [OpaquePointer?] = [object]
    let failure = try call(
      "altering settings", RD_KAFKA_ADMIN_OP_ALTERCONFIGS, validatesOnly: validatesOnly
    ) { options, queue in
      rd_kafka_AlterConfigs(handle.pointer, &objects, 1, options, queue)
    } read: { event -> KafkaError? in
      var count = 0
      let resources = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count)
      return UnsafeBufferPointer(start: resources, count: count).lazy
        .compactMap { resourceError($0, "altering the settings of \(topic)") }.first
    }
    if let failure { throw failure }
  }

  /// Makes one admin request and waits for its answer, which librdkafka gives in any case, within the time-out.
  ///
  /// - Parameter validatesOnly: the broker says what it would, and does nothing.
  func call<R>(
    _ what: String, _ operation: rd_kafka_admin_op_t, validatesOnly: Bool = false,
    _ request: (OpaquePointer, OpaquePointer) -> Void, read: (OpaquePointer) -> R
  ) throws(KafkaError) -> R {
    guard let options = rd_kafka_AdminOptions_new(handle.pointer, operation),
      let queue = rd_kafka_queue_new(handle.pointer)
    else { throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, what) }
    defer {
      rd_kafka_AdminOptions_destroy(options)
      rd_kafka_queue_destroy(queue)
    }
    var text = [CChar](repeating: 0, count: 512)
    // How long librdkafka waits for the answer, and how long the controller may work at it.
    var code = rd_kafka_AdminOptions_set_request_timeout(options, timeoutMillis, &text, text.count)
    if code == RD_KAFKA_RESP_ERR_NO_ERROR, operationTimesOut(operation) {
      code = rd_kafka_AdminOptions_set_operation_timeout(options, timeoutMillis, &text, text.count)
    }
    if code == RD_KAFKA_RESP_ERR_NO_ERROR, validatesOnly {
      code = rd_kafka_AdminOptions_set_validate_only(options, 1, &text, text.count)
    }
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaError(code: KafkaErrorCode(code), message: "\(what): \(string(text))")
    }
    request(options, queue)
    guard let event = rd_kafka_queue_poll(queue, timeoutMillis + 5_000) else {
      throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, what)
    }
    defer { rd_kafka_event_destroy(event) }
    let result = rd_kafka_event_error(event)
    guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
      let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
      throw KafkaError(code: KafkaErrorCode(result), message: "\(what): \(reason)")
    }
    return read(event)
  }

  private func operationTimesOut(_ operation: rd_kafka_admin_op_t) -> Bool {
    operation == RD_KAFKA_ADMIN_OP_CREATETOPICS || operation == RD_KAFKA_ADMIN_OP_DELETETOPICS
      || operation == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS
  }
}

private func outcomes(
  _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int, _ what: String
) -> [String: Result<Void, KafkaError>] {
  var outcomes: [String: Result<Void, KafkaError>] = [:]
  for result in UnsafeBufferPointer(start: results, count: count) {
    let name = String(cString: rd_kafka_topic_result_name(result))
    let code = rd_kafka_topic_result_error(result)
    if code == RD_KAFKA_RESP_ERR_NO_ERROR {
      outcomes[name] = .success(())
    } else {
      let reason = rd_kafka_topic_result_error_string(result).map { String(cString: $0) } ?? ""
      outcomes[name] = .failure(
        KafkaError(code: KafkaErrorCode(code), message: "\(what) \(name): \(reason)"))
    }
  }
  return outcomes
}

private func resourceError(_ resource: OpaquePointer?, _ what: String) -> KafkaError? {
  let code = rd_kafka_ConfigResource_error(resource)
  guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
  let reason = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) } ?? ""
  return KafkaError(code: KafkaErrorCode(code), message: "\(what): \(reason)")
}

private func configEntries(_ resource: OpaquePointer?) -> [ConfigEntry] {
  var count = 0
  let entries = rd_kafka_ConfigResource_configs(resource, &count)
  return UnsafeBufferPointer(start: entries, count: count).map { entry in
    ConfigEntry(
      name: String(cString: rd_kafka_ConfigEntry_name(entry)),
      value: rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) },
      isDefault: rd_kafka_ConfigEntry_is_default(entry) > 0,
      isReadOnly: rd_kafka_ConfigEntry_is_read_only(entry) > 0,
      isSensitive: rd_kafka_ConfigEntry_is_sensitive(entry) > 0, source: source(entry),
      inherited: inherited(entry))
  }.sorted { $0.name < $1.name }
}

/// The first of the values below the topic's own, by precedence (KIP-226, "synonyms").
private func inherited(_ entry: OpaquePointer?) -> String? {
  var count = 0
  let synonyms = rd_kafka_ConfigEntry_synonyms(entry, &count)
  let below = UnsafeBufferPointer(start: synonyms, count: count).first { source($0) != .topic }
  return below.flatMap { rd_kafka_ConfigEntry_value($0) }.map { String(cString: $0) }
}

private func source(_ entry: OpaquePointer?) -> ConfigEntry.Source {
  switch rd_kafka_ConfigEntry_source(entry) {
  case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG: .topic
  case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG: .dynamicBroker
  case RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG: .dynamicDefaultBroker
  case RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG: .staticBroker
  case RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG: .brokerDefault
  default: .unknown
  }
}
