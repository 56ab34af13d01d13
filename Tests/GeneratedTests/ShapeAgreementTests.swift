import AllTypesFixture
import AvroRuntime
import Definitions
import Foundation
import LibAvroBridge
import Money
import NastyNamesFixture
import OrdersFixture
import Testing

/// The three shapes of every generated record against each other and against libavro, on random values and on bytes that
/// are none.
@Suite struct ShapeAgreementTests {
  private static let rounds = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 200 : 10
  private static let mutationsPerRound = 30

  @Test func allTypesFixture() throws {
    try check(AllTypesFixture.Defaults.self, AllTypesFixture.Defaults.View.self, AllTypesFixture.Defaults.Packed.self)
    try check(AllTypesFixture.Nested.self, AllTypesFixture.Nested.View.self, AllTypesFixture.Nested.Packed.self)
    try check(AllTypesFixture.FromAvsc.self, AllTypesFixture.FromAvsc.View.self, AllTypesFixture.FromAvsc.Packed.self)
    try check(
      AllTypesFixture.InnerOfAvsc.self, AllTypesFixture.InnerOfAvsc.View.self, AllTypesFixture.InnerOfAvsc.Packed.self)
    try check(
      AllTypesFixture.Primitives.self, AllTypesFixture.Primitives.View.self, AllTypesFixture.Primitives.Packed.self)
    try check(AllTypesFixture.Logicals.self, AllTypesFixture.Logicals.View.self, AllTypesFixture.Logicals.Packed.self)
    try check(AllTypesFixture.Named.self, AllTypesFixture.Named.View.self, AllTypesFixture.Named.Packed.self)
    try check(AllTypesFixture.Inner.self, AllTypesFixture.Inner.View.self, AllTypesFixture.Inner.Packed.self)
    try check(AllTypesFixture.Empty.self, AllTypesFixture.Empty.View.self, AllTypesFixture.Empty.Packed.self)
    try check(AllTypesFixture.Arrays.self, AllTypesFixture.Arrays.View.self, AllTypesFixture.Arrays.Packed.self)
    try check(AllTypesFixture.Maps.self, AllTypesFixture.Maps.View.self, AllTypesFixture.Maps.Packed.self)
    try check(
      AllTypesFixture.Optionals.self, AllTypesFixture.Optionals.View.self, AllTypesFixture.Optionals.Packed.self)
    try check(AllTypesFixture.Unions.self, AllTypesFixture.Unions.View.self, AllTypesFixture.Unions.Packed.self)
    try check(AllTypesFixture.List.self, AllTypesFixture.List.View.self, AllTypesFixture.List.Packed.self)
    try check(AllTypesFixture.Tree.self, AllTypesFixture.Tree.View.self, AllTypesFixture.Tree.Packed.self)
    try check(
      AllTypesFixture.Expression.self, AllTypesFixture.Expression.View.self, AllTypesFixture.Expression.Packed.self)
    try check(AllTypesFixture.Negation.self, AllTypesFixture.Negation.View.self, AllTypesFixture.Negation.Packed.self)
    try check(AllTypesFixture.Sum.self, AllTypesFixture.Sum.View.self, AllTypesFixture.Sum.Packed.self)
    try check(AllTypesFixture.Ping.self, AllTypesFixture.Ping.View.self, AllTypesFixture.Ping.Packed.self)
    try check(AllTypesFixture.Pong.self, AllTypesFixture.Pong.View.self, AllTypesFixture.Pong.Packed.self)
    try check(AllTypesFixture.Mirror.self, AllTypesFixture.Mirror.View.self, AllTypesFixture.Mirror.Packed.self)
    try check(AllTypesFixture.Formula.self, AllTypesFixture.Formula.View.self, AllTypesFixture.Formula.Packed.self)
    try check(AllTypesFixture.Inner_.self, AllTypesFixture.Inner_.View.self, AllTypesFixture.Inner_.Packed.self)
  }

  @Test func nastyNamesFixture() throws {
    try check(
      NastyNamesFixture.Keywords.self, NastyNamesFixture.Keywords.View.self, NastyNamesFixture.Keywords.Packed.self)
    try check(
      NastyNamesFixture.Members.self, NastyNamesFixture.Members.View.self, NastyNamesFixture.Members.Packed.self)
    try check(NastyNamesFixture.Unions.self, NastyNamesFixture.Unions.View.self, NastyNamesFixture.Unions.Packed.self)
    try check(NastyNamesFixture.Twins.self, NastyNamesFixture.Twins.View.self, NastyNamesFixture.Twins.Packed.self)
    try check(NastyNamesFixture.Digits.self, NastyNamesFixture.Digits.View.self, NastyNamesFixture.Digits.Packed.self)
    try check(NastyNamesFixture.T2nd.self, NastyNamesFixture.T2nd.View.self, NastyNamesFixture.T2nd.Packed.self)
    try check(NastyNamesFixture.Foo_.self, NastyNamesFixture.Foo_.View.self, NastyNamesFixture.Foo_.Packed.self)
    try check(NastyNamesFixture.Foo.self, NastyNamesFixture.Foo.View.self, NastyNamesFixture.Foo.Packed.self)
    try check(NastyNamesFixture.FOO.self, NastyNamesFixture.FOO.View.self, NastyNamesFixture.FOO.Packed.self)
    try check(NastyNamesFixture.Foo__.self, NastyNamesFixture.Foo__.View.self, NastyNamesFixture.Foo__.Packed.self)
    try check(NastyNamesFixture.FOO_.self, NastyNamesFixture.FOO_.View.self, NastyNamesFixture.FOO_.Packed.self)
    try check(NastyNamesFixture.FOO__.self, NastyNamesFixture.FOO__.View.self, NastyNamesFixture.FOO__.Packed.self)
    try check(
      NastyNamesFixture.String_.self, NastyNamesFixture.String_.View.self, NastyNamesFixture.String_.Packed.self)
    try check(NastyNamesFixture.Int_.self, NastyNamesFixture.Int_.View.self, NastyNamesFixture.Int_.Packed.self)
    try check(NastyNamesFixture.Int64_.self, NastyNamesFixture.Int64_.View.self, NastyNamesFixture.Int64_.Packed.self)
    try check(NastyNamesFixture.Bool_.self, NastyNamesFixture.Bool_.View.self, NastyNamesFixture.Bool_.Packed.self)
    try check(NastyNamesFixture.Never_.self, NastyNamesFixture.Never_.View.self, NastyNamesFixture.Never_.Packed.self)
    try check(
      NastyNamesFixture.Optional_.self, NastyNamesFixture.Optional_.View.self, NastyNamesFixture.Optional_.Packed.self)
    try check(NastyNamesFixture.Error_.self, NastyNamesFixture.Error_.View.self, NastyNamesFixture.Error_.Packed.self)
    try check(NastyNamesFixture.Type_.self, NastyNamesFixture.Type_.View.self, NastyNamesFixture.Type_.Packed.self)
    try check(NastyNamesFixture.Self_.self, NastyNamesFixture.Self_.View.self, NastyNamesFixture.Self_.Packed.self)
    try check(NastyNamesFixture.Self__.self, NastyNamesFixture.Self__.View.self, NastyNamesFixture.Self__.Packed.self)
    try check(NastyNamesFixture.Any_.self, NastyNamesFixture.Any_.View.self, NastyNamesFixture.Any_.Packed.self)
    try check(NastyNamesFixture.UUID_.self, NastyNamesFixture.UUID_.View.self, NastyNamesFixture.UUID_.Packed.self)
    try check(
      NastyNamesFixture.AvroReader_.self, NastyNamesFixture.AvroReader_.View.self,
      NastyNamesFixture.AvroReader_.Packed.self)
    try check(
      NastyNamesFixture.AvroWriter_.self, NastyNamesFixture.AvroWriter_.View.self,
      NastyNamesFixture.AvroWriter_.Packed.self)
    try check(
      NastyNamesFixture.AvroError_.self, NastyNamesFixture.AvroError_.View.self,
      NastyNamesFixture.AvroError_.Packed.self)
    try check(
      NastyNamesFixture.AvroBox_.self, NastyNamesFixture.AvroBox_.View.self, NastyNamesFixture.AvroBox_.Packed.self)
    try check(
      NastyNamesFixture.AvroMap_.self, NastyNamesFixture.AvroMap_.View.self, NastyNamesFixture.AvroMap_.Packed.self)
    try check(
      NastyNamesFixture.AvroRuntime_.self, NastyNamesFixture.AvroRuntime_.View.self,
      NastyNamesFixture.AvroRuntime_.Packed.self)
    try check(
      NastyNamesFixture.Topics_.self, NastyNamesFixture.Topics_.View.self, NastyNamesFixture.Topics_.Packed.self)
    try check(NastyNamesFixture.Topic_.self, NastyNamesFixture.Topic_.View.self, NastyNamesFixture.Topic_.Packed.self)
    try check(
      NastyNamesFixture.Topology_.self, NastyNamesFixture.Topology_.View.self, NastyNamesFixture.Topology_.Packed.self)
    try check(
      NastyNamesFixture.PostgresRow_.self, NastyNamesFixture.PostgresRow_.View.self,
      NastyNamesFixture.PostgresRow_.Packed.self)
    try check(NastyNamesFixture.Swift_.self, NastyNamesFixture.Swift_.View.self, NastyNamesFixture.Swift_.Packed.self)
    try check(
      NastyNamesFixture.Foundation_.self, NastyNamesFixture.Foundation_.View.self,
      NastyNamesFixture.Foundation_.Packed.self)
    try check(NastyNamesFixture.Encode.self, NastyNamesFixture.Encode.View.self, NastyNamesFixture.Encode.Packed.self)
    try check(NastyNamesFixture.Decode.self, NastyNamesFixture.Decode.View.self, NastyNamesFixture.Decode.Packed.self)
    try check(NastyNamesFixture.Shop.self, NastyNamesFixture.Shop.View.self, NastyNamesFixture.Shop.Packed.self)
  }

  /// Records that hold types of other modules.
  @Test func modulesFixture() throws {
    try check(OrdersFixture::Line.self, OrdersFixture::Line.View.self, OrdersFixture::Line.Packed.self)
    try check(OrdersFixture::Defaults.self, OrdersFixture::Defaults.View.self, OrdersFixture::Defaults.Packed.self)
    try check(OnlyInDefault.self, OnlyInDefault.View.self, OnlyInDefault.Packed.self)
    try check(Refund.self, Refund.View.self, Refund.Packed.self)
    try check(Money::Line.self, Money::Line.View.self, Money::Line.Packed.self)
    try check(Money::Tree.self, Money::Tree.View.self, Money::Tree.Packed.self)
  }

  @Test func definitions() throws {
    try check(Definitions.OutboxBatch.self, Definitions.OutboxBatch.View.self, Definitions.OutboxBatch.Packed.self)
    try check(Definitions.OutboxEvent.self, Definitions.OutboxEvent.View.self, Definitions.OutboxEvent.Packed.self)
    try check(
      Definitions.OutboxDeliveries.self, Definitions.OutboxDeliveries.View.self,
      Definitions.OutboxDeliveries.Packed.self)
    try check(
      Definitions.OutboxDelivery.self, Definitions.OutboxDelivery.View.self, Definitions.OutboxDelivery.Packed.self)
    try check(Definitions.Heartbeat.self, Definitions.Heartbeat.View.self, Definitions.Heartbeat.Packed.self)
    try check(
      Definitions.ConfirmAccountCreation.self, Definitions.ConfirmAccountCreation.View.self,
      Definitions.ConfirmAccountCreation.Packed.self)
    try check(
      Definitions.AccountCreationConfirmed.self, Definitions.AccountCreationConfirmed.View.self,
      Definitions.AccountCreationConfirmed.Packed.self)
    try check(
      Definitions.AccountCreationFailed.self, Definitions.AccountCreationFailed.View.self,
      Definitions.AccountCreationFailed.Packed.self)
    try check(
      Definitions.ConfirmMoneyTransfer.self, Definitions.ConfirmMoneyTransfer.View.self,
      Definitions.ConfirmMoneyTransfer.Packed.self)
    try check(
      Definitions.MoneyTransferConfirmed.self, Definitions.MoneyTransferConfirmed.View.self,
      Definitions.MoneyTransferConfirmed.Packed.self)
    try check(
      Definitions.MoneyTransferFailed.self, Definitions.MoneyTransferFailed.View.self,
      Definitions.MoneyTransferFailed.Packed.self)
    try check(
      Definitions.BalanceChanged.self, Definitions.BalanceChanged.View.self, Definitions.BalanceChanged.Packed.self)
  }

  private func check<Record, View: AvroRecordView & ~Copyable, Packed: AvroPackedRecord>(
    _ record: Record.Type, _ view: View.Type, _ packed: Packed.Type
  ) throws where View.Unpacked == Record, Packed.Unpacked == Record {
    #expect(Packed.schemaText == Record.schemaText)
    let other = try LibAvroType(schemaText: Record.schemaText)
    var generator = SeededGenerator(
      seed: UInt64(Record.schemaName.utf8.reduce(7) { ($0 * 31 + Int($1)) & 0xFFFF_FFFF }))
    for _ in 0..<Self.rounds {
      let bytes = try other.randomBytes(using: &generator)
      let value = try Record(avroBytes: bytes)
      let small = try Packed(avroBytes: bytes)
      #expect(small.unpacked() == value)
      #expect(small.avroBytes() == bytes)
      #expect(try encoded(small) == bytes)
      #expect(try small == Packed(avroBytes: bytes) && small.hashValue == Packed(avroBytes: bytes).hashValue)
      try View.withDecoded(bytes) { _ in }
      for count in bytes.indices.prefix(300) { agree(Array(bytes[..<count]), Record.self, View.self, Packed.self) }
      guard !bytes.isEmpty else { continue }
      for _ in 0..<Self.mutationsPerRound {
        var mutated = bytes
        for _ in 0...generator.next() % 3 {
          let place = Int(generator.next() % UInt64(mutated.count))
          mutated[place] = UInt8(truncatingIfNeeded: generator.next())
        }
        agree(mutated, Record.self, View.self, Packed.self)
      }
    }
  }

  private func encoded(_ value: some AvroValue) throws -> [UInt8] {
    var writer = AvroWriter()
    value.encode(to: &writer)
    return try writer.bytes()
  }

  /// All shapes take the bytes or none does, but for UTF-8, which a view checks when it is asked for the string.
  ///
  /// Compared first and told after: an expectation for each of half a million inputs takes longer than what it expects.
  private func agree<Record, View: AvroRecordView & ~Copyable, Packed: AvroPackedRecord>(
    _ bytes: [UInt8], _ record: Record.Type, _ view: View.Type, _ packed: Packed.Type
  ) where View.Unpacked == Record, Packed.Unpacked == Record {
    let owned = Result { () throws(AvroError) in try Record(avroBytes: bytes) }
    let small = Result { () throws(AvroError) in try Packed(avroBytes: bytes) }
    let isLent = (try? View.withDecoded(bytes) { _ in }) != nil
    let problem: String? =
      switch (owned, small) {
      // As text: a value may hold a NaN, or a decimal of more digits than can be written.
      case (.success(let value), .success(let small)):
        !isLent ? "no view" : "\(small.unpacked())" == "\(value)" ? nil : "packed another value than \(value)"
      case (.success, .failure(let error)): "not packed: \(error)"
      case (.failure(let error), .success): "packed, though \(error)"
      case (.failure(let error), .failure): isLent && error.kind != .invalidUTF8 ? "a view, though \(error)" : nil
      }
    if let problem { Issue.record("\(Record.self) of \(bytes): \(problem)") }
  }
}
