import AvroRuntime
import SchemaRegistry
import Testing
import TopologyModel

@Suite struct CodecTests {
  static let topic = Topic<Beat>(
    name: "heartbeat", partitions: 1, replicas: 1, config: [:], subjects: .topicName, key: .none, keyText: { _ in nil })
  static let several = Topic<BeatOrNote>(
    name: "mixed", partitions: 1, replicas: 1, config: [:], subjects: .topicRecordName, key: .none,
    keyText: { _ in nil })

  @Test func framesAndUnframes() throws {
    #expect(WireFormat.header(id: 0x0102_03F4) == [0, 1, 2, 3, 0xF4])
    for id in [0, 1, 255, 256, 65_536, Int32.max, -1, Int32.min] {
      #expect(try WireFormat.id(of: WireFormat.frame(id: id, [7])) == id)
    }
    #expect(WireFormat.frame(id: 1, [7, 8]) == [0, 0, 0, 0, 1, 7, 8])
    #expect(throws: WireFormatError.empty) { try WireFormat.id(of: []) }
    #expect(throws: WireFormatError.wrongMagicByte(1)) { try WireFormat.id(of: [1, 0, 0, 0, 1]) }
    for count in 1..<5 {
      #expect(throws: WireFormatError.truncated(count: count)) {
        try WireFormat.id(of: [UInt8](repeating: 0, count: count))
      }
    }
  }

  @Test func writesAndReads() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        let codec = TopicCodec(Self.topic, registry: client)
        #expect(throws: CodecError.notPrepared(record: Beat.schemaName)) { try codec.encode(Beat(beat: 1)) }
        let missing = await #expect(throws: RegistryError.self) { try await codec.prepare() }
        #expect(missing == .subjectNotFound(subject: "heartbeat-value"))
        try await codec.prepare(register: true)
        let bytes = try codec.encode(Beat(beat: 150))
        #expect(bytes == [0, 0, 0, 0, 1, 0xAC, 0x02])
        #expect(try codec.decodeIfKnown(bytes) == Beat(beat: 150))

        let reader = TopicCodec(Self.topic, registry: try RegistryClient(registry.url))
        #expect(try reader.decodeIfKnown(bytes) == nil)
        #expect(try await reader.decode(bytes) == Beat(beat: 150))
        #expect(try reader.decodeIfKnown(bytes) == Beat(beat: 150))
        try await reader.prepare()
        #expect(try reader.encode(Beat(beat: 150)) == bytes)
      }
    }
  }

  @Test func takesSeveralRecords() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let writer = TopicCodec(Self.several, registry: try RegistryClient(registry.url))
        try await writer.prepare(register: true)
        let reader = TopicCodec(Self.several, registry: try RegistryClient(registry.url))
        for value in [BeatOrNote.beat(Beat(beat: -3)), .note(Note(text: "é"))] {
          #expect(try await reader.decode(try writer.encode(value)) == value)
        }
        let names = try await RegistryClient(registry.url).subjects()
        #expect(names == ["mixed-test.Note", "mixed-test.data.Heartbeat"])
      }
    }
  }

  /// Documentation and white space do not matter; other fields, names and types do.
  @Test func comparesCanonicalForms() async throws {
    let sameForm =
      #"{"doc":"d","type":"record","namespace":"test.data","name":"Heartbeat","fields":[{"type":{"type":"long"},"name":"beat","doc":"x"}]}"#
    let others = [
      #"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":"string"}]}"#,
      #"{"type":"record","name":"test.data.Other","fields":[{"name":"beat","type":"long"}]}"#,
      #""long""#,
    ]
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        let codec = TopicCodec(Self.topic, registry: client)
        let id = try await client.register(subject: "x", schema: sameForm)
        #expect(try await codec.decode(WireFormat.frame(id: id, [2])) == Beat(beat: 1))
        for (index, text) in others.enumerated() {
          let id = try await client.register(subject: "y\(index)", schema: text)
          for _ in 1...2 {
            let error = await #expect(throws: CodecError.self) {
              try await codec.decode(WireFormat.frame(id: id, [2]))
            }
            #expect(error?.deadLetterCause == "incompatible-schema")
            #expect(error?.description.contains("schema \(id)") == true)
          }
        }
      }
    }
  }

  /// Values of other schemas are resolved; what has no place in the record is the schema's fault, the rest the bytes'.
  @Test func resolvesOtherSchemas() async throws {
    let cases: [(schema: String, bytes: [UInt8], expected: Result<Int64, Cause>)] = [
      (#"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":"int"}]}"#, [6], .success(3)),
      (
        #"{"type":"record","name":"old.Heartbeat","fields":[{"name":"host","type":"string"},{"name":"beat","type":"long"}]}"#,
        [2, 0x68, 6], .success(3)
      ),
      (
        #"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":["long","null"]}]}"#, [0, 6],
        .success(3)
      ),
      (
        #"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":["long","null"]}]}"#, [2],
        .failure(Cause("incompatible-schema", "TYPE_MISMATCH"))
      ),
      (
        #"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":"string"}]}"#, [0],
        .failure(Cause("incompatible-schema", "/fields/0/type TYPE_MISMATCH"))
      ),
      (
        #"{"type":"record","name":"test.data.Heartbeat","fields":[]}"#, [],
        .failure(Cause("incompatible-schema", "/fields/0 READER_FIELD_MISSING_DEFAULT_VALUE"))
      ),
      (
        #"{"type":"record","name":"test.data.Heartbeat","fields":[{"name":"beat","type":"int"}]}"#, [6, 0],
        .failure(Cause("malformed-avro", "byte 1"))
      ),
      (
        #"{"type":"record","name":"old.Heartbeat","fields":[{"name":"host","type":"string"},{"name":"beat","type":"long"}]}"#,
        [2, 0x68], .failure(Cause("malformed-avro", "byte 2, /beat"))
      ),
    ]
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        let codec = TopicCodec(Self.topic, registry: client)
        for (index, each) in cases.enumerated() {
          let id = try await client.register(subject: "s\(index)", schema: each.schema)
          for _ in 1...2 {
            switch each.expected {
            case .success(let beat):
              #expect(try await codec.decode(WireFormat.frame(id: id, each.bytes)) == Beat(beat: beat))
            case .failure(let cause):
              let error = await #expect(throws: CodecError.self) {
                try await codec.decode(WireFormat.frame(id: id, each.bytes))
              }
              #expect(error?.deadLetterCause == cause.name)
              #expect(error?.description.contains(cause.text) == true, "\(String(describing: error))")
            }
          }
        }
      }
    }
  }

  struct Cause: Error {
    var name: String
    var text: String
    init(_ name: String, _ text: String) { (self.name, self.text) = (name, text) }
  }

  @Test func namesTheCauseOfEachDeadLetter() async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let codec = TopicCodec(Self.topic, registry: try RegistryClient(registry.url))
        try await codec.prepare(register: true)
        let cases: [([UInt8]?, String)] = [
          (nil, "empty-value"), ([], "empty-value"), ([1, 0, 0, 0, 1, 2], "wrong-magic-byte"),
          ([0], "malformed-avro"), ([0, 0, 0, 0], "malformed-avro"),
          ([0, 0, 0, 0, 9, 2], "unknown-schema-id"), ([0, 255, 255, 255, 255, 2], "unknown-schema-id"),
          ([0, 0, 0, 0, 1], "malformed-avro"), ([0, 0, 0, 0, 1, 0x80], "malformed-avro"),
          ([0, 0, 0, 0, 1, 2, 2], "malformed-avro"),
        ]
        for (bytes, cause) in cases {
          let error = await #expect(throws: CodecError.self) { try await codec.decode(bytes) }
          #expect(error?.deadLetterCause == cause, "\(bytes ?? [])")
        }
      }
    }
  }

  /// A registry that is away must not make dead letters of good records.
  @Test func anUnreachableRegistryIsNoCause() async throws {
    let client = try RegistryClient(ClientTests.deadURL, settings: ClientTests.quick)
    let codec = TopicCodec(Self.topic, registry: client)
    let error = await #expect(throws: CodecError.self) { try await codec.decode([0, 0, 0, 0, 1, 2]) }
    guard case .registry(.unreachable) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.deadLetterCause == nil)
  }
}

struct Beat: AvroRecord, TopicValue {
  var beat: Int64

  static let schemaName = "test.data.Heartbeat"
  static let schemaText =
    #"{"type":"record","name":"Heartbeat","namespace":"test.data","fields":[{"name":"beat","type":"long"}]}"#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(beat: try reader.readLong())
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeLong(beat)
  }
}

struct Note: AvroRecord {
  var text: String

  static let schemaName = "test.Note"
  static let schemaText =
    #"{"type":"record","name":"Note","namespace":"test","fields":[{"name":"text","type":"string"}]}"#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(text: try reader.readString())
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeString(text)
  }
}

enum BeatOrNote: TopicValue, Hashable {
  case beat(Beat)
  case note(Note)

  static var topicSchemas: [TopicSchema] {
    [
      TopicSchema(recordName: Beat.schemaName, text: Beat.schemaText),
      TopicSchema(recordName: Note.schemaName, text: Note.schemaText),
    ]
  }

  static func topicRecordName(of value: Self) -> String {
    switch value {
    case .beat: Beat.schemaName
    case .note: Note.schemaName
    }
  }

  static func decode(recordName: String, from reader: inout AvroReader) throws(AvroError) -> Self {
    switch recordName {
    case Beat.schemaName: .beat(try Beat.decode(from: &reader))
    case Note.schemaName: .note(try Note.decode(from: &reader))
    default: throw reader.error(.unknownRecord)
    }
  }

  func encode(to writer: inout AvroWriter) {
    switch self {
    case .beat(let beat): beat.encode(to: &writer)
    case .note(let note): note.encode(to: &writer)
    }
  }
}
