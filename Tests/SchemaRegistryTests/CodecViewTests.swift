import AvroRuntime
import SchemaRegistry
import Testing
import TopologyModel

@Suite struct CodecViewTests {
  static let topic = Topic<Label>(
    name: "label", partitions: 1, replicas: 1, config: [:], subjects: .topicName, key: .none, keyText: { _ in nil })
  /// An older form: `number` was narrower, `text` was bytes, and something stood before both that is gone.
  static let olderSchema =
    #"{"type":"record","name":"Label","namespace":"test","fields":[{"name":"gone","type":"string"},"#
    + #"{"name":"text","type":"bytes"},{"name":"number","type":"int"}]}"#

  /// All that there is in a label, out of its view.
  private static func copy(_ view: borrowing Label.View) throws(AvroError) -> Label {
    Label(number: view.number, text: try view.text.string())
  }

  /// A registry of its own, a codec that can write, and the id of the older schema.
  private func withCodec(
    _ body: @escaping @Sendable (TopicCodec<Label>, RegistryClient, _ older: Int32) async throws -> Void
  ) async throws {
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        let client = try RegistryClient(registry.url)
        let codec = TopicCodec(Self.topic, registry: client)
        try await codec.prepare(register: true)
        try await body(codec, client, try await client.register(subject: "older", schema: Self.olderSchema))
      }
    }
  }

  @Test func lendsWhatWasWritten() async throws {
    try await withCodec { codec, client, _ in
      let label = Label(number: -7, text: "é, and more than fits into a small string")
      let bytes = try codec.encode(label)
      #expect(try codec.withViewIfKnown(of: bytes, Self.copy) == label)
      let count = try codec.withViewIfKnown(of: bytes) { (view: borrowing Label.View) in view.text.utf8Count }
      #expect(count == label.text.utf8.count)

      let reader = TopicCodec(Self.topic, registry: client)
      var calls = 0
      let unknown: Void? = try reader.withViewIfKnown(of: bytes) { (_: borrowing Label.View) in calls += 1 }
      #expect(unknown == nil && calls == 0)
      #expect(try await reader.withView(of: bytes, Self.copy) == label)
      #expect(try reader.withViewIfKnown(of: bytes, Self.copy) == label)
    }
  }

  @Test func lendsWhatAnOlderValueResolvesTo() async throws {
    try await withCodec { codec, _, older in
      var writer = AvroWriter()
      writer.writeString("no longer")
      writer.writeBytes(Array("now a string".utf8))
      writer.writeInt(-300)
      let bytes = WireFormat.frame(id: older, try writer.bytes())
      #expect(try codec.withViewIfKnown(of: bytes, Self.copy) == nil)
      let label = Label(number: -300, text: "now a string")
      #expect(try await codec.withView(of: bytes, Self.copy) == label)
      #expect(try codec.withViewIfKnown(of: bytes, Self.copy) == label)
      #expect(try await codec.decode(bytes) == label)
    }
  }

  @Test func badUTF8ShowsWhenItIsAskedFor() async throws {
    try await withCodec { codec, _, older in
      let id = try WireFormat.id(of: codec.encode(Label(number: 1, text: "")))
      let written: [UInt8] = [2, 6, 0x61, 0xFF, 0x61]
      // "x", then the same bytes, then 1.
      let resolved: [UInt8] = [2, 0x78, 6, 0x61, 0xFF, 0x61, 2]
      for (id, bytes, offset) in [(id, written, 2), (older, resolved, 3)] {
        let value = WireFormat.frame(id: id, bytes)
        let number = try await codec.withView(of: value) { (view: borrowing Label.View) in view.number }
        #expect(number == 1)
        let expected = CodecError.malformedAvro(id: id, AvroError(.invalidUTF8, offset: offset, path: "/text"))
        #expect(throws: expected) { try codec.withViewIfKnown(of: value, Self.copy) }
        await #expect(throws: expected) { try await codec.withView(of: value, Self.copy) }
        await #expect(throws: expected) { try await codec.decode(value) }
      }
    }
  }

  /// Cut, with a byte more, or with a number too long: the same error as decoding, path and offset included.
  @Test func errorsAreThoseOfDecoding() async throws {
    try await withCodec { codec, _, older in
      let whole = try codec.encode(Label(number: 1 << 40, text: "text"))
      let old = WireFormat.frame(id: older, [2, 0x78, 4, 0x61, 0x62, 2])
      let number = WireFormat.frame(id: try WireFormat.id(of: whole), [UInt8](repeating: 0xFF, count: 11))
      let table =
        [whole + [0], old + [0], number]
        + [whole, old].flatMap { value in
          (0..<value.count).map { Array(value[..<$0]) }
        }
      for bytes in table {
        let error = try #require(await #expect(throws: CodecError.self) { try await codec.decode(bytes) })
        await #expect(throws: error, "\(bytes)") { try await codec.withView(of: bytes, Self.copy) }
        #expect(throws: error, "\(bytes)") { try codec.withViewIfKnown(of: bytes, Self.copy) }
      }
    }
  }

  @Test func namesTheCauseOfEachDeadLetter() async throws {
    try await withCodec { codec, client, _ in
      let other = try await client.register(subject: "other", schema: Beat.schemaText)
      let cases: [([UInt8]?, String)] = [
        (nil, "empty-value"), ([], "empty-value"), ([1, 0, 0, 0, 1, 2], "wrong-magic-byte"),
        ([0], "malformed-avro"), ([0, 0, 0, 0], "malformed-avro"), ([0, 0, 0, 9, 9, 2], "unknown-schema-id"),
        (WireFormat.frame(id: other, [2]), "incompatible-schema"),
      ]
      for (bytes, cause) in cases {
        let error = await #expect(throws: CodecError.self) { try await codec.withView(of: bytes, Self.copy) }
        #expect(error?.deadLetterCause == cause, "\(bytes ?? [])")
      }
    }
  }

  @Test func anUnreachableRegistryIsNoCause() async throws {
    let client = try RegistryClient(ClientTests.deadURL, settings: ClientTests.quick)
    let codec = TopicCodec(Self.topic, registry: client)
    let error = await #expect(throws: CodecError.self) {
      try await codec.withView(of: [0, 0, 0, 0, 1, 2, 0], Self.copy)
    }
    guard case .registry(.unreachable) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.deadLetterCause == nil)
  }

  /// An actor's closure can change what is the actor's: it runs where it was written.
  @Test @MainActor func runsWhereItIsCalled() async throws {
    let client = try RegistryClient(ClientTests.deadURL, settings: ClientTests.quick)
    let codec = TopicCodec(Self.topic, registry: client)
    var seen: [Int64] = []
    await #expect(throws: CodecError.self) {
      try await codec.withView(of: [0, 0, 0, 0, 1, 2, 0]) { (view: borrowing Label.View) in seen.append(view.number) }
    }
    #expect(seen.isEmpty)
  }
}

/// What a generated record looks like to a codec.
struct Label: AvroRecord, TopicValue {
  var number: Int64
  var text: String

  static let schemaName = "test.Label"
  static let schemaText =
    #"{"type":"record","name":"Label","namespace":"test","fields":[{"name":"number","type":"long"},"#
    + #"{"name":"text","type":"string"}]}"#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(number: try reader.readLong(), text: try reader.readString())
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeLong(number)
    writer.writeString(text)
  }

  struct View: ~Copyable, AvroRecordView {
    typealias Unpacked = Label

    let number: Int64
    let text: AvroStringView

    init(viewing reader: inout AvroReader) throws(AvroError) {
      let number = try reader.readLong()
      let text = try AvroStringView(viewing: &reader)
      self.number = number
      self.text = text
    }
  }
}
