import AllTypesFixture
import AvroRuntime
import Definitions
import Foundation
import LibAvroBridge
import NastyNamesFixture
import Testing

/// What the generated types look like to those who use them.
@Suite struct GeneratedShapeTests {
  @Test func defaultsAreThoseOfTheSchema() throws {
    let value = Defaults(subnormal: .leastNonzeroMagnitude, last: "end")
    #expect(value.null == AvroNull())
    #expect(value.number == -7)
    #expect(value.smallest == .min)
    #expect(value.blob == [0x00, 0x7F, 0xFF])
    #expect(value.text == "say \"hi\"\n\\(there)\t\u{2028}")
    #expect(value.colour == .darkBlue)
    #expect(value.hash.bytes.array == [1, 2, 3, 4, 5])
    #expect(value.zeros == Hash())
    #expect(value.uuid.uuidString == "30313233-3435-3637-3839-616263646566")
    #expect(value.uuidText.uuidString == "6BA7B810-9DAD-11D1-80B4-00C04FD430C8")
    #expect(value.price.description == "-0.002")
    #expect(value.cents.description == "2.56")
    #expect(value.period == AvroDuration(months: 1, days: 2, millis: 259))
    #expect(value.inner == Inner(left: "l", right: 2))
    #expect(value.nested == Nested(a: 4, b: Inner(left: "x", right: 1)))
    #expect(value.grid == [[], [1], [2, 3]])
    #expect(value.map.dictionary == ["a": .red, "b\"": .green])
    #expect(value.absent == nil)
    #expect(value.present == "there")
    #expect(value.choice == .long(5))
    #expect(value.laterChoice == .inner(Inner(left: "l", right: 9)))
    #expect(value.choices == [.null, .long(1), .string("two")])
    #expect(try Defaults(avroBytes: value.avroBytes()) == value)
  }

  @Test func boxedFieldsKeepValueSemantics() throws {
    let first = List(value: 1, next: List(value: 2, next: nil))
    var second = first
    second.next?.value = 3
    #expect(first.next?.value == 2)
    #expect(second.next?.value == 3)
    #expect(first != second)
    #expect(try first.avroBytes() == [2, 2, 4, 0])
  }

  @Test func deepRecursionIsRefusedBothWays() throws {
    var list = List(value: 0, next: nil)
    for value in 1...200 { list = List(value: Int64(value), next: list) }
    #expect(throws: AvroError.self) { try list.avroBytes() }
    let bytes = [UInt8](repeating: 2, count: 100_000)
    #expect(throws: AvroError.self) { try List(avroBytes: bytes) }
  }

  @Test func itemsWithoutBytesAreCounted() throws {
    let type = try Arrays(avroBytes: [UInt8](repeating: 0, count: 25))
    #expect(type.nulls.isEmpty)
    var filled = type
    filled.nulls = [AvroNull(), AvroNull(), AvroNull()]
    filled.empties = [Empty(), Empty()]
    #expect(try Arrays(avroBytes: filled.avroBytes()) == filled)
  }

  @Test func enumsKnowTheirSymbols() {
    #expect(Colour.darkBlue.symbol == "DARK_BLUE")
    #expect(Colour(symbol: "DARK_BLUE") == .darkBlue)
    #expect(Colour.defaultSymbol == .green)
    #expect(Colour.allCases.map(\.symbol) == Colour.symbols)
    #expect(Symbols.defaultSymbol == .nil)
    #expect(Symbols(symbol: "self") == .selfValue)
    #expect(Set(Symbols.allCases.map(\.symbol)).count == Symbols.symbols.count)
  }

  @Test func topicsKnowTheirKeys() throws {
    let id = try #require(UUID(uuidString: "0123ABCD-0000-0000-0000-000000000001"))
    let command = ConfirmMoneyTransfer(id: id, token: "t", amount: 5, from: "a", to: "b", description: "d")
    #expect(Definitions.Topics.confirmMoneyTransfer.keyText(command) == "0123abcd-0000-0000-0000-000000000001")
    #expect(Definitions.Topics.heartbeat.keyText(Heartbeat(beat: 1)) == nil)
    #expect(NastyNamesFixture.Topics.symbols.keyText(Type_(type: .auto2)) == "AUTO")
    #expect(NastyNamesFixture.Topics.default.keyText(Foo_(foo: 12)) == "12")
    #expect(
      NastyNamesFixture.Topics.aBCD2.description.subjects.map(\.subject) == [
        "a_b_c_d-fixture.nasty.Topics", "a_b_c_d-fixture.nasty.String",
      ])
  }

  @Test func topicEnumsReadTheRecordThatIsNamed() throws {
    let value = ABCD.string(String_(string: "x", selfValue: nil))
    let bytes = withWriter { value.encode(to: &$0) }
    try bytes.withUnsafeBytes { (buffer) throws in
      var reader = AvroReader(buffer)
      let name = ABCD.topicRecordName(of: value)
      let again = try ABCD.decode(recordName: name, from: &reader)
      #expect(again == value)
      var other = AvroReader(buffer)
      #expect(throws: AvroError.self) { try ABCD.decode(recordName: "nobody", from: &other) }
    }
  }

  @Test func theTopologyHasEverything() {
    let topology = Definitions.Topology.description
    #expect(topology.topics.count == 13)
    #expect(topology.topics.map(\.partitions).reduce(0, +) == 53)
    #expect(topology.clients["producer"]?["partitioner"] == "murmur2_random")
    #expect(topology.isUnmanaged("__consumer_offsets"))
    #expect(topology.databases.map(\.name) == ["balancedb", "transactiondb"])
    #expect(
      topology.services.first { $0.name == "audit" }?.databases == ["balancedb": "read", "transactiondb": "read"])
    #expect(Balancedb.description.checksum != Transactiondb.description.checksum)
  }

  private func withWriter(_ body: (inout AvroWriter) -> Void) -> [UInt8] {
    var writer = AvroWriter()
    body(&writer)
    return writer.withBytes { Array($0) }
  }
}
