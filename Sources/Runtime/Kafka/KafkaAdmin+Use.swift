import CRdKafka

extension KafkaAdmin {
  /// How many records each of the topics holds: the offsets from the first that is kept to the end, over all partitions.
  /// Compacted and transactional topics hold fewer than that, but none of them is 0 when records are there.
  ///
  /// - Parameter topics: partitions by topic, as ``describeCluster()`` gives them.
  public func recordCounts(_ topics: [TopicMetadata]) async throws(KafkaError) -> [String: Int64] {
    if topics.isEmpty { return [:] }
    return try await run { core throws(KafkaError) in
      var counts: [String: Int64] = [:]
      for topic in topics {
        counts[topic.name] = 0
        for partition in 0..<topic.partitions {
          counts[topic.name, default: 0] += try core.offsetSpan(topic.name, Int32(partition))
        }
      }
      return counts
    }
  }

  /// The consumer groups that have members which partitions of a topic are assigned to: group ids, sorted, by topic.
  public func activeGroups() async throws(KafkaError) -> [String: [String]] {
    let topics = try await run { core throws(KafkaError) in try core.topicsByGroup(core.groupIDs()) }
    var groups: [String: [String]] = [:]
    for (group, names) in topics {
      for name in names { groups[name, default: []].append(group) }
    }
    return groups.mapValues { $0.sorted() }
  }
}

extension AdminCore {
  func offsetSpan(_ topic: String, _ partition: Int32) throws(KafkaError) -> Int64 {
    var (low, high): (Int64, Int64) = (0, 0)
    let code = rd_kafka_query_watermark_offsets(handle.pointer, topic, partition, &low, &high, timeoutMillis)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      throw KafkaError(
        code, "asking for the offsets", at: TopicPartition(topic: topic, partition: partition))
    }
    return max(0, high - low)
  }

  func groupIDs() throws(KafkaError) -> [String] {
    let answer = try call("listing groups", RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS) { options, queue in
      rd_kafka_ListConsumerGroups(handle.pointer, options, queue)
    } read: { event -> Result<[String], KafkaError> in
      let result = rd_kafka_event_ListConsumerGroups_result(event)
      var count = 0
      let errors = rd_kafka_ListConsumerGroups_result_errors(result, &count)
      if let error = UnsafeBufferPointer(start: errors, count: count).first {
        return .failure(KafkaError(rd_kafka_error_code(error), "listing groups"))
      }
      let groups = rd_kafka_ListConsumerGroups_result_valid(result, &count)
      return .success(
        UnsafeBufferPointer(start: groups, count: count).map {
          String(cString: rd_kafka_ConsumerGroupListing_group_id($0))
        })
    }
    return try answer.get().sorted()
  }

  /// The topics of which the members of each group have partitions.
  func topicsByGroup(_ groups: [String]) throws(KafkaError) -> [String: Set<String>] {
    if groups.isEmpty { return [:] }
    let names = groups.map { group in group.utf8CString }
    let answer = try call("describing groups", RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS) { options, queue in
      withPointers(names) { pointers in
        var pointers = pointers
        rd_kafka_DescribeConsumerGroups(handle.pointer, &pointers, pointers.count, options, queue)
      }
    } read: { event -> Result<[String: Set<String>], KafkaError> in
      var count = 0
      let described = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event), &count)
      var topics: [String: Set<String>] = [:]
      for group in UnsafeBufferPointer(start: described, count: count) {
        let name = String(cString: rd_kafka_ConsumerGroupDescription_group_id(group))
        if let error = rd_kafka_ConsumerGroupDescription_error(group) {
          return .failure(KafkaError(rd_kafka_error_code(error), "describing group \(name)"))
        }
        topics[name] = assignedTopics(group)
      }
      return .success(topics)
    }
    return try answer.get()
  }

  private func assignedTopics(_ group: OpaquePointer?) -> Set<String> {
    var topics: Set<String> = []
    for index in 0..<rd_kafka_ConsumerGroupDescription_member_count(group) {
      let assignment = rd_kafka_MemberDescription_assignment(rd_kafka_ConsumerGroupDescription_member(group, index))
      guard let assignment, let list = rd_kafka_MemberAssignment_partitions(assignment) else { continue }
      let count = Int(list.pointee.cnt)
      for place in UnsafeBufferPointer(start: list.pointee.elems, count: count) {
        topics.insert(String(cString: place.topic))
      }
    }
    return topics
  }

  /// librdkafka copies the names before the call returns; until then they stay where they are.
  private func withPointers(
    _ names: [ContiguousArray<CChar>], _ body: ([UnsafePointer<CChar>?]) -> Void
  ) {
    func next(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) {
      guard index < names.count else { return body(pointers) }
      names[index].withUnsafeBufferPointer { next(index + 1, pointers + [$0.baseAddress]) }
    }
    next(0, [])
  }
}
