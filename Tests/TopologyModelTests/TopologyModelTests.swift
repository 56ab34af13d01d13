import AvroRuntime
import Foundation
import Testing
import TopologyModel

struct Tick: AvroRecord, TopicValue {
  var beat: Int64
  static let schemaName = "n.Tick"
  static let schemaText = #"{"type":"record","name":"Tick","namespace":"n","fields":[{"name":"beat","type":"long"}]}"#
  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let beat = try reader.readLong()
    return Self(beat: beat)
  }
  func encode(to writer: inout AvroWriter) { writer.writeLong(beat) }
}

/// Its field has a name that the protocol must not take for its own.
struct Note: AvroRecord, TopicValue {
  var topicRecordName: String
  static let schemaName = "n.Note"
  static let schemaText =
    #"{"type":"record","name":"Note","namespace":"n","fields":[{"name":"topic_record_name","type":"string"}]}"#
  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let topicRecordName = try reader.readString()
    return Self(topicRecordName: topicRecordName)
  }
  func encode(to writer: inout AvroWriter) { writer.writeString(topicRecordName) }
}

/// As generated for a topic of two records.
enum TickOrNote: TopicValue, Equatable {
  case tick(Tick)
  case note(Note)

  static var topicSchemas: [TopicSchema] { Tick.topicSchemas + Note.topicSchemas }

  static func topicRecordName(of value: Self) -> String {
    switch value {
    case .tick: Tick.schemaName
    case .note: Note.schemaName
    }
  }

  static func decode(recordName: String, from reader: inout AvroReader) throws(AvroError) -> Self {
    switch recordName {
    case Tick.schemaName: .tick(try Tick.decode(from: &reader))
    case Note.schemaName: .note(try Note.decode(from: &reader))
    default: throw reader.error(.unknownRecord)
    }
  }

  func encode(to writer: inout AvroWriter) {
    switch self {
    case .tick(let value): value.encode(to: &writer)
    case .note(let value): value.encode(to: &writer)
    }
  }
}

@Suite struct TopologyModelTests {
  func roundTrip<Value: TopicValue>(_ value: Value, as name: String? = nil) throws(AvroError) -> Value {
    var writer = AvroWriter()
    value.encode(to: &writer)
    return try writer.withBytes { (bytes) throws(AvroError) in
      var reader = AvroReader(bytes)
      return try Value.decode(recordName: name ?? Value.topicRecordName(of: value), from: &reader)
    }
  }

  @Test func values() throws {
    #expect(try roundTrip(Tick(beat: 7)) == Tick(beat: 7))
    #expect(try roundTrip(Note(topicRecordName: "x")) == Note(topicRecordName: "x"))
    #expect(Note.topicRecordName(of: Note(topicRecordName: "x")) == "n.Note")
    #expect(try roundTrip(TickOrNote.note(Note(topicRecordName: "x"))) == .note(Note(topicRecordName: "x")))
    #expect(try roundTrip(TickOrNote.tick(Tick(beat: -1))) == .tick(Tick(beat: -1)))
    #expect(throws: AvroError(.unknownRecord, offset: 0)) { try roundTrip(Tick(beat: 7), as: "n.Note") }
    #expect(throws: AvroError(.unknownRecord, offset: 0)) {
      try roundTrip(TickOrNote.tick(Tick(beat: 7)), as: "n.Other")
    }
  }

  @Test func subjects() {
    #expect(SubjectStrategy.topicName.subject(topic: "t", recordName: "n.R") == "t-value")
    #expect(SubjectStrategy.recordName.subject(topic: "t", recordName: "n.R") == "n.R")
    #expect(SubjectStrategy.topicRecordName.subject(topic: "t", recordName: "n.R") == "t-n.R")
  }

  @Test func descriptions() throws {
    let topic = Topic<TickOrNote>(
      name: "mixed", partitions: 3, replicas: 2, config: ["retention.ms": "-1"], subjects: .topicRecordName,
      key: .field("beat")
    ) { value in
      guard case .tick(let tick) = value else { return nil }
      return String(tick.beat)
    }
    #expect(topic.keyText(.tick(Tick(beat: 5))) == "5")
    #expect(topic.description.subjects.map(\.subject) == ["mixed-n.Tick", "mixed-n.Note"])
    #expect(topic.description.subjects[0].schemaText == Tick.schemaText)
    let raw = RawTopic(name: "dead_letter", partitions: 1, replicas: 3)
    #expect(raw.description.subjects.isEmpty && raw.description.key == .none)

    let topology = TopologyDescription(
      topics: [topic.description, raw.description], unmanaged: ["_schemas", "__*"],
      clients: ["producer": ["acks": "all"]],
      services: [ServiceDescription(name: "s", consumes: ["mixed"], databases: ["d": "write"])],
      databases: [DatabaseDescription(name: "d", roles: ["s"], sql: "select 1;", checksum: "0")])
    let data = try JSONEncoder().encode(topology)
    #expect(try JSONDecoder().decode(TopologyDescription.self, from: data) == topology)
    #expect(String(decoding: data, as: UTF8.self).contains(#""key":"beat""#))
    #expect(topology.isUnmanaged("_schemas") && topology.isUnmanaged("__consumer_offsets"))
    #expect(!topology.isUnmanaged("_schemas2") && !topology.isUnmanaged("mixed"))
  }

  @Test(arguments: [(TopicKey.time, "$time"), (.none, "none"), (.field("id"), "id")])
  func keys(key: TopicKey, text: String) throws {
    let data = try JSONEncoder().encode([key])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(text)\"]")
    #expect(try JSONDecoder().decode([TopicKey].self, from: data) == [key])
  }

  @Test func owned() {
    let topology = TopologyDescription(owned: ["shop.*", "legacy"])
    #expect(topology.isOwned("shop.a") && topology.isOwned("legacy"))
    #expect(!topology.isOwned("shop") && !topology.isOwned("legacy2"))
  }

  @Test(arguments: [
    ("abc", ["abc"], ["", "ab", "abcd", "xabc"]), ("a.c", ["abc", "a.c", "aéc"], ["ac", "abbc"]),
    ("[a-z]+(_[a-z]+)*", ["a", "ab_c", "a_b_c"], ["", "_a", "a_", "A", "a__b"]),
    ("[^.]*", ["", "ab"], ["a.b"]), ("a\\.b", ["a.b"], ["axb"]), ("(a|bc)?d", ["d", "ad", "bcd"], ["abcd"]),
    ("[a\\-z]+", ["a-z"], ["b"]), ("[-a]+", ["-a"], ["b"]), ("(a*)*b", ["b", "aab"], ["a"]),
    ("a||b", ["a", "b", ""], ["ab"]),
  ]) func patterns(text: String, matching: [String], other: [String]) throws {
    let pattern = try NamePattern(text)
    for name in matching { #expect(pattern.matches(name), "\(text) \(name)") }
    for name in other { #expect(!pattern.matches(name), "\(text) \(name)") }
  }

  @Test(arguments: [
    "", "[a", "(a", "a)", "*a", "[]", "[z-a]", "a\\", "\\d", "a{2}", "^a", "a$", String(repeating: "a", count: 201),
    String(repeating: "(", count: 21) + "a" + String(repeating: ")", count: 21),
  ]) func whatIsNoPattern(text: String) {
    #expect(throws: NamePattern.Invalid.self) { try NamePattern(text) }
  }

  /// What keeps a backtracking matcher busy for ever.
  @Test func patternsTakeLinearTime() throws {
    let pattern = try NamePattern("(a+)+(a|a)*(.*.*.*)b")
    #expect(!pattern.matches(String(repeating: "a", count: 249)))
  }
}
