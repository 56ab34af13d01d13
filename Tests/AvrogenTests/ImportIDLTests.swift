import AvroSchema
import Foundation
import JSONText
import Testing

@testable import avrogen

/// What each construct of Avro IDL means, as the schema's JSON (specification 1.12, "IDL Language").
@Suite struct ImportIDLTests {
  struct Outcome {
    var schemas: [String: String] = [:]
    var problems: [String] = []
    var notes: [String] = []
  }

  /// Imports texts; those behind the first are there for `import` only.
  static func outcome(_ files: [(name: String, text: String)]) -> Outcome {
    func source(_ name: String, _ text: String, _ kind: ImportKind) -> Importer.Source {
      Importer.Source(kind: kind, input: Loader.Input(path: name, bytes: Array(text.utf8)))
    }
    guard let first = files.first, let kind = ImportKind(path: first.name) else { return Outcome() }
    let outcome = Importer.run([source(first.name, first.text, kind)]) { path, _, kind throws(Loader.InputError) in
      guard let file = files.first(where: { $0.name == path }) else { throw Loader.InputError(message: "no such file") }
      return source(file.name, file.text, kind)
    }
    switch outcome {
    case .bad(let lines): return Outcome(problems: lines)
    case .good(let files, let types, let notes):
      #expect(Importer.differences(files, types).isEmpty)
      let named = NamedTypes(of: types)
      var result = Outcome(notes: notes)
      for name in named.names { result.schemas[name.description] = named[name]?.text(.full) }
      return result
    }
  }

  static func idl(_ text: String) -> Outcome { outcome([("a.avdl", text)]) }

  /// The type of the only field of a record with `field` in it, as JSON.
  private func field(_ field: String) throws -> String {
    let outcome = Self.idl("protocol P { record R { \(field) } enum E { A, B } fixed F(2); }")
    #expect(outcome.problems == [])
    let json = try JSONValue(parsing: try #require(outcome.schemas["R"]))
    guard case .array(let fields)? = json["fields"] else { return "" }
    return fields.map(\.text).joined(separator: " ")
  }

  @Test(arguments: [
    ("null f;", #"{"name":"f","type":"null"}"#),
    ("boolean f;", #"{"name":"f","type":"boolean"}"#),
    ("int f;", #"{"name":"f","type":"int"}"#),
    ("long f;", #"{"name":"f","type":"long"}"#),
    ("float f;", #"{"name":"f","type":"float"}"#),
    ("double f;", #"{"name":"f","type":"double"}"#),
    ("bytes f;", #"{"name":"f","type":"bytes"}"#),
    ("string f;", #"{"name":"f","type":"string"}"#),
    ("date f;", #"{"name":"f","type":{"type":"int","logicalType":"date"}}"#),
    ("time_ms f;", #"{"name":"f","type":{"type":"int","logicalType":"time-millis"}}"#),
    ("timestamp_ms f;", #"{"name":"f","type":{"type":"long","logicalType":"timestamp-millis"}}"#),
    ("local_timestamp_ms f;", #"{"name":"f","type":{"type":"long","logicalType":"local-timestamp-millis"}}"#),
    ("uuid f;", #"{"name":"f","type":{"type":"string","logicalType":"uuid"}}"#),
    ("decimal(6) f;", #"{"name":"f","type":{"type":"bytes","logicalType":"decimal","precision":6}}"#),
    ("decimal(6, 2) f;", #"{"name":"f","type":{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}}"#),
    ("array<long> f;", #"{"name":"f","type":{"type":"array","items":"long"}}"#),
    ("map<E> f;", #"{"name":"f","type":{"type":"map","values":"E"}}"#),
    ("array<map<F?>> f;", #"{"name":"f","type":{"type":"array","items":{"type":"map","values":["null","F"]}}}"#),
    ("union { null, E, array<int> } f;", #"{"name":"f","type":["null","E",{"type":"array","items":"int"}]}"#),
    ("union { int } f;", #"{"name":"f","type":["int"]}"#),
    ("int? f;", #"{"name":"f","type":["null","int"]}"#),
    ("int? f = null;", #"{"name":"f","type":["null","int"],"default":null}"#),
    ("int? f = 5;", #"{"name":"f","type":["int","null"],"default":5}"#),
    ("date? f;", #"{"name":"f","type":["null",{"type":"int","logicalType":"date"}]}"#),
    ("union { null, int } f = 5;", #"{"name":"f","type":["null","int"],"default":5}"#),
    ("R? f;", #"{"name":"f","type":["null","R"]}"#),
    ("E f = \"B\";", #"{"name":"f","type":"E","default":"B"}"#),
    (#"F f = "\377\u0001";"#, "{\"name\":\"f\",\"type\":\"F\",\"default\":\"\u{ff}\\u0001\"}"),
    (#"string f = "a\"\\\/\'\t\u00e9\ud83d\ude00";"#, #"{"name":"f","type":"string","default":"a\"\\/'\t"# + "é😀\"}"),
    ("long f = -0x1fL;", #"{"name":"f","type":"long","default":-31}"#),
    ("long f = 017;", #"{"name":"f","type":"long","default":15}"#),
    ("long f = -9223372036854775808;", #"{"name":"f","type":"long","default":-9223372036854775808}"#),
    ("double f = -1.5e3;", #"{"name":"f","type":"double","default":-1500.0}"#),
    ("double f = .5d;", #"{"name":"f","type":"double","default":0.5}"#),
    ("double f = 0x1.8p1;", #"{"name":"f","type":"double","default":3.0}"#),
    ("double f = 7;", #"{"name":"f","type":"double","default":7}"#),
    ("array<int> f = [];", #"{"name":"f","type":{"type":"array","items":"int"},"default":[]}"#),
    (
      "map<int> f = { \"a\": 1, \"b\" : 2 };",
      #"{"name":"f","type":{"type":"map","values":"int"},"default":{"a":1,"b":2}}"#
    ),
    ("map<int> f = {};", #"{"name":"f","type":{"type":"map","values":"int"},"default":{}}"#),
    ("int a, b = 2, c;", #"{"name":"a","type":"int"} {"name":"b","type":"int","default":2} {"name":"c","type":"int"}"#),
    (
      "/** One. */ int a, /** Two. */ b;",
      #"{"name":"a","type":"int","doc":"One."} {"name":"b","type":"int","doc":"Two."}"#
    ),
    (
      "int @order(\"IGNORE\") @aliases([\"g\", \"h\"]) f;",
      #"{"name":"f","type":"int","order":"ignore","aliases":["g","h"]}"#
    ),
    (
      "@logicalType(\"timestamp-nanos\") long f;",
      #"{"name":"f","type":{"type":"long","logicalType":"timestamp-nanos"}}"#
    ),
    (
      "@logicalType(\"decimal\") @precision(3) @scale(1) bytes f;",
      #"{"name":"f","type":{"type":"bytes","logicalType":"decimal","precision":3,"scale":1}}"#
    ),
    ("@logicalType(\"date\") int? f;", #"{"name":"f","type":["null",{"type":"int","logicalType":"date"}]}"#),
    ("@logicalType(\"made-up\") long f;", #"{"name":"f","type":"long"}"#),
    ("@java-class(\"x.Y\") array<string> f;", #"{"name":"f","type":{"type":"array","items":"string"}}"#),
    ("string `record`;", #"{"name":"record","type":"string"}"#),
    ("`E` error;", #"{"name":"error","type":"E"}"#),
    ("int/**/a/* x */;// b", #"{"name":"a","type":"int"}"#),
    ("int a; // c\n/* /* not nested */ int b;", #"{"name":"a","type":"int"} {"name":"b","type":"int"}"#),
    ("int a; /* ** * // */ int b; /***/", #"{"name":"a","type":"int"} {"name":"b","type":"int"}"#),
    ("", ""),
  ])
  func fields(idl: String, json: String) throws {
    // A line comment would take the brace behind it.
    #expect(try field(idl + "\n") == json)
  }

  @Test(arguments: [
    ("enum E { A, B }", "E", #"{"type":"enum","name":"E","symbols":["A","B"]}"#),
    ("enum E { A, B } = B;", "E", #"{"type":"enum","name":"E","symbols":["A","B"],"default":"B"}"#),
    ("enum E { `int`, import }", "E", #"{"type":"enum","name":"E","symbols":["int","import"]}"#),
    ("fixed F(16);", "F", #"{"type":"fixed","name":"F","size":16}"#),
    ("fixed F(0x10);", "F", #"{"type":"fixed","name":"F","size":16}"#),
    (
      "@logicalType(\"duration\") fixed F(12);", "F",
      #"{"type":"fixed","name":"F","size":12,"logicalType":"duration"}"#
    ),
    ("record R {}", "R", #"{"type":"record","name":"R","fields":[]}"#),
    ("error R {}", "R", #"{"type":"record","name":"R","fields":[]}"#),
    ("record _R {}", "_R", #"{"type":"record","name":"_R","fields":[]}"#),
    ("record `protocol` {}", "protocol", #"{"type":"record","name":"protocol","fields":[]}"#),
    ("@namespace(\"x.y\") record R {}", "x.y.R", #"{"type":"record","name":"R","namespace":"x.y","fields":[]}"#),
    ("record x.`y`.R {}", "x.y.R", #"{"type":"record","name":"R","namespace":"x.y","fields":[]}"#),
    (
      "@aliases([\"Q\", \"z.P\"]) /** Text. */ enum E { A }", "E",
      #"{"type":"enum","name":"E","doc":"Text.","symbols":["A"],"aliases":["Q","z.P"]}"#
    ),
    ("/** One. */ /** Two. */ fixed F(1);", "F", #"{"type":"fixed","name":"F","doc":"Two.","size":1}"#),
    (
      "/**\n * One\n *  Two\n *\n * Three\n */ fixed F(1);", "F",
      #"{"type":"fixed","name":"F","doc":"One\n Two\n\nThree","size":1}"#
    ),
    (
      "/** One\n    Two\n      Three */ fixed F(1);", "F",
      #"{"type":"fixed","name":"F","doc":"One\nTwo\n  Three","size":1}"#
    ),
    ("/** One\n  * Two */ fixed F(1);", "F", #"{"type":"fixed","name":"F","doc":"One\n* Two","size":1}"#),
    ("/** ** One\n ** Two */ fixed F(1);", "F", #"{"type":"fixed","name":"F","doc":"One\nTwo","size":1}"#),
  ])
  func declarations(idl: String, name: String, json: String) {
    for text in ["protocol P { \(idl) }", idl] {
      let outcome = Self.idl(text)
      #expect(outcome.problems == [])
      #expect(outcome.schemas == [name: json])
    }
  }

  @Test func namespacesOfProtocolsAndFiles() {
    let body = "record R { S s; other.T t; } record S {} @namespace(\"other\") fixed T(1);"
    for text in [
      "@namespace(\"a.b\") protocol P { \(body) }", "protocol a.b.P { \(body) }", "namespace a.b; \(body)",
      "namespace a.b; schema R; \(body)", "@namespace(\"no\") protocol a.b.P { \(body) }\u{1a} and more",
    ] {
      let outcome = Self.idl(text)
      #expect(outcome.problems == [])
      #expect(outcome.schemas.keys.sorted() == ["a.b.R", "a.b.S", "other.T"])
      #expect(
        outcome.schemas["a.b.R"]
          == #"{"type":"record","name":"R","namespace":"a.b","fields":[{"name":"s","type":"S"},"#
          + #"{"name":"t","type":"other.T"}]}"#)
    }
  }

  @Test func recursionAndForwardReferences() {
    let outcome = Self.idl("protocol P { record A { array<B> bs; } record B { A? a; C c; } enum C { X } }")
    #expect(outcome.problems == [])
    #expect(outcome.schemas.count == 3)
  }

  @Test func whatIsNotKeptIsSaid() {
    let outcome = Self.idl(
      """
      /** The protocol. */ @version("1") protocol P {
        /** Of nothing. */ /** Fine. */ error E { @java-class("x") string a; @java-class("y") string b; }
        record R { @made("up") union { null, int } u; @logicalType("date") long wrong; string @own(1) s; }
        enum F { /** lost */ A, @x(1) B }
        @logicalType("uuid") fixed G(15);
        void ping(); R get(/** arg */ @a("b") int id = 3, string? s) throws E, x.Y; int fire(int a) oneway;
      }
      """)
    #expect(outcome.problems == [])
    #expect(
      outcome.notes == [
        "a.avdl:1:1: note: the documentation of a protocol, or of what is no type, is not kept",
        "a.avdl:1:23: note: the property \"version\" of the protocol is not kept",
        "a.avdl:2:3: note: this documentation comment belongs to nothing and is not kept",
        "a.avdl:2:35: note: the error E becomes a record: definitions have no messages",
        "a.avdl:2:46: note: the property \"java-class\" of a string is not kept (2 times in this file)",
        "a.avdl:3:15: note: the property \"made\" of a union is not kept",
        "a.avdl:3:50: note: the property \"logicalType\" of a long is not kept",
        "a.avdl:3:90: note: the property \"own\" of a field is not kept",
        "a.avdl:4:12: note: this documentation comment belongs to nothing and is not kept",
        "a.avdl:4:28: note: the property \"x\" of a symbol is not kept",
        "a.avdl:5:4: note: the property \"logicalType\" of a fixed is not kept",
        "a.avdl:6:3: note: 3 messages of this protocol are not imported: definitions hold types only",
      ])
  }

  @Test(arguments: [
    ("", ["1:1: error: the file is empty"]),
    ("protocol P {", ["1:1: error: this protocol has no closing brace"]),
    (
      "protocol P { record R { int a;",
      ["1:1: error: this protocol has no closing brace", "1:14: error: this record has no closing brace"]
    ),
    ("protocol P {} protocol Q {}", ["1:15: error: text after the end of the protocol; a file holds one"]),
    ("record R { int a }", ["1:18: error: ';' expected, found '}'"]),
    ("record R { int a; long; strin b; }", ["1:23: error: the name of a field expected, found ';'"]),
    ("record R { strin b; }", ["1:12: error: unknown type \"strin\"; did you mean \"string\"?"]),
    ("record R { int a = 1.5; }", ["1:20: error: bad default: int expected, found \"1.5\""]),
    ("record R { int a; int a; }", ["1:23: error: duplicate field \"a\"; the first is in line 1"]),
    ("record R {} record R {}", ["1:20: error: duplicate type \"R\"; the first is in line 1"]),
    ("record R { union { int, int } a; }", ["1:25: error: a union cannot hold int twice"]),
    (
      "record R { R a; }",
      ["1:8: error: record R contains itself without end: R.a -> R; make a field optional, an array or a map"]
    ),
    ("record R { @logicalType(\"x\") S s; } enum S { A }", ["1:13: error: a reference to a type can't be annotated"]),
    ("record R { double a = NaN; }", ["1:23: error: \"NaN\" cannot be a default: Avro's JSON has no way to write it"]),
    (
      "record R { long a = 9223372036854775808; }",
      ["1:21: error: 9223372036854775808 is not a number that a default can be"]
    ),
    ("record R { string a = \"\\q\"; }", ["1:24: error: unknown escape in a text"]),
    ("record R { string a = \"\\ud800\"; }", ["1:23: error: half of a surrogate pair in this text"]),
    (
      "record R { string a = \"b; }\n",
      [
        "1:23: error: this text has no end"
      ]
    ),
    ("record R {} /* x", ["1:13: error: this comment has no end"]),
    ("record R { int a; } #\nenum E { A }", ["1:21: error: the character \"#\" has no meaning here"]),
    ("record `R { }", ["1:8: error: a name between backquotes is expected here"]),
    ("record a-b {}", ["1:8: error: \"a-b\" is not a valid Avro name"]),
    ("@name(\"x\") record R {}", ["1:2: error: @name is not for annotations: write it in the IDL"]),
    ("record R { decimal(2, 3) a; }", ["1:23: error: the scale is at least 0 and at most the precision"]),
    ("import idl \"b.avdl\"; record R {}", ["1:12: error: cannot import \"b.avdl\": no such file"]),
    ("record R {} namespace x;", ["1:13: error: the namespace is given once, before everything else"]),
    ("enum E { A, }", ["1:13: error: a symbol expected, found '}'"]),
    ("enum E { A } = B;", ["1:16: error: default \"B\" is not a symbol of E; did you mean \"A\"?"]),
    ("fixed F(0);", ["1:9: error: size must be at least 1, this is 0"]),
    ("x y;", ["1:1: error: protocol, namespace, schema, import, record, error, enum or fixed expected, found \"x\""]),
    ("}}", ["1:1: error: a declaration expected, found '}'", "1:2: error: a declaration expected, found '}'"]),
    ("protocol P { }", ["1:1: error: no record, enum or fixed in what is imported"]),
  ])
  func mistakes(idl: String, problems: [String]) {
    let found = Self.idl(idl).problems
    #expect(Set(found) == Set(problems.map { "a.avdl:\($0)" }), "\(found)")
  }

  @Test func severalMistakesInOneRun() {
    let found = Self.idl(
      """
      protocol P {
        record A { int; string b; long c d; }
        enum B { X Y } = X;
        int get(int);
        fixed C 4;
        record D { array<int a; map<int>> b; int ok; }
      }
      """
    ).problems
    #expect(
      found == [
        "a.avdl:2:17: error: the name of a field expected, found ';'",
        "a.avdl:2:36: error: ';' expected, found \"d\"",
        "a.avdl:3:14: error: ',' expected, found \"Y\"",
        "a.avdl:4:14: error: the name of a field expected, found ')'",
        "a.avdl:5:11: error: '(' expected, found 4",
        "a.avdl:6:24: error: '>' expected, found \"a\"",
        "a.avdl:6:35: error: the name of a field expected, found '>'",
      ])
  }
}
