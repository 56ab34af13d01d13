import AvroRuntime
import AvroSchema
import Definitions
import Testing

/// The bank's definitions are the seed's records on the wire: an edit that changes one of them must not pass unseen.
@Suite struct WireCompatibilityTests {
  /// CRC-64-AVRO fingerprints of the seed's schemas, computed with fastavro 1.13.1 (whose bytes are reversed).
  static let fingerprints: [(name: String, value: UInt64)] = [
    ("nl.openweb.data.Heartbeat", 0x73F9_B992_6645_BAA7),
    ("nl.openweb.data.ConfirmAccountCreation", 0x9471_0E9D_008D_EF0B),
    ("nl.openweb.data.AccountCreationConfirmed", 0x874C_1762_7933_445C),
    ("nl.openweb.data.AccountCreationFailed", 0xF4FF_350E_B042_73A6),
    ("nl.openweb.data.ConfirmMoneyTransfer", 0x0D36_21A5_056D_C1BC),
    ("nl.openweb.data.MoneyTransferConfirmed", 0x8532_47A5_3F4F_5C16),
    ("nl.openweb.data.MoneyTransferFailed", 0xF6A2_C305_6938_1854),
    ("nl.openweb.data.BalanceChanged", 0x7C5B_C7E5_B130_26E2),
  ]

  @Test(arguments: fingerprints)
  func fingerprintsAreTheSeeds(name: String, value: UInt64) throws {
    let type = try #require(Definitions.AvrogenIndex.types.first { $0.schemaName == name })
    #expect(try Schema(parsing: type.schemaText).fingerprint() == value)
    #expect(!type.schemaText.contains("logicalType") && !type.schemaText.contains("\"doc\""))
  }
}
