import AvroRuntime
import AvroSchema
import Synchronization
public import TopologyModel

/// Turns a topic's values into the registry's wire format and back.
///
/// ```swift
/// let codec = TopicCodec(Topics.heartbeat, registry: registry)
/// try await codec.prepare()
/// let bytes = try codec.encode(Heartbeat(beat: 1))
/// let beat = try await codec.decode(bytes)
/// ```
///
/// A writer schema whose canonical form equals the reader's is the same schema; any other is an error.
public struct TopicCodec<Value: TopicValue>: Sendable {
  public let topic: Topic<Value>
  private let registry: RegistryClient
  private let known = KnownSchemas()

  public init(_ topic: Topic<Value>, registry: RegistryClient) {
    self.topic = topic
    self.registry = registry
  }

  /// Gets the ids of the topic's records from the registry; after it ``encode(_:)`` asks nobody.
  ///
  /// - Parameter register: registers what is missing; otherwise a missing subject or schema is an error.
  public func prepare(register: Bool = false) async throws(RegistryError) {
    for schema in Value.topicSchemas {
      let subject = topic.subject(recordName: schema.recordName)
      let id =
        if register {
          try await registry.register(subject: subject, schema: schema.text)
        } else {
          try await registry.lookUp(subject: subject, schema: schema.text)
        }
      known.setWriting(id: id, record: schema.recordName)
    }
  }

  /// The value in the wire format. Throws ``CodecError/notPrepared(record:)`` before ``prepare(register:)``, and
  /// ``CodecError/unencodable(record:_:)`` for a value that its schema can't hold.
  public func encode(_ value: Value) throws(CodecError) -> [UInt8] {
    let record = Value.topicRecordName(of: value)
    guard let id = known.writingID(record: record) else { throw .notPrepared(record: record) }
    var writer = AvroWriter()
    writer.writeRaw(WireFormat.header(id: id))
    value.encode(to: &writer)
    do {
      return try writer.bytes()
    } catch {
      throw .unencodable(record: record, error)
    }
  }

  /// The value, or nil when the schema id was not met before: then ``decode(_:)`` asks the registry.
  ///
  /// - Parameter bytes: a record's value; nil is ``CodecError/emptyValue``.
  public func decodeIfKnown(_ bytes: [UInt8]?) throws(CodecError) -> Value? {
    let bytes = bytes ?? []
    let id = try Self.id(of: bytes)
    guard let reading = known.reading(id: id) else { return nil }
    return try Self.value(in: bytes, id: id, reading)
  }

  /// The value; asks the registry for a schema id that was not met before.
  ///
  /// Throws ``CodecError``; its ``CodecError/deadLetterCause`` is nil when the registry could not be asked, and then
  /// the same value may be read later.
  ///
  /// - Parameter bytes: a record's value; nil is ``CodecError/emptyValue``.
  public func decode(_ bytes: [UInt8]?) async throws(CodecError) -> Value {
    let bytes = bytes ?? []
    let id = try Self.id(of: bytes)
    if let reading = known.reading(id: id) { return try Self.value(in: bytes, id: id, reading) }
    let text: String
    do {
      text = try await registry.schema(id: id)
    } catch .unknownID {
      throw .unknownSchemaID(id)
    } catch {
      throw .registry(error)
    }
    let reading = Self.reading(writer: text)
    known.setReading(reading, id: id)
    return try Self.value(in: bytes, id: id, reading)
  }

  private static func id(of bytes: [UInt8]) throws(CodecError) -> Int32 {
    do {
      return try WireFormat.id(of: bytes)
    } catch {
      throw CodecError(error)
    }
  }

  private static func value(
    in bytes: [UInt8], id: Int32, _ reading: KnownSchemas.Reading
  ) throws(CodecError) -> Value {
    let record: String
    switch reading {
    case .record(let name): record = name
    case .incompatible(let reason): throw .incompatibleSchema(id: id, reason: reason)
    }
    do throws(AvroError) {
      return try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
        var reader = AvroReader(
          UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[WireFormat.headerCount...])))
        let value = try Value.decode(recordName: record, from: &reader)
        guard reader.isAtEnd else { throw reader.error(.trailingBytes) }
        return value
      }
    } catch {
      throw .malformedAvro(id: id, error)
    }
  }

  /// Which of the topic's records a writer's schema is.
  private static func reading(writer text: String) -> KnownSchemas.Reading {
    do throws(SchemaError) {
      let writer = try Schema(parsing: text)
      let form = writer.canonicalForm()
      for schema in Value.topicSchemas where try Schema(parsing: schema.text).canonicalForm() == form {
        return .record(schema.recordName)
      }
      let expected = Value.topicSchemas.map(\.recordName).joined(separator: " or ")
      let name = writer.definedName.map(\.description) ?? "a type without a name"
      return .incompatible("it is a \(name) whose canonical form is not that of \(expected)")
    } catch {
      return .incompatible("it can't be parsed: \(error)")
    }
  }
}

/// Schema ids that were met, each with what to do about it.
final class KnownSchemas: Sendable {
  enum Reading: Sendable {
    /// Full name of the topic's record whose canonical form the writer's schema has.
    case record(String)
    case incompatible(String)
  }

  private struct State {
    var reading: [Int32: Reading] = [:]
    var writing: [String: Int32] = [:]
  }

  /// More are looked up again each time, in the client's cache.
  private static let capacity = 10_000
  private let state = Mutex(State())

  func reading(id: Int32) -> Reading? {
    state.withLock { $0.reading[id] }
  }

  func writingID(record: String) -> Int32? {
    state.withLock { $0.writing[record] }
  }

  func setReading(_ reading: Reading, id: Int32) {
    state.withLock { state in
      if state.reading.count < Self.capacity { state.reading[id] = reading }
    }
  }

  func setWriting(id: Int32, record: String) {
    state.withLock { state in
      state.writing[record] = id
      state.reading[id] = .record(record)
    }
  }
}
