import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import TestBank
import TestStreams
import Testing

@testable import CommandHandlerService

@Suite("Commands out of the views of their records")
struct ParserTests {
  private static let transferTopic = Topics.confirmMoneyTransfer.name
  private static let other = "DE89370400440532013000"

  @Test("a transfer is kept as it was sent, and what its parties are is known")
  func transfers() async throws {
    try await withParser { parser, registry in
      let codec = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
      try await codec.prepare()
      let own = IBAN(account: 123_456_789).text
      for (from, to) in [(own, Self.other), ("cash", own), ("", "é, c'est moi"), ("NL81OPEN0123456789", "a\0b")] {
        let sent = ConfirmMoneyTransfer(
          id: UUID(), token: Token.company, amount: .min, from: from, to: to, description: "to say 🙂 the least of it")
        let bytes = try codec.encode(sent)
        let command = try #require(try await Self.command(parser, Self.transferTopic, bytes))
        let kept = TransferCommand(
          id: sent.id, token: sent.token, amount: sent.amount, from: Party(from), to: Party(to),
          description: sent.description)
        #expect(command == Command(.transfer(kept), payloadHash: PayloadHash.sha256(bytes.dropFirst(5))))
        #expect(command.id == sent.id)
        #expect(kept.from.isOwnIBAN == (from == own) && kept.to.isOwnIBAN == (to == own))
      }
    }
  }

  @Test("a transfer of an older schema is the same command, under the hash of its own bytes")
  func olderTransfers() async throws {
    try await withParser { parser, registry in
      let older = #"""
        {"type":"record","name":"ConfirmMoneyTransfer","namespace":"nl.openweb.data","fields":[
        {"name":"amount","type":"int"},{"name":"id","type":{"type":"fixed","name":"Uuid","size":16}},
        {"name":"token","type":"string"},{"name":"to","type":"string"},{"name":"from","type":"bytes"},
        {"name":"description","type":"string"}]}
        """#
      let id = try await registry.register(subject: "older", schema: older)
      let command = UUID()
      var writer = AvroWriter()
      writer.writeInt(250)
      writer.writeUUID(command)
      for text in ["token", IBAN.company.text, "cash", "older"] { writer.writeString(text) }
      let bytes = try writer.bytes()
      let kept = TransferCommand(
        id: command, token: "token", amount: 250, from: Party("cash"), to: Party(IBAN.company.text),
        description: "older")
      for _ in 1...2 {
        let value = WireFormat.frame(id: id, bytes)
        #expect(
          try await Self.command(parser, Self.transferTopic, value)
            == Command(.transfer(kept), payloadHash: PayloadHash.sha256(bytes)))
      }
    }
  }

  @Test("an account creation gets numbers of its own")
  func creations() async throws {
    try await withParser { parser, registry in
      let codec = TopicCodec(Topics.confirmAccountCreation, registry: registry)
      try await codec.prepare()
      for kind in Atype.allCases {
        let sent = ConfirmAccountCreation(id: UUID(), aType: kind)
        let command = try await Self.command(parser, codec.topic.name, try codec.encode(sent))
        guard case .accountCreation(sent, let candidate)? = command?.body else {
          Issue.record("\(String(describing: command))")
          continue
        }
        #expect(Party(candidate.iban).isOwnIBAN && candidate.token.utf8.count == 20)
      }
    }
  }

  @Test("a string that is not UTF-8 is poison, whichever it is, and the message names it", arguments: 0..<4)
  func badUTF8(place: Int) async throws {
    try await withParser { parser, registry in
      let codec = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
      try await codec.prepare()
      let texts = ["token", IBAN.company.text, "cash", "description"]
      var bytes = try codec.encode(
        ConfirmMoneyTransfer(
          id: UUID(), token: texts[0], amount: 1, from: texts[1], to: texts[2], description: texts[3]))
      let start = try #require(bytes.firstRange(of: Array(texts[place].utf8))?.lowerBound)
      bytes[start + 1] = 0xC0
      // Known and unknown schemas take different ways.
      for _ in 1...2 {
        let name = ["/token", "/from", "/to", "/description"][place]
        guard case .poison(.malformedAvro, let message) = try await Self.content(parser, Self.transferTopic, bytes)
        else {
          Issue.record("no poison")
          continue
        }
        #expect(message.contains("byte \(start - 5), \(name): a string is not UTF-8"))
      }
    }
  }

  @Test("IBANs are told by their bytes as by their text")
  func parties() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<2_000 {
      let iban = IBAN.random(using: &generator).text
      #expect(Party(iban).isOwnIBAN)
      var bytes = Array(iban.utf8)
      let place = Int.random(in: 0..<18, using: &generator)
      bytes[place] = UInt8.random(in: 0x20..<0x7F, using: &generator)
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(Party(text).isOwnIBAN == (text == iban))
      #expect(!Party(iban + "0").isOwnIBAN && !Party(String(iban.dropLast())).isOwnIBAN)
    }
  }

  // MARK: Support

  private static func content(
    _ parser: CommandParser, _ topic: String, _ value: [UInt8]
  ) async throws -> ParsedRecord.Content {
    let record = ConsumedRecord(
      topic: topic, partition: 0, offset: 0, timestampMillis: 0, key: nil, value: value, headers: [])
    let parsed = await parser.parse([record])
    #expect(parsed.waiting.isEmpty)
    return try #require(parsed.records.first).content
  }

  private static func command(_ parser: CommandParser, _ topic: String, _ value: [UInt8]) async throws -> Command? {
    let content = try await content(parser, topic, value)
    guard case .command(let command) = content else {
      Issue.record("\(content)")
      return nil
    }
    return command
  }

  /// A parser that has met no schema yet, and a registry that knows those of the commands.
  private func withParser(
    _ body: (CommandParser, RegistryClient) async throws -> Void
  ) async throws {
    let server = try await TestRegistry.start()
    let registry = server.client
    try await TopicCodec(Topics.confirmAccountCreation, registry: registry).prepare(register: true)
    try await TopicCodec(Topics.confirmMoneyTransfer, registry: registry).prepare(register: true)
    try await body(CommandParser(registry: registry, maxCommandBytes: 900_000), registry)
    await server.stop()
  }
}
