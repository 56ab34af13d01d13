import AvroRuntime

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

// Written by hand in the shape of generated code; the schemas are those of the codec benchmark.

struct ConfirmMoneyTransfer: AvroRecord {
  var id: UUID
  var token: String
  var amount: Int64
  var from: String
  var to: String
  var description: String

  static let schemaName = "bench.ConfirmMoneyTransfer"
  static let schemaText = #"""
    {"type":"record","name":"ConfirmMoneyTransfer","namespace":"bench","fields":[{"name":"id","type":
    {"type":"fixed","name":"Uuid","size":16}},{"name":"token","type":"string"},{"name":"amount","type":"long"},
    {"name":"from","type":"string"},{"name":"to","type":"string"},{"name":"description","type":"string"}]}
    """#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let id = try reader.readUUID()
    let token = try reader.readString()
    let amount = try reader.readLong()
    let from = try reader.readString()
    let to = try reader.readString()
    let description = try reader.readString()
    return Self(id: id, token: token, amount: amount, from: from, to: to, description: description)
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeUUID(id)
    writer.writeString(token)
    writer.writeLong(amount)
    writer.writeString(from)
    writer.writeString(to)
    writer.writeString(description)
  }
}

enum Kind: Int, AvroEnumeration {
  case created, updated, deleted, archived
  static let schemaName = "bench.Kind"
  static let schemaText =
    #"{"type":"enum","name":"Kind","namespace":"bench","symbols":["CREATED","UPDATED","DELETED","ARCHIVED"]}"#
  static let symbols = ["CREATED", "UPDATED", "DELETED", "ARCHIVED"]
}

struct Address: AvroRecord {
  var street: String
  var city: String
  static let schemaName = "bench.Address"
  static let schemaText = #"""
    {"type":"record","name":"Address","namespace":"bench","fields":[
    {"name":"street","type":"string"},{"name":"city","type":"string"}]}
    """#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let street = try reader.readString()
    let city = try reader.readString()
    return Self(street: street, city: city)
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeString(street)
    writer.writeString(city)
  }
}

struct WideEvent: AvroRecord {
  enum Outcome: AvroValue {
    case null
    case boolean(Bool)
    case long(Int64)
    case double(Double)
    case string(String)
    case address(Address)

    static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
      switch try reader.readIndex() {
      case 0: return .null
      case 1: return .boolean(try reader.readBoolean())
      case 2: return .long(try reader.readLong())
      case 3: return .double(try reader.readDouble())
      case 4: return .string(try reader.readString())
      case 5: return .address(try Address.decode(from: &reader))
      default: throw reader.error(.indexOutOfRange)
      }
    }

    func encode(to writer: inout AvroWriter) {
      switch self {
      case .null: writer.writeIndex(0)
      case .boolean(let value):
        writer.writeIndex(1)
        writer.writeBoolean(value)
      case .long(let value):
        writer.writeIndex(2)
        writer.writeLong(value)
      case .double(let value):
        writer.writeIndex(3)
        writer.writeDouble(value)
      case .string(let value):
        writer.writeIndex(4)
        writer.writeString(value)
      case .address(let value):
        writer.writeIndex(5)
        value.encode(to: &writer)
      }
    }
  }

  var kind: Kind
  var score: Double
  var ratio: Float
  var active: Bool
  var count: Int32
  var owner: Address?
  var note: String?
  var places: [Address]
  var counters: AvroMap<Int64>
  var blobs: AvroMap<[UInt8]>
  var labels: [String]
  var outcome: Outcome
  var outcomes: [Outcome]
  var longs: [Int64]
  var ints: [Int32]
  var floats: [Float]
  var doubles: [Double]
  var flags: [Bool]
  var matrix: [[Int64]]
  var payload: [UInt8]
  var nothing: [AvroNull]

  static let schemaName = "bench.WideEvent"
  static let schemaText = ""

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let kind = try Kind.decode(from: &reader)
    let score = try reader.readDouble()
    let ratio = try reader.readFloat()
    let active = try reader.readBoolean()
    let count = try reader.readInt()
    let owner = try reader.readOptional(Address.self, valueIndex: 1)
    let note = try reader.readOptional(String.self, valueIndex: 0)
    let places = try reader.readArray(of: Address.self)
    let counters = try reader.readMap(of: Int64.self)
    let blobs = try reader.readMap { (reader) throws(AvroError) in try reader.readBytes() }
    let labels = try reader.readArray(of: String.self)
    let outcome = try Outcome.decode(from: &reader)
    let outcomes = try reader.readArray(of: Outcome.self)
    let longs = try reader.readLongs()
    let ints = try reader.readInts()
    let floats = try reader.readFloats()
    let doubles = try reader.readDoubles()
    let flags = try reader.readBooleans()
    let matrix = try reader.readArray { (reader) throws(AvroError) in try reader.readLongs() }
    let payload = try reader.readBytes()
    let nothing = try reader.readArray(of: AvroNull.self, minimumItemBytes: 0)
    return Self(
      kind: kind, score: score, ratio: ratio, active: active, count: count, owner: owner, note: note, places: places,
      counters: counters, blobs: blobs, labels: labels, outcome: outcome, outcomes: outcomes, longs: longs, ints: ints,
      floats: floats, doubles: doubles, flags: flags, matrix: matrix, payload: payload, nothing: nothing)
  }

  func encode(to writer: inout AvroWriter) {
    kind.encode(to: &writer)
    writer.writeDouble(score)
    writer.writeFloat(ratio)
    writer.writeBoolean(active)
    writer.writeInt(count)
    writer.writeOptional(owner, valueIndex: 1)
    writer.writeOptional(note, valueIndex: 0)
    writer.writeArray(places)
    writer.writeMap(counters)
    writer.writeMap(blobs) { value, writer in writer.writeBytes(value) }
    writer.writeArray(labels)
    outcome.encode(to: &writer)
    writer.writeArray(outcomes)
    writer.writeLongs(longs)
    writer.writeInts(ints)
    writer.writeFloats(floats)
    writer.writeDoubles(doubles)
    writer.writeBooleans(flags)
    writer.writeArray(matrix) { item, writer in writer.writeLongs(item) }
    writer.writeBytes(payload)
    writer.writeArray(nothing)
  }
}

/// A list: contains itself through an optional.
struct Node: AvroRecord {
  var value: Int32
  var next: AvroBox<Node>?
  static let schemaName = "Node"
  static let schemaText = ""

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    try reader.enter()
    let value = try reader.readInt()
    let next = try reader.readOptional(AvroBox<Node>.self, valueIndex: 1)
    reader.leave()
    return Self(value: value, next: next)
  }

  func encode(to writer: inout AvroWriter) {
    guard writer.enter() else { return }
    writer.writeInt(value)
    writer.writeOptional(next, valueIndex: 1)
    writer.leave()
  }

  /// A list of `count` nodes.
  static func chain(_ count: Int) -> Node {
    var node = Node(value: 0)
    for index in 1..<max(count, 1) { node = Node(value: Int32(index), next: AvroBox(node)) }
    return node
  }
}

/// A tree: contains itself through an array.
struct Tree: AvroRecord {
  var children: [Tree]
  static let schemaName = "Tree"
  static let schemaText = ""

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    try reader.enter()
    let children = try reader.readArray(of: Tree.self)
    reader.leave()
    return Self(children: children)
  }

  func encode(to writer: inout AvroWriter) {
    guard writer.enter() else { return }
    writer.writeArray(children)
    writer.leave()
  }
}

struct Sha: AvroNamedValue {
  var bytes: AvroFixedBytes<20>
  static let schemaName = "Sha"
  static let schemaText = #"{"type":"fixed","name":"Sha","size":20}"#

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(bytes: try AvroFixedBytes.decode(from: &reader))
  }
  func encode(to writer: inout AvroWriter) { bytes.encode(to: &writer) }
}

struct Logical: AvroRecord {
  var id: UUID
  var idText: UUID
  var price: AvroDecimal<2>
  var fixedPrice: AvroDecimal<3>
  var big: AvroBigDecimal
  var date: AvroDate
  var timeMillis: AvroTimeMillis
  var timeMicros: AvroTimeMicros
  var timestampMillis: AvroTimestampMillis
  var timestampMicros: AvroTimestampMicros
  var timestampNanos: AvroTimestampNanos
  var localMillis: AvroLocalTimestampMillis
  var localMicros: AvroLocalTimestampMicros
  var localNanos: AvroLocalTimestampNanos
  var duration: AvroDuration
  var sha: Sha
  var ids: [UUID]

  static let schemaName = "Logical"
  static let schemaText = ""

  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    let id = try reader.readUUID()
    let idText = try reader.readUUIDText()
    let price: AvroDecimal<2> = try reader.readDecimal()
    let fixedPrice: AvroDecimal<3> = try reader.readDecimal(fixedSize: 8)
    let big = try AvroBigDecimal.decode(from: &reader)
    let date = try AvroDate.decode(from: &reader)
    let timeMillis = try AvroTimeMillis.decode(from: &reader)
    let timeMicros = try AvroTimeMicros.decode(from: &reader)
    let timestampMillis = try AvroTimestampMillis.decode(from: &reader)
    let timestampMicros = try AvroTimestampMicros.decode(from: &reader)
    let timestampNanos = try AvroTimestampNanos.decode(from: &reader)
    let localMillis = try AvroLocalTimestampMillis.decode(from: &reader)
    let localMicros = try AvroLocalTimestampMicros.decode(from: &reader)
    let localNanos = try AvroLocalTimestampNanos.decode(from: &reader)
    let duration = try AvroDuration.decode(from: &reader)
    let sha = try Sha.decode(from: &reader)
    let ids = try reader.readArray { (reader) throws(AvroError) in try reader.readUUID() }
    return Self(
      id: id, idText: idText, price: price, fixedPrice: fixedPrice, big: big, date: date, timeMillis: timeMillis,
      timeMicros: timeMicros, timestampMillis: timestampMillis, timestampMicros: timestampMicros,
      timestampNanos: timestampNanos, localMillis: localMillis, localMicros: localMicros, localNanos: localNanos,
      duration: duration, sha: sha, ids: ids)
  }

  func encode(to writer: inout AvroWriter) {
    writer.writeUUID(id)
    writer.writeUUIDText(idText)
    writer.writeDecimal(price, precision: 10)
    writer.writeDecimal(fixedPrice, precision: 18, fixedSize: 8)
    big.encode(to: &writer)
    date.encode(to: &writer)
    timeMillis.encode(to: &writer)
    timeMicros.encode(to: &writer)
    timestampMillis.encode(to: &writer)
    timestampMicros.encode(to: &writer)
    timestampNanos.encode(to: &writer)
    localMillis.encode(to: &writer)
    localMicros.encode(to: &writer)
    localNanos.encode(to: &writer)
    duration.encode(to: &writer)
    sha.encode(to: &writer)
    writer.writeArray(ids) { item, writer in writer.writeUUID(item) }
  }
}
