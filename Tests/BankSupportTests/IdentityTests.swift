import BankSupport
import Foundation
import Testing

@Suite("IBAN, token, ids")
struct IdentityTests {
  @Test("The company's IBAN is the one of the contract")
  func company() {
    #expect(IBAN.company.text == "NL66OPEN0000000000")
    #expect(Token.company == "00000000000000000000")
  }

  @Test(
    "Check digits",
    arguments: [
      // 98 minus the remainder, worked out with Python: 98 - int("24251423" + account + "232100") % 97
      (0, "NL66OPEN0000000000"), (1, "NL39OPEN0000000001"), (123_456_789, "NL80OPEN0123456789"),
      (9_999_999_999, "NL31OPEN9999999999"), (999_999_999, "NL48OPEN0999999999"),
    ] as [(UInt64, String)])
  func checkDigits(account: UInt64, text: String) throws {
    #expect(IBAN(account: account).text == text)
    #expect(try #require(IBAN(text)).text == text)
  }

  @Test(
    "What is not an IBAN of this bank",
    arguments: [
      "", "cash", "NL66OPEN000000000", "NL66OPEN00000000000", "NL67OPEN0000000000", "nl66OPEN0000000000",
      "NL66OPEM0000000000", "NL66OPEN 000000000", "NL66OPEN+000000000", "NL66OPEN-000000000", "NL66OPEN00000000é",
      "DE66OPEN0000000000", "NL66OPEN٠٠٠٠٠",
    ])
  func invalid(text: String) { #expect(IBAN(text) == nil) }

  @Test("Generated IBANs are valid and start with 0, tokens are 20 digits")
  func generated() throws {
    var generator = SeededGenerator(seed: 7)
    var seen: Set<String> = []
    for _ in 0..<1000 {
      let iban = IBAN.random(using: &generator)
      #expect(IBAN(iban.text) == iban)
      #expect(iban.text.dropFirst(8).first == "0")
      seen.insert(iban.text)
      let token = Token.random(using: &generator)
      #expect(token.utf8.count == 20)
      #expect(token.utf8.allSatisfy { (48...57).contains($0) })
    }
    #expect(seen.count > 990)
  }

  @Test("UUID version 5 gives what RFC 9562 and Python's uuid5 give")
  func version5() throws {
    let dns = try #require(UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
    // RFC 9562, A.4.
    #expect(UUID.v5(namespace: dns, name: "www.example.com").text == "2ed6657d-e927-568b-95e1-2665a8aea6a2")
    #expect(UUID.v5(namespace: dns, name: "").text == "4ebd0208-8328-5d69-8c44-ec50939c0967")
  }

  @Test("SHA-256 of a payload, also when it isn't in one piece")
  func payloadHash() {
    let hex = { (bytes: [UInt8]) in bytes.map { String(format: "%02x", $0) }.joined() }
    // FIPS 180-2, B.1.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(hex(PayloadHash.sha256(Array("abc".utf8))) == expected)
    #expect(hex(PayloadHash.sha256("abc".utf8.lazy.map { $0 })) == expected)
  }

  @Test("Headers of a BalanceChanged, in order")
  func headers() throws {
    let command = try #require(UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
    let event = CloudEvent.event(
      causedBy: command, topic: "balance_changed", leg: .debit, type: "nl.openweb.data.BalanceChanged", sequence: 3)
    #expect(
      event.headers.map(\.name) == ["ce_specversion", "ce_id", "ce_source", "ce_type", "causationid", "sequence"])
    #expect(
      event.headers.map(\.value) == [
        "1.0", UUID.v5(namespace: command, name: "balance_changed/debit").text, "/command-handler",
        "nl.openweb.data.BalanceChanged", command.text, "3",
      ])
    #expect(event.kafkaHeaders.map(\.name) == event.headers.map(\.name))
    let other = CloudEvent.eventID(command: command, topic: "money_transfer_confirmed")
    #expect(other == UUID.v5(namespace: command, name: "money_transfer_confirmed/"))
    #expect(CloudEvent.command(id: command, source: .commandGenerator, type: "x").headers.count == 4)
  }

  @Test("Delays double up to the limit, each at least half of it")
  func backoff() {
    var backoff = Backoff(firstMillis: 100, maxMillis: 1000)
    var generator = SeededGenerator(seed: 1)
    for whole in [100, 200, 400, 800, 1000, 1000] {
      #expect((whole / 2...whole).contains(backoff.nextMillis(using: &generator)))
    }
    for _ in 0..<100 { #expect((500...1000).contains(backoff.nextMillis(using: &generator))) }
    backoff.reset()
    #expect((50...100).contains(backoff.nextMillis(using: &generator)))
  }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
