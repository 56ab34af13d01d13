import BenchSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// Commands between accounts, two at random for each, as records that are ready to send.
struct Transfers {
  struct Account: Sendable {
    let iban: String
    let token: String
  }

  static let topic = Topics.confirmMoneyTransfer.name
  /// No account can get to its limit of -500 euro in the number of transfers that a round has.
  private static let maxCents: Int64 = 100

  let codec: TopicCodec<ConfirmMoneyTransfer>

  init(registry: String) async throws {
    codec = TopicCodec(Topics.confirmMoneyTransfer, registry: try RegistryClient(registry))
    try await codec.prepare()
  }

  func records(_ count: Int, _ accounts: [Account]) throws -> [KafkaRecord] {
    guard accounts.count > 1 else { throw BenchError("there are \(accounts.count) accounts") }
    return try (0..<count).map { number in
      let from = Int.random(in: 0..<accounts.count)
      let to = (from + Int.random(in: 1..<accounts.count)) % accounts.count
      let transfer = ConfirmMoneyTransfer(
        id: UUID(), token: accounts[from].token, amount: Int64.random(in: 1...Self.maxCents), from: accounts[from].iban,
        to: accounts[to].iban, description: "benchmark \(number)")
      return Self.record(Self.topic, transfer.id, try codec.encode(transfer), "nl.openweb.data.ConfirmMoneyTransfer")
    }
  }

  /// With the headers that every command has.
  static func record(_ topic: String, _ id: UUID, _ value: [UInt8], _ type: String) -> KafkaRecord {
    let id = id.uuidString.lowercased()
    return KafkaRecord(
      topic: topic, key: Array(id.utf8), value: value,
      headers: [
        KafkaHeader("ce_specversion", "1.0"), KafkaHeader("ce_id", id),
        KafkaHeader("ce_source", "/command-generator"), KafkaHeader("ce_type", type),
      ])
  }
}
