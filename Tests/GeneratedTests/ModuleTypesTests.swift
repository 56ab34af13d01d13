import AvroRuntime
import AvroSchema
import Foundation
import Money
import OrdersFixture
import Testing
import TopologyModel
import UnitsFixture

/// Records whose parts are types of other modules: they are those modules' own types.
@Suite struct ModuleTypesTests {
  private static let money = Money::Money(cents: 250)
  private static let line = Money::Line(
    amount: money, per: Measure(unit: .metre, count: 3, code: "m"), code: 9, note: .mark(Mark()))

  private static func order(_ either: OrdersFixture::Line.Either = .string("x")) -> OrdersFixture::Line {
    OrdersFixture::Line(
      line: line, lines: [line, line], byName: ["a": line], perhaps: line, deep: ["b": [money, nil]], either: either,
      several: [.money(money), .unit(.litre)],
      tree: Money::Tree(value: money, children: [], next: Money::Tree(value: money, children: [], next: nil)),
      own: nil, code: true)
  }

  @Test func roundTripInAllShapes() throws {
    for either in [.line(Self.line), .unit(.piece), .mark(Mark()), .key(UUID())] as [OrdersFixture::Line.Either] {
      let order = Self.order(either)
      let bytes = try order.avroBytes()
      #expect(try OrdersFixture::Line(avroBytes: bytes) == order)
      let packed = try OrdersFixture::Line.Packed(avroBytes: bytes)
      #expect(packed.unpacked() == order && packed.lines == order.lines && packed.perhaps == Self.line)
      let (cents, unit, count) = try OrdersFixture::Line.View.withDecoded(bytes) { view in
        (view.line.amount.cents, view.line.per.unit, view.lines.count)
      }
      #expect(cents == 250 && unit == .metre && count == 2)
      #expect(try OrdersFixture::Line(avroJSON: order.avroJSON()) == order)
    }
  }

  @Test func defaults() throws {
    let value = OrdersFixture::Defaults()
    #expect(value.amount.cents == 7 && value.amount.currency == "EUR")
    #expect(value.line == Money::Line(per: Measure(code: "m"), code: 4) && value.line.note == .string("none"))
    #expect(value.unit == .litre && value.units == [.metre, .litre] && value.mark.bytes.array == [1, 255])
    #expect(value.key.uuidString == "00000000-0000-0000-0000-000000000001")
    #expect(value.perhaps == Measure(unit: .metre, count: 1, code: "x"))
    #expect(OnlyInDefault().line.per.unit == .metre)
    // The schema's own defaults are the same: what a reader makes of a writer that has none of the fields.
    let empty = try Schema(parsing: #"{"type":"record","name":"Defaults","namespace":"orders","fields":[]}"#)
    let plan = try ResolutionPlan(writer: empty, reader: Schema(parsing: OrdersFixture::Defaults.schemaText))
    #expect(try OrdersFixture::Defaults(avroBytes: [], resolvedBy: plan) == value)
  }

  /// Bytes of before a field of another module's record was there.
  @Test func resolution() throws {
    let old = OrdersFixture::Line.schemaText.replacing(
      #",{"name":"currency","type":"string","default":"EUR"}"#, with: "")
    let writer = try Schema(parsing: old)
    let plan = try ResolutionPlan(writer: writer, reader: Schema(parsing: OrdersFixture::Line.schemaText))
    let back = try ResolutionPlan(writer: Schema(parsing: OrdersFixture::Line.schemaText), reader: writer)
    let bytes = try Self.order().avroBytes()
    var output = AvroWriter()
    try bytes.withUnsafeBytes { (buffer) throws in try back.resolve(buffer, into: &output) }
    let oldBytes = try output.bytes()
    #expect(oldBytes.count < bytes.count)
    #expect(try OrdersFixture::Line(avroBytes: oldBytes, resolvedBy: plan) == Self.order())
  }

  /// The schema needs no other, and inside it the foreign ones are what their modules say.
  @Test func schemasAreWhole() throws {
    for type in OrdersFixture::AvrogenIndex.types {
      let schema = try Schema(parsing: type.schemaText)
      let types = NamedTypes(of: schema)
      for other in Money::AvrogenIndex.types + UnitsFixture::AvrogenIndex.types {
        guard let nested = types[FullName(other.schemaName)] else { continue }
        let whole = try Schema(parsing: other.schemaText)
        #expect(nested.canonicalForm(types: types) == whole.canonicalForm(), "\(other.schemaName)")
      }
    }
    #expect(OrdersFixture::AvrogenIndex.types.map { $0.schemaName }.allSatisfy { !$0.hasPrefix("units.") })
    #expect(
      Money::AvrogenIndex.types.map { $0.schemaName } == ["money.Money", "money.Line", "money.Tree", "money.line"])
  }

  /// A topic may take a record of another module.
  @Test func topics() throws {
    let topic = OrdersFixture::Topics.moneyLines
    #expect(topic.keyText(.line(Self.line)) == "9")
    #expect(MoneyLines.topicSchemas.map(\.text) == [Money::Line.schemaText])
    try Self.line.avroBytes().withUnsafeBytes { (buffer) throws in
      var reader = AvroReader(buffer)
      #expect(try MoneyLines.decode(recordName: "money.Line", from: &reader) == .line(Self.line))
    }
    #expect(Mixed.topicSchemas.map(\.recordName) == ["money.Line", "orders.Line"])
    #expect(OrdersFixture::Topology.description.topics.map(\.name) == ["orders", "money_lines", "mixed"])
  }
}
