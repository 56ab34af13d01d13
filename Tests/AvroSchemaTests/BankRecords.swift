// Computed with fastavro 1.13.1, an implementation not ours: for each schema
// `to_parsing_canonical_form(schema)` and `fingerprint(form, 'CRC-64-AVRO')`. fastavro prints a fingerprint's bytes
// least significant first, so its text is reversed byte by byte here.

struct BankRecord: Sendable {
  let name: String
  let text: String
  let canonicalForm: String
  let fingerprint: UInt64

  static let all: [BankRecord] = [
    BankRecord(
      name: "nl.openweb.data.Heartbeat",
      text: #"{"type":"record","name":"Heartbeat","namespace":"nl.openweb.data","fields":[{"name":"beat","typ"#
        + #"e":"long"}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.Heartbeat","type":"record","fields":[{"name":"beat","type":"long"}]}"#,
      fingerprint: 0x73F9_B992_6645_BAA7),
    BankRecord(
      name: "nl.openweb.data.ConfirmAccountCreation",
      text: #"{"type":"record","name":"ConfirmAccountCreation","namespace":"nl.openweb.data","fields":[{"name"#
        + #"":"id","type":{"type":"fixed","name":"Uuid","size":16}},{"name":"a_type","type":{"type":"enum","#
        + #""name":"Atype","symbols":["AUTO","MANUAL"]}}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.ConfirmAccountCreation","type":"record","fields":[{"name":"id","type":"#
        + #"{"name":"nl.openweb.data.Uuid","type":"fixed","size":16}},{"name":"a_type","type":{"name":"nl.o"#
        + #"penweb.data.Atype","type":"enum","symbols":["AUTO","MANUAL"]}}]}"#,
      fingerprint: 0x9471_0E9D_008D_EF0B),
    BankRecord(
      name: "nl.openweb.data.AccountCreationConfirmed",
      text: #"{"type":"record","name":"AccountCreationConfirmed","namespace":"nl.openweb.data","fields":[{"na"#
        + #"me":"id","type":{"type":"fixed","name":"Uuid","size":16}},{"name":"iban","type":"string"},{"nam"#
        + #"e":"token","type":"string"},{"name":"a_type","type":{"type":"enum","name":"Atype","symbols":["A"#
        + #"UTO","MANUAL"]}}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.AccountCreationConfirmed","type":"record","fields":[{"name":"id","type"#
        + #"":{"name":"nl.openweb.data.Uuid","type":"fixed","size":16}},{"name":"iban","type":"string"},{"n"#
        + #"ame":"token","type":"string"},{"name":"a_type","type":{"name":"nl.openweb.data.Atype","type":"e"#
        + #"num","symbols":["AUTO","MANUAL"]}}]}"#,
      fingerprint: 0x874C_1762_7933_445C),
    BankRecord(
      name: "nl.openweb.data.AccountCreationFailed",
      text: #"{"type":"record","name":"AccountCreationFailed","namespace":"nl.openweb.data","fields":[{"name""#
        + #":"id","type":{"type":"fixed","name":"Uuid","size":16}},{"name":"reason","type":"string"}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.AccountCreationFailed","type":"record","fields":[{"name":"id","type":{"#
        + #""name":"nl.openweb.data.Uuid","type":"fixed","size":16}},{"name":"reason","type":"string"}]}"#,
      fingerprint: 0xF4FF_350E_B042_73A6),
    BankRecord(
      name: "nl.openweb.data.ConfirmMoneyTransfer",
      text: #"{"type":"record","name":"ConfirmMoneyTransfer","namespace":"nl.openweb.data","fields":[{"name":"#
        + #""id","type":{"type":"fixed","name":"Uuid","size":16}},{"name":"token","type":"string"},{"name":"#
        + #""amount","type":"long"},{"name":"from","type":"string"},{"name":"to","type":"string"},{"name":""#
        + #"description","type":"string"}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.ConfirmMoneyTransfer","type":"record","fields":[{"name":"id","type":{""#
        + #"name":"nl.openweb.data.Uuid","type":"fixed","size":16}},{"name":"token","type":"string"},{"name"#
        + #"":"amount","type":"long"},{"name":"from","type":"string"},{"name":"to","type":"string"},{"name""#
        + #":"description","type":"string"}]}"#,
      fingerprint: 0x0D36_21A5_056D_C1BC),
    BankRecord(
      name: "nl.openweb.data.MoneyTransferConfirmed",
      text: #"{"type":"record","name":"MoneyTransferConfirmed","namespace":"nl.openweb.data","fields":[{"name"#
        + #"":"id","type":{"type":"fixed","name":"Uuid","size":16}}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.MoneyTransferConfirmed","type":"record","fields":[{"name":"id","type":"#
        + #"{"name":"nl.openweb.data.Uuid","type":"fixed","size":16}}]}"#,
      fingerprint: 0x8532_47A5_3F4F_5C16),
    BankRecord(
      name: "nl.openweb.data.MoneyTransferFailed",
      text: #"{"type":"record","name":"MoneyTransferFailed","namespace":"nl.openweb.data","fields":[{"name":""#
        + #"id","type":{"type":"fixed","name":"Uuid","size":16}},{"name":"reason","type":"string"}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.MoneyTransferFailed","type":"record","fields":[{"name":"id","type":{"n"#
        + #"ame":"nl.openweb.data.Uuid","type":"fixed","size":16}},{"name":"reason","type":"string"}]}"#,
      fingerprint: 0xF6A2_C305_6938_1854),
    BankRecord(
      name: "nl.openweb.data.BalanceChanged",
      text: #"{"type":"record","name":"BalanceChanged","namespace":"nl.openweb.data","fields":[{"name":"iban""#
        + #","type":"string"},{"name":"new_balance","type":"long"},{"name":"changed_by","type":"long"},{"na"#
        + #"me":"from_to","type":"string"},{"name":"description","type":"string"}]}"#,
      canonicalForm: #"{"name":"nl.openweb.data.BalanceChanged","type":"record","fields":[{"name":"iban","type":"strin"#
        + #"g"},{"name":"new_balance","type":"long"},{"name":"changed_by","type":"long"},{"name":"from_to","#
        + #""type":"string"},{"name":"description","type":"string"}]}"#,
      fingerprint: 0x7C5B_C7E5_B130_26E2),
  ]
}
