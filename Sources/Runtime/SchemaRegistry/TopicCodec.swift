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
/// A value that was written with another schema is resolved to the record's own: a plan is made when the schema's id is
/// met first. A schema that can't be resolved, and a value of it that has no place in the record, are errors.
///
/// Of a topic of one record, what is needed can be taken out of the bytes without making the value:
/// ``withViewIfKnown(of:_:)``.
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
    var writer = AvroWriter()
    try encode(value, to: &writer)
    return writer.withBytes { [UInt8]($0) }
  }

  /// Appends the value in the wire format, for whoever makes something larger of it; throws as ``encode(_:)`` does.
  public func encode(_ value: Value, to writer: inout AvroWriter) throws(CodecError) {
    let record = Value.topicRecordName(of: value)
    guard let id = known.writingID(record: record) else { throw .notPrepared(record: record) }
    WireFormat.withHeader(id: id) { writer.writeRaw($0) }
    value.encode(to: &writer)
    if let failure = writer.failure { throw .unencodable(record: record, failure) }
  }

  /// The value, or nil when the schema id was not met before: then ``decode(_:)`` asks the registry.
  ///
  /// - Parameter bytes: a record's value; nil is ``CodecError/emptyValue``.
  public func decodeIfKnown(_ bytes: [UInt8]?) throws(CodecError) -> Value? {
    let bytes = bytes ?? []
    guard let (id, reading) = try readingIfKnown(of: bytes) else { return nil }
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
    let (id, reading) = try await reading(of: bytes)
    return try Self.value(in: bytes, id: id, reading)
  }

  /// The schema id in front of `bytes` and what to do about it; nil when the id was not met before.
  func readingIfKnown(of bytes: [UInt8]) throws(CodecError) -> (id: Int32, reading: KnownSchemas.Reading)? {
    let id = try Self.id(of: bytes)
    return known.reading(id: id).map { (id, $0) }
  }

  /// As ``readingIfKnown(of:)``; asks the registry for an id that was not met before.
  func reading(of bytes: [UInt8]) async throws(CodecError) -> (id: Int32, reading: KnownSchemas.Reading) {
    let id = try Self.id(of: bytes)
    if let reading = known.reading(id: id) { return (id, reading) }
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
    return (id, reading)
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
    try withRecordBytes(bytes, id: id, reading) { (record, buffer) throws(AvroError) in
      var reader = AvroReader(buffer)
      let value = try Value.decode(recordName: record, from: &reader)
      guard reader.isAtEnd else { throw reader.error(.trailingBytes) }
      return value
    }
  }

  /// Lends `body` the Avro bytes of a value in the layout of the topic's own record, with that record's full name:
  /// the bytes themselves when they were written so, otherwise what they resolve to.
  static func withRecordBytes<Result>(
    _ bytes: [UInt8], id: Int32, _ reading: KnownSchemas.Reading,
    _ body: (String, UnsafeRawBufferPointer) throws(AvroError) -> Result
  ) throws(CodecError) -> Result {
    let record: String
    let plan: ResolutionPlan?
    switch reading {
    case .record(let name, let found): (record, plan) = (name, found)
    case .incompatible(let reason): throw .incompatibleSchema(id: id, reason: reason)
    }
    return try bytes.withUnsafeBufferPointer { (whole) throws(CodecError) in
      let written = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: whole[WireFormat.headerCount...]))
      guard let plan, !plan.isIdentity else {
        do throws(AvroError) {
          return try body(record, written)
        } catch {
          let text = Value.topicSchemas.first { $0.recordName == record }?.text ?? ""
          throw .malformedAvro(id: id, error.located(in: written, schemaText: text))
        }
      }
      var resolved = AvroWriter(capacity: plan.capacity(forByteCount: written.count))
      do throws(AvroError) {
        try plan.resolve(written, into: &resolved)
      } catch {
        if let problem = plan.incompatibility(of: written) {
          throw .incompatibleSchema(id: id, reason: "\(problem)")
        }
        throw .malformedAvro(id: id, plan.located(error, resolving: written))
      }
      do throws(AvroError) {
        return try resolved.withBytes { (buffer) throws(AvroError) in try body(record, buffer) }
      } catch {
        throw .malformedAvro(id: id, plan.located(error, decoding: written))
      }
    }
  }

  /// Which of the topic's records a writer's schema is read as: the one that it is, else the one of its full name,
  /// else the first that it resolves to.
  private static func reading(writer text: String) -> KnownSchemas.Reading {
    do throws(SchemaError) {
      let writer = try Schema(parsing: text)
      let form = writer.canonicalForm()
      var candidates: [(name: String, schema: Schema)] = []
      for schema in Value.topicSchemas {
        let reader = try Schema(parsing: schema.text)
        if reader.canonicalForm() == form { return .record(schema.recordName, nil) }
        if schema.recordName == writer.definedName?.description {
          candidates.insert((schema.recordName, reader), at: 0)
        } else {
          candidates.append((schema.recordName, reader))
        }
      }
      return resolving(writer, candidates)
    } catch {
      return .incompatible("it can't be parsed: \(error)")
    }
  }

  private static func resolving(
    _ writer: Schema, _ candidates: [(name: String, schema: Schema)]
  ) -> KnownSchemas.Reading {
    var reasons: [String] = []
    for candidate in candidates {
      do throws(ResolutionError) {
        return .record(candidate.name, try ResolutionPlan(writer: writer, reader: candidate.schema))
      } catch {
        reasons.append("as \(candidate.name): \(error)")
      }
    }
    let name = writer.definedName?.description ?? "type without a name"
    // The reason that counts is that of the record which the writer meant, and that one stands first.
    return .incompatible("it is a \(name) that can't be read \(reasons.first ?? "as anything")")
  }
}

/// Schema ids that were met, each with what to do about it.
final class KnownSchemas: Sendable {
  enum Reading: Sendable {
    /// Full name of the topic's record that the value is read as, and how it gets there; nil when it is one already.
    case record(String, ResolutionPlan?)
    case incompatible(String)
  }

  private struct State {
    var reading = BoundedCache<Int32, Reading>(capacity: KnownSchemas.capacity)
    /// By the full names of the topic's records, so there are as many as those.
    var writing: [String: Int32] = [:]
  }

  /// Beyond it the oldest are forgotten, and looked up and planned again when they are met again.
  private static let capacity = 1_000
  private let state = Mutex(State())

  func reading(id: Int32) -> Reading? {
    state.withLock { $0.reading[id] }
  }

  func writingID(record: String) -> Int32? {
    state.withLock { $0.writing[record] }
  }

  func setReading(_ reading: Reading, id: Int32) {
    state.withLock { $0.reading.insert(reading, for: id) }
  }

  func setWriting(id: Int32, record: String) {
    state.withLock { state in
      state.writing[record] = id
      state.reading.insert(.record(record, nil), for: id)
    }
  }
}
