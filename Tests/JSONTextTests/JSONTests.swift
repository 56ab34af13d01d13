import AvroSchema
import JSONText
import Testing

@Suite struct JSONTests {
  static let good: [(String, JSONValue)] = [
    ("null", .null), (" true\n", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("-12", .integer(-12)),
    ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.0", .double(1)), ("-2.5E-3", .double(-0.0025)),
    ("1e+2", .double(100)), (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\té""#, .string("a\"\\/\u{8}\u{C}\n\r\té")),
    (#""\u00e9\ud83d\ude00\u0000""#, .string("é😀\u{0}")), ("[]", .array([])), ("[ ]", .array([])), ("{}", .object([])),
    ("[1,[2,[]],{}]", .array([.integer(1), .array([.integer(2), .array([])]), .object([])])),
    (
      #" { "b" : 1 , "a" : [ null ] } "#,
      .object([.init("b", .integer(1)), .init("a", .array([.null]))])
    ),
    // The Kelvin sign is equal to K as a `String`, not as a name.
    (#"{"K":1,"\u212a":2}"#, .object([.init("K", .integer(1)), .init("\u{212A}", .integer(2))])),
    (#"{"a":{"a":{"a":1}}}"#, .object([.init("a", .object([.init("a", .object([.init("a", .integer(1))]))]))])),
  ]

  @Test(arguments: good) func accepted(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
    #expect(try JSONValue(parsing: value.text) == value)
  }

  static let bad: [(String, JSONError.Kind, Int)] = [
    ("", .unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .unexpectedEnd, 3), ("nulL", .unexpectedByte, 3),
    ("+1", .unexpectedByte, 0), ("01", .invalidNumber, 1), ("-", .unexpectedEnd, 1), ("-a", .invalidNumber, 1),
    ("1.", .unexpectedEnd, 2), ("1.e2", .invalidNumber, 2), ("1e", .unexpectedEnd, 2), (".5", .unexpectedByte, 0),
    ("1e999", .numberOutOfRange, 0), ("NaN", .unexpectedByte, 0), ("1 2", .trailingBytes, 2),
    ("[1,]", .unexpectedByte, 3),
    ("[1", .unexpectedEnd, 2), ("[1 2]", .unexpectedByte, 3), ("[}", .unexpectedByte, 1), ("{]", .unexpectedByte, 1),
    (#"{"a":1,}"#, .unexpectedByte, 7), (#"{"a" 1}"#, .unexpectedByte, 5), (#"{a:1}"#, .unexpectedByte, 1),
    (#"{"a":1"b":2}"#, .unexpectedByte, 6), (#"{"a":1,"a":2}"#, .duplicateMember, 7),
    (#"{"K":1,"\u004b":2}"#, .duplicateMember, 7), (#"{"a"}"#, .unexpectedByte, 4),
    (#""a"#, .unexpectedEnd, 2), (#""\x""#, .invalidEscape, 1), (#""\u12g4""#, .invalidEscape, 5),
    (#""\ud800""#, .unpairedSurrogate, 1), (#""\ud800\u0041""#, .unpairedSurrogate, 1),
    (#""\udc00""#, .unpairedSurrogate, 1), ("\"\n\"", .controlCharacter, 1), ("// a", .unexpectedByte, 0),
    ("'a'", .unexpectedByte, 0), ("\u{FEFF}1", .unexpectedByte, 0), ("\u{A0}1", .unexpectedByte, 0),
  ]

  @Test(arguments: bad) func refused(text: String, kind: JSONError.Kind, offset: Int) {
    #expect(throws: JSONError(kind, offset: offset)) { try JSONValue(parsing: text) }
  }

  @Test func bytesThatAreNotText() {
    #expect(throws: JSONError(.invalidUTF8, offset: 0)) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONError(.invalidUTF8, offset: 1)) {
      try JSONValue(parsing: [0x5B, 0x22, 0xC0, 0x80, 0x22, 0x5D])
    }
  }

  @Test func limits() throws {
    let nested = { (count: Int) in String(repeating: "[", count: count) + String(repeating: "]", count: count) }
    _ = try JSONValue(parsing: nested(100))
    #expect(throws: JSONError(.tooDeep, offset: 100)) { try JSONValue(parsing: nested(101)) }
    #expect(throws: JSONError(.tooDeep, offset: 100)) { try JSONValue(parsing: nested(100_000)) }
    #expect(throws: JSONError(.tooDeep, offset: 500)) {
      try JSONValue(parsing: String(repeating: #"{"a":"#, count: 100_000))
    }
    #expect(throws: JSONError(.tooDeep, offset: 0)) { try JSONValue(parsing: "[]", limits: JSONLimits(maxDepth: 0)) }
    #expect(throws: JSONError(.tooLarge, offset: 3)) { try JSONValue(parsing: "1234", limits: JSONLimits(maxBytes: 3)) }
  }

  @Test func writing() {
    let value = JSONValue.object([
      .init("z\"\\", .array([.null, .bool(false), .integer(-1), .double(0.5)])), .init("a", .string("\u{1}\té/")),
    ])
    #expect(value.text == #"{"z\"\\":[null,false,-1,0.5],"a":"\u0001\té/"}"#)
    #expect(value["a"] == .string("\u{1}\té/"))
    #expect(value["b"] == nil)
    #expect(JSONValue.array([.double(.nan), .double(.infinity)]).text == #"["NaN","Infinity"]"#)
  }

  /// Strings are looked through in steps of eight bytes: what has to be escaped stands at each place of a step.
  @Test(arguments: [
    "\"", "\\", "\n", "\r", "\t", "\u{0}", "\u{1F}", "\u{20}", "\u{7F}", "\u{80}", "\u{10FFFF}", "[", "]",
  ])
  func writingStrings(special: String) throws {
    let escapes = [
      "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{0}": "\\u0000", "\u{1F}": "\\u001f",
    ]
    for place in 0..<18 {
      let (start, end) = (String(repeating: "a", count: place), String(repeating: "é", count: 17 - place))
      let value = JSONValue.string(start + special + end + special)
      let escaped = escapes[special] ?? special
      #expect(value.text == "\"" + start + escaped + end + escaped + "\"")
      #expect(try JSONValue(parsing: value.text) == value)
      var bytes = Array("x".utf8)
      value.append(to: &bytes)
      #expect(bytes == Array("x".utf8) + Array(value.text.utf8))
    }
  }

  /// Noise made of what JSON is made of: a value that is written as it was read, or an error within the text.
  @Test func garbage() throws {
    var state: UInt64 = 7
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let pieces = [
      "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u00", "\\ud83d", "1", "-", ".5", "e9", "null", "true", "\"a\"", " ",
      "\"a\":", "é", "\u{0}", "[1,", "{\"b\":",
    ].map { Array($0.utf8) }
    var values = 0
    for _ in 0..<50_000 {
      var bytes: [UInt8] = []
      for _ in 0..<next(9) { bytes += pieces[next(pieces.count)] }
      if next(4) == 0, !bytes.isEmpty { bytes[next(bytes.count)] = UInt8(next(256)) }
      do throws(JSONError) {
        let value = try JSONValue(parsing: bytes)
        #expect(try JSONValue(parsing: value.text) == value)
        values += 1
      } catch {
        #expect(error.offset >= 0 && error.offset <= bytes.count)
      }
      // A schema of it is one or an error, too.
      _ = try? Schema(parsing: String(decoding: bytes, as: UTF8.self))
    }
    #expect(values > 500)
  }
}
