import AllTypesFixture
import AvroRuntime
import Definitions
import LibAvroBridge
import NastyNamesFixture
import Testing

/// Every generated type against libavro: random values made there, decoded and encoded here, and back.
@Suite struct RoundTripTests {
  private static let rounds = 200

  @Test(arguments: AllTypesFixture.AvrogenIndex.types.map { $0.schemaName })
  func allTypes(name: String) throws { try check(name, AllTypesFixture.AvrogenIndex.types) }

  @Test(arguments: NastyNamesFixture.AvrogenIndex.types.map { $0.schemaName })
  func nastyNames(name: String) throws { try check(name, NastyNamesFixture.AvrogenIndex.types) }

  @Test(arguments: Definitions.AvrogenIndex.types.map { $0.schemaName })
  func definitions(name: String) throws { try check(name, Definitions.AvrogenIndex.types) }

  private func check(_ name: String, _ types: [any AvroNamedValue.Type]) throws {
    let type = try #require(types.first { $0.schemaName == name })
    try roundTrips(type)
  }

  private func roundTrips<Value: AvroNamedValue>(_ type: Value.Type) throws {
    let other = try LibAvroType(schemaText: Value.schemaText)
    // A seed of its own for each type, the same in each run.
    let seed = Value.schemaName.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    var generator = SeededGenerator(seed: seed)
    var lengths: Set<Int> = []
    for _ in 0..<Self.rounds {
      let bytes = try other.randomBytes(using: &generator)
      lengths.insert(bytes.count)
      let value = try Value(avroBytes: bytes)
      let ours = try value.avroBytes()
      #expect(ours == bytes)
      #expect(try other.reencoded(ours) == bytes)
      let again = try Value(avroBytes: ours)
      #expect(again == value)
      #expect(again.hashValue == value.hashValue)
      // All that is there is needed: one byte less is no value.
      if !bytes.isEmpty { #expect(throws: AvroError.self) { try Value(avroBytes: Array(bytes.dropLast())) } }
    }
    #expect(!lengths.isEmpty)
  }
}
