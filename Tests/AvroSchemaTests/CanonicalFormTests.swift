import AvroSchema
import Testing

@Suite struct CanonicalFormTests {
  @Test(arguments: BankRecord.all) func bankRecords(record: BankRecord) throws {
    let schema = try Schema(parsing: record.text)
    #expect(schema.canonicalForm() == record.canonicalForm)
    #expect(schema.fingerprint() == record.fingerprint)
    #expect(schema.definedName?.description == record.name)
    #expect(schema.text() == record.text)
    #expect(schema.text(.plain) == record.text)
    // The canonical form is a schema of its own, with itself as canonical form.
    #expect(try Schema(parsing: record.canonicalForm).canonicalForm() == record.canonicalForm)
  }

  struct Case: Sendable {
    let text: String
    let form: String
    let fingerprint: UInt64
  }

  /// One for each rule of "Transforming into Parsing Canonical Form"; fingerprints from fastavro 1.13.1.
  static let cases: [Case] = [
    Case(text: #"{"type":"null"}"#, form: #""null""#, fingerprint: 0x63DD_24E7_CC25_8F8A),
    Case(text: #" {"type" : "int", "doc":"x"} "#, form: #""int""#, fingerprint: 0x7275_D51A_3F39_5C8F),
    Case(text: #""string""#, form: #""string""#, fingerprint: 0x8F01_4872_6345_03C7),
    Case(text: #"[{"type":"int"}]"#, form: #"["int"]"#, fingerprint: 0xB763_638A_48B2_FB03),
    Case(
      text: #"{"items":{"type":"string","logicalType":"uuid"},"type":"array"}"#,
      form: #"{"type":"array","items":"string"}"#, fingerprint: 0xCE5B_3256_262F_D79F),
    Case(
      text: #"{"values":["null",{"type":"long","logicalType":"timestamp-millis"}],"type":"map"}"#,
      form: #"{"type":"map","values":["null","long"]}"#, fingerprint: 0xAC0F_01AB_3BDF_3989),
    Case(
      text: #"{"size":1,"type":"fixed","doc":"d","aliases":["Old"],"name":"Test","namespace":""}"#,
      form: #"{"name":"Test","type":"fixed","size":1}"#, fingerprint: 0x5B35_4940_7B89_6968),
    Case(
      text: #"{"type":"enum","symbols":["\u0041","B"],"default":"B","name":"Te\u0073t"}"#,
      form: #"{"name":"Test","type":"enum","symbols":["A","B"]}"#, fingerprint: 0x167A_7FE2_C2F2_A203),
    Case(
      text: #"""
        {"type":"record","name":"Node","namespace":"x.y","extra":[1],"doc":"a list","fields":[
          {"name":"label","type":{"type":"string"},"default":"","order":"ignore","aliases":["l"]},
          {"type":{"type":"array","items":"Node"},"name":"children"}]}
        """#,
      form: #"{"name":"x.y.Node","type":"record","fields":[{"name":"label","type":"string"},"#
        + #"{"name":"children","type":{"type":"array","items":"x.y.Node"}}]}"#,
      fingerprint: 0x42F5_677E_2F36_385C),
    Case(
      text: #"""
        {"type":"record","name":"a.b.Handshake","fields":[
          {"name":"hash","type":{"type":"fixed","name":"MD5","size":16}},
          {"name":"other","type":["null","a.b.MD5"]},
          {"name":"k","type":{"type":"enum","name":"K","namespace":"c","symbols":["Q"]}}]}
        """#,
      form: #"{"name":"a.b.Handshake","type":"record","fields":[{"name":"hash","type":{"name":"a.b.MD5","#
        + #""type":"fixed","size":16}},{"name":"other","type":["null","a.b.MD5"]},{"name":"k","type":{"name":"c.K","#
        + #""type":"enum","symbols":["Q"]}}]}"#,
      fingerprint: 0x7DC0_42F4_D7AD_FB72),
  ]

  @Test(arguments: cases) func rules(testCase: Case) throws {
    let schema = try Schema(parsing: testCase.text)
    #expect(schema.canonicalForm() == testCase.form)
    #expect(schema.fingerprint() == testCase.fingerprint)
    #expect(try Schema(parsing: schema.text()) == schema)
    #expect(try Schema(parsing: schema.text(.plain)).canonicalForm() == testCase.form)
  }

  /// The specification: a fingerprint of no bytes is the polynomial.
  @Test func fingerprintOfNothing() {
    #expect(CRC64.fingerprint(of: []) == 0xC15D_213A_A4D7_A795)
  }

  /// Definitions that lean on each other through a table: written out at the first use, whatever the order.
  @Test func referencesAreWrittenOut() throws {
    let id = Schema.fixed(FixedSchema(name: FullName("n.Id"), doc: "sixteen", size: 16, logicalType: .uuid))
    let inner = Schema.record(
      RecordSchema(
        name: FullName("m.Inner"),
        fields: [
          .init(name: "id", type: .reference(FullName("n.Id"))),
          .init(name: "outer", type: .union([.primitive(.null), .reference(FullName("n.Outer"))])),
        ]))
    let outer = Schema.record(
      RecordSchema(
        name: FullName("n.Outer"),
        fields: [
          .init(name: "inner", type: .reference(FullName("m.Inner"))),
          .init(name: "id", type: .reference(FullName("n.Id"))),
        ]))
    let types = NamedTypes(of: [outer, inner, id])
    #expect(types.count == 3)
    let text = outer.text(.plain, types: types)
    #expect(
      text == #"{"type":"record","name":"Outer","namespace":"n","fields":[{"name":"inner","type":{"type":"record","#
        + #""name":"Inner","namespace":"m","fields":[{"name":"id","type":{"type":"fixed","name":"Id","#
        + #""namespace":"n","size":16}},{"name":"outer","type":["null","n.Outer"]}]}},{"name":"id","type":"Id"}]}"#)
    #expect(try Schema(parsing: text).canonicalForm() == outer.canonicalForm(types: types))
    #expect(outer.text(types: types).contains(#""doc":"sixteen","size":16,"logicalType":"uuid""#))
  }
}
