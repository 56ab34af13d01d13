import CRdKafka

// Records to and from librdkafka's messages.

/// An address for empty keys and values: librdkafka takes a null pointer for "none".
private nonisolated(unsafe) let empty: UnsafeMutableRawPointer = .allocate(byteCount: 1, alignment: 1)

/// What one call of `send` hands over.
enum Outgoing: Sendable {
  case records([KafkaRecord])
  case packed(PackedRecords)

  var count: Int {
    switch self {
    case .records(let records): records.count
    case .packed(let records): records.count
    }
  }

  func topic(at index: Int) -> String {
    switch self {
    case .records(let records): records[index].topic
    case .packed(let records): records.topic(of: records.records[index])
    }
  }

  /// What it takes of the producer's queue, in bytes.
  func size(at index: Int) -> Int {
    switch self {
    case .records(let records): records[index].size
    case .packed(let records): records.records[index].size
    }
  }

  /// Queues a copy of the record. Does not wait: `_QUEUE_FULL` when there is no room.
  func produce(
    at index: Int, _ handle: OpaquePointer, _ topic: OpaquePointer, _ opaque: UnsafeMutableRawPointer?
  ) -> rd_kafka_resp_err_t {
    switch self {
    case .records(let all):
      let record = all[index]
      let headers = record.headers.isEmpty ? nil : makeHeaders(record.headers)
      return withBytes(record.key) { key in
        withBytes(record.value) { value in
          produceMessage(
            handle, topic, key: key, value: value, headers: headers, partition: record.partition,
            timestampMillis: record.timestampMillis, opaque)
        }
      }
    case .packed(let all):
      let record = all.records[index]
      let headers = record.headerCount == 0 ? nil : makeHeaders(record, of: all)
      return withBytes(at: record.key, of: all) { key in
        withBytes(at: record.value, of: all) { value in
          produceMessage(
            handle, topic, key: key, value: value, headers: headers, partition: nil, timestampMillis: nil, opaque)
        }
      }
    }
  }
}

/// - Parameter headers: are taken over.
private func produceMessage(
  _ handle: OpaquePointer, _ topic: OpaquePointer, key: LentBytes, value: LentBytes, headers: OpaquePointer?,
  partition: Int32?, timestampMillis: Int64?, _ opaque: UnsafeMutableRawPointer?
) -> rd_kafka_resp_err_t {
  let code = withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 8) { arguments in
    var count = 0
    func add(_ type: rd_kafka_vtype_t, _ set: (inout rd_kafka_vu_t) -> Void) {
      var argument = rd_kafka_vu_t()
      argument.vtype = type
      set(&argument)
      arguments.initializeElement(at: count, to: argument)
      count += 1
    }
    add(RD_KAFKA_VTYPE_RKT) { $0.u.rkt = topic }
    add(RD_KAFKA_VTYPE_MSGFLAGS) { $0.u.i = RD_KAFKA_MSG_F_COPY }
    add(RD_KAFKA_VTYPE_OPAQUE) { $0.u.ptr = opaque }
    add(RD_KAFKA_VTYPE_KEY) { $0.u.mem = .init(ptr: key.start, size: key.count) }
    add(RD_KAFKA_VTYPE_VALUE) { $0.u.mem = .init(ptr: value.start, size: value.count) }
    if let partition { add(RD_KAFKA_VTYPE_PARTITION) { $0.u.i32 = partition } }
    if let timestampMillis { add(RD_KAFKA_VTYPE_TIMESTAMP) { $0.u.i64 = timestampMillis } }
    if let headers { add(RD_KAFKA_VTYPE_HEADERS) { $0.u.headers = headers } }
    guard let error = rd_kafka_produceva(handle, arguments.baseAddress, count) else {
      return RD_KAFKA_RESP_ERR_NO_ERROR
    }
    defer { rd_kafka_error_destroy(error) }
    return rd_kafka_error_code(error)
  }
  // librdkafka owns the headers of a message that it took.
  if let headers, code != RD_KAFKA_RESP_ERR_NO_ERROR { rd_kafka_headers_destroy(headers) }
  return code
}

/// A key or value as librdkafka takes it: a null pointer is "none".
private typealias LentBytes = (start: UnsafeMutableRawPointer?, count: Int)

private func withBytes<R>(_ bytes: [UInt8]?, _ body: (LentBytes) -> R) -> R {
  guard let bytes else { return body((nil, 0)) }
  return bytes.withUnsafeBytes { body(lent($0)) }
}

private func withBytes<R>(
  at place: PackedRecords.Place?, of records: PackedRecords, _ body: (LentBytes) -> R
) -> R {
  guard let place else { return body((nil, 0)) }
  return records.withBytes(at: place) { body(lent($0)) }
}

private func lent(_ bytes: UnsafeRawBufferPointer) -> LentBytes {
  bytes.isEmpty ? (empty, 0) : (UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
}

private func makeHeaders(_ headers: [KafkaHeader]) -> OpaquePointer? {
  let list = rd_kafka_headers_new(headers.count)
  for header in headers {
    withBytes(header.value) { value in
      _ = rd_kafka_header_add(list, header.name, header.name.utf8.count, value.start, value.count)
    }
  }
  return list
}

private func makeHeaders(_ record: PackedRecords.Record, of records: PackedRecords) -> OpaquePointer? {
  let list = rd_kafka_headers_new(Int(record.headerCount))
  for header in records.headers(of: record) {
    withBytes(at: header.name, of: records) { name in
      withBytes(at: header.value, of: records) { value in
        _ = rd_kafka_header_add(list, name.start, name.count, value.start, value.count)
      }
    }
  }
  return list
}

/// Takes over and destroys a message without error.
func makeRecord(
  consuming message: UnsafeMutablePointer<rd_kafka_message_t>, topic: String, readsHeaders: Bool
) -> ConsumedRecord {
  defer { rd_kafka_message_destroy(message) }
  return ConsumedRecord(
    topic: topic, partition: message.pointee.partition, offset: message.pointee.offset,
    timestampMillis: rd_kafka_message_timestamp(message, nil),
    key: bytes(message.pointee.key, message.pointee.key_len),
    value: bytes(message.pointee.payload, message.pointee.len), headers: readsHeaders ? readHeaders(message) : [])
}

private func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
  guard let start else { return nil }
  return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
}

private func readHeaders(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [KafkaHeader] {
  var list: OpaquePointer?
  guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
  var result: [KafkaHeader] = []
  var name: UnsafePointer<CChar>?
  var value: UnsafeRawPointer?
  var size = 0
  while rd_kafka_header_get_all(list, result.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
    let name
  {
    let bytes = value.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: size)) } ?? []
    result.append(KafkaHeader(name: String(cString: name), value: bytes))
  }
  return result
}

/// Names of topic objects, kept for as long as one group of messages is read (an address may be used again later).
struct TopicNames {
  private var names: [OpaquePointer: String] = [:]

  mutating func name(of topic: OpaquePointer?) -> String {
    guard let topic else { return "" }
    if let name = names[topic] { return name }
    let name = rd_kafka_topic_name(topic).map { String(cString: $0) } ?? ""
    names[topic] = name
    return name
  }
}

public enum KafkaPartitioner {
  /// The partition that Java's clients, and producers here, choose for a record with this key: murmur2 of the key
  /// modulo the number of partitions.
  public static func partition(forKey key: [UInt8], of partitions: Int) -> Int32 {
    precondition(partitions > 0, "a topic has at least one partition")
    return withBytes(key) { key in
      rd_kafka_msg_partitioner_murmur2(nil, key.start, key.count, Int32(partitions), nil, nil)
    }
  }
}
