import AvroRuntime
import AvroSchema
import Testing

@Suite struct SingleObjectTests {
  static let address = Address(street: "Dam", city: "Amsterdam")

  /// Fingerprints of the specification's own test data (share/test/data/schema-tests.txt in Avro's sources).
  @Test(arguments: [
    (#""null""#, 7_195_948_357_588_979_594 as Int64),
    (#"{"type":"fixed","name":"foo","size":15}"#, 1_756_455_273_707_447_556),
  ])
  func fingerprints(schema: String, expected: Int64) throws {
    let fingerprint = SingleObject.fingerprint(of: try Schema(parsing: schema))
    #expect(fingerprint == UInt64(bitPattern: expected))
    let bytes = SingleObject.header(fingerprint: fingerprint)
    #expect(Array(bytes.prefix(2)) == [0xC3, 0x01])
    #expect(bytes[2] == UInt8(truncatingIfNeeded: expected))
    #expect(try SingleObject.fingerprint(in: bytes) == fingerprint)
  }

  @Test func roundTrip() throws {
    let bytes = try Self.address.singleObjectBytes()
    #expect(try Array(bytes.dropFirst(10)) == Self.address.avroBytes())
    #expect(try SingleObject.fingerprint(in: bytes) == Address.avroFingerprint())
    #expect(try Address(singleObject: bytes) == Self.address)
  }

  @Test func everyTruncation() throws {
    let bytes = try Self.address.singleObjectBytes()
    for count in 0..<bytes.count {
      let error = try #require(throws: SingleObjectError.self) {
        try Address(singleObject: Array(bytes.prefix(count)))
      }
      let expected: SingleObjectError =
        count < 10 ? .truncated(byteCount: count) : .value(AvroError(.truncated, offset: 0))
      switch (error, expected) {
      case (.value(let found), .value): #expect(found.kind == .truncated)
      default: #expect(error == expected)
      }
    }
  }

  @Test func refusals() throws {
    let bytes = try Self.address.singleObjectBytes()
    var other = bytes
    other[1] = 2
    #expect(throws: SingleObjectError.wrongMarker([0xC3, 2])) { try Address(singleObject: other) }
    #expect(
      SingleObjectError.wrongMarker([0xC3, 2]).description
        == "not a single object: the first bytes are c3 02 where the marker is c3 01")
    other = bytes
    other[9] ^= 0xFF
    let fingerprint = try SingleObject.fingerprint(in: other)
    #expect(throws: SingleObjectError.unknownFingerprint(fingerprint)) { try Address(singleObject: other) }
    #expect(throws: SingleObjectError.value(AvroError(.trailingBytes, offset: 14))) {
      try Address(singleObject: bytes + [0])
    }
  }

  @Test func otherSchemasThroughTheStore() throws {
    let older = try Schema(
      parsing: #"""
        {"type":"record","name":"Address","namespace":"bench","fields":[{"name":"city","type":"string"},
        {"name":"gone","type":"long"},{"name":"street","type":"string"}]}
        """#)
    let bytes: [UInt8] = [4, 0x41, 0x42, 0x0E, 2, 0x43]
    let object = SingleObject.header(fingerprint: SingleObject.fingerprint(of: older)) + bytes
    let store = SchemaStore()
    let unknown = SingleObjectError.unknownFingerprint(SingleObject.fingerprint(of: older))
    #expect(throws: unknown) { try Address(singleObject: object) }
    #expect(throws: unknown) { try Address(singleObject: object, schemas: store) }
    try store.add(older)
    for _ in 0..<2 {
      #expect(try Address(singleObject: object, schemas: store) == Address(street: "C", city: "AB"))
    }
    let error = try #require(throws: SingleObjectError.self) {
      try Address(singleObject: Array(object.dropLast()), schemas: store)
    }
    guard case .value(let cause) = error else { throw error }
    #expect(cause.kind == .truncated)
    #expect(cause.path == "/street")

    let foreign = SingleObject.header(fingerprint: try store.add(.primitive(.int))) + [2]
    let incompatible = try #require(throws: SingleObjectError.self) {
      try Address(singleObject: foreign, schemas: store)
    }
    guard case .resolution = incompatible else { throw incompatible }
  }

  @Test func storeIsBounded() throws {
    let store = SchemaStore(capacity: 2)
    let first = try store.add(.primitive(.int))
    #expect(try store.add(.primitive(.int)) == first)
    try store.add(.primitive(.long))
    #expect(store.count == 2)
    #expect(throws: SchemaStore.Full.self) { try store.add(.primitive(.string)) }
    #expect(try store.add(.primitive(.int)) == first)
    #expect(store.schema(fingerprint: first) == .primitive(.int))
    #expect(store.schema(fingerprint: 1) == nil)
  }
}
