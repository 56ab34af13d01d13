import Testing

@testable import avrogen

/// Small rules, one line a case.
@Suite struct TypeRuleTests {
  @Test(arguments: [
    ("lnog", "long"), ("Hartbeat", "Heartbeat"), ("BYTES", "bytes"), ("xyz", nil), ("", nil), ("strin", "string"),
    ("sting", "string"), ("Uudi", "Uuid"),
  ])
  func nearestName(name: String, nearest: String?) {
    let known = ["long", "string", "bytes", "Heartbeat", "Uuid"]
    #expect(NearName.nearest(name, among: known) == nearest)
  }

  @Test(arguments: [
    ("5", ScalarValue.integer("5")), ("-0", .integer("-0")), ("+7", .integer("+7")), ("1.", .float("1.")),
    (".5", .float(".5")), ("1e3", .float("1e3")), ("1e", .string("1e")), (".", .string(".")), ("-", .string("-")),
    ("~", .null), ("", .null), ("NULL", .null), ("yes", .string("yes")), ("True", .bool(true)),
    (".inf", .float(".inf")),
    ("0x10", .string("0x10")), ("1_000", .string("1_000")), ("٣", .string("٣")), ("2020-01-01", .string("2020-01-01")),
  ])
  func plainScalars(text: String, value: ScalarValue) {
    #expect(ScalarValue(plain: text) == value)
  }

  @Test(arguments: [
    ("a.yaml", "a"), ("x/y.z/a.b.avsc", "a.b"), ("-", "stdin"), (".yaml", ".yaml"), ("noext", "noext"), ("d/", "d"),
  ])
  func stems(path: String, stem: String) {
    #expect(Loader.stem(of: path) == stem)
  }

  @Test func libavroTakesNullCharactersInDefaults() {
    let text =
      #"{"type":"record","name":"A","doc":"\\u0000","fields":[{"name":"b","type":"bytes","default":"\u0000\\\u0000"}]}"#
    #expect(Libavro.refusal(of: text) == nil)
    #expect(Libavro.refusal(of: #"{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}"#) != nil)
    #expect(Libavro.refusal(of: "{") != nil)
  }
}
