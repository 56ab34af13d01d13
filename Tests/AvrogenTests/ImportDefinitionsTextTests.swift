import AvroSchema
import Foundation
import JSONText
import Testing

@testable import avrogen

/// Types written as YAML and read again are the same types.
@Suite struct ImportDefinitionsTextTests {
  /// The full text of each type of `files`, by name.
  private func texts(_ files: [DefinitionsText.File]) -> [String: String] {
    switch Loader.load(files.map { Loader.Input(path: $0.name, bytes: Array($0.text.utf8)) }) {
    case .good(let model): return texts(model.types.map(\.schema))
    case .bad(let lines):
      Issue.record("\(lines.joined(separator: "\n"))\n\(files.map(\.text).joined(separator: "\n"))")
      return [:]
    }
  }

  private func texts(_ schemas: [Schema]) -> [String: String] {
    let types = NamedTypes(of: schemas)
    var texts: [String: String] = [:]
    for name in types.names { texts[name.description] = types[name]?.text(.full, types: types) }
    return texts
  }

  @Test(arguments: [UInt64](1...400))
  func randomTypesComeBack(seed: UInt64) throws {
    let schemas = ImportRandomTypes(seed: seed).types
    let expected = texts(schemas)
    let one = try DefinitionsText.yaml(of: schemas)
    #expect(texts([DefinitionsText.File(name: "all.yaml", text: one)]) == expected)
    #expect(texts(try DefinitionsText.files(of: schemas)) == expected)
  }
}

/// How it looks, and what can't be said.
extension ImportDefinitionsTextTests {
  private func yaml(_ texts: String...) throws -> String {
    try DefinitionsText.yaml(of: try texts.map { text throws in try Schema(parsing: text) })
  }

  @Test func shortFormsWhereThereAreAny() throws {
    let text = try yaml(
      #"{"type":"record","name":"Order","namespace":"shop","doc":"What was ordered, when.","fields":["#
        + #"{"name":"id","type":{"type":"fixed","name":"Id","size":16,"doc":"5"}},"#
        + #"{"name":"note","type":["null","string"]},"#
        + #"{"name":"more","type":["null","string"],"default":null},"#
        + #"{"name":"less","type":["string","null"],"default":"no"},"#
        + #"{"name":"odd","type":["null","string"],"default":"x"},{"name":"even","type":["string","null"]},"#
        + #"{"name":"next","type":["null","Order"],"doc":"First line.\nSecond.","order":"ignore","aliases":["old"]},"#
        + #"{"name":"far","type":{"type":"enum","name":"shop.far.State","symbols":["A","null"],"default":"A"},"#
        + #""default":"null"},{"name":"b","type":"bytes","default":"\u00ff\u0000a"},"#
        + #"{"name":"l","type":{"type":"array","items":["null",{"type":"map","values":"Id"}]},"default":[]}]}"#)
    #expect(
      text == #"""
        namespace: shop
        types:
          Id: { type: fixed, doc: "5", size: 16 }
          State: { type: enum, namespace: shop.far, symbols: [A, "null"], default: A }
        records:
          Order:
            doc: What was ordered, when.
            fields:
              - id: Id
              - note: string?
              - more: { type: "string?", default: null }
              - less: { type: "string?", default: "no" }
              - odd: { type: ["null", string], default: x }
              - even: [string, "null"]
              - next:
                  type: Order?
                  doc: |-
                    First line.
                    Second.
                  order: ignore
                  aliases: [old]
              - far: { type: State, default: "null" }
              - b: { type: bytes, default: "\xff\x00a" }
              - l: { array: ["null", { map: Id }], default: [] }

        """#)
  }

  @Test func oneNameInSeveralNamespaces() throws {
    let schemas = try ["a", "b"].flatMap { space in
      [
        try Schema(parsing: #"{"type":"enum","name":"E","namespace":"\#(space)","symbols":["X"]}"#),
        .record(
          RecordSchema(
            name: FullName(namespace: space, name: "R"),
            fields: [
              .init(name: "own", type: .reference(FullName("\(space).E"))),
              .init(name: "a", type: .reference(FullName("a.E"))),
              .init(name: "b", type: .union([.primitive(.null), .reference(FullName("b.R"))])),
            ])),
      ]
    }
    let files = try DefinitionsText.files(of: schemas, comment: "One\u{7}\nTwo")
    #expect(files.map(\.name) == ["a.yaml", "b.yaml"])
    #expect(
      files.first?.text == """
        # One?
        # Two
        namespace: a
        types:
          a_E: { type: enum, name: E, symbols: [X] }
        records:
          R:
            - own: E
            - a: E
            - b: b.R?

        """)
    #expect(texts(files) == texts(schemas))
  }

  @Test func fileNamesSuitEveryFileSystem() throws {
    let long = (0..<40).map { "namespace\($0)" }.joined(separator: ".")
    let names = ["a.B", "a.b", "", "AvrogenIndex", long]
    let schemas = names.map { Schema.fixed(FixedSchema(name: FullName(namespace: $0, name: "F"), size: 1)) }
    let files = try DefinitionsText.files(of: schemas)
    #expect(files.count == 4)
    #expect(
      files.map(\.name).filter { !$0.hasPrefix("namespace0.") }
        == ["AvrogenIndex-types.yaml", "a.B.yaml", "no-namespace.yaml"])
    #expect(files.allSatisfy { $0.name.utf8.count <= 205 })
    #expect(texts(files) == texts(schemas))
  }

  private func record(_ type: Schema, default value: JSONValue? = nil, in namespace: String = "a") -> Schema {
    .record(
      RecordSchema(
        name: FullName(namespace: namespace, name: "R"),
        fields: [
          .init(name: "f", type: type, defaultValue: value)
        ]))
  }

  @Test func whatCannotBeSaidIsAnError() throws {
    func message(_ schemas: Schema...) -> String {
      do throws(DefinitionsTextError) {
        return "none: \(try DefinitionsText.yaml(of: schemas))"
      } catch {
        return error.description
      }
    }
    let f = FullName(namespace: "a", name: "F")
    #expect(message(.primitive(.string)) == "definitions are records, enums and fixed, not string")
    #expect(message(.fixed(FixedSchema(name: f, size: 0))) == "a.F: a fixed has 1 to 65536 bytes, this has 0")
    #expect(
      message(.fixed(FixedSchema(name: f, size: 1)), .fixed(FixedSchema(name: f, size: 2)))
        == "a.F: defined twice, and not the same")
    #expect(
      message(.fixed(FixedSchema(name: f, aliases: [FullName("Old")], size: 1)))
        == "a.F: the alias \"Old\" has no namespace, while the type has one")
    #expect(
      message(.fixed(FixedSchema(name: f, aliases: [FullName("a.O"), FullName("a.O")], size: 1)))
        == "a.F: an alias is there twice")
    #expect(
      message(record(.primitive(.bytes, logicalType: .decimal(precision: 1001, scale: 0))))
        == "a.R, field f: a decimal of 1001 digits; avrogen reads 1000")
    #expect(
      message(record(.reference(FullName("Other"))))
        == "a.R, field f: \"Other\" has no namespace and can't be named from within a")
    #expect(
      message(record(.primitive(.string), default: .string(String(repeating: "x", count: 70_000))))
        == "a.R, field f: a default of 70000 bytes; avrogen reads 65536")
    let symbols = EnumSchema(name: f, symbols: ["true", "True", "TRUE", "null"])
    #expect(
      message(.enumeration(symbols), record(.union([.reference(f), .primitive(.boolean)]), default: .bool(true)))
        == "a.R, field f: the default true would be read as a symbol")
    var deep = Schema.primitive(.int)
    for _ in 0..<99 { deep = .array(items: deep) }
    #expect(message(record(deep)) == "more than 100 levels inside each other")
    let doc = String(repeating: "x", count: 60_000)
    let many = (0..<80).map { Schema.fixed(FixedSchema(name: FullName("F\($0)"), doc: doc, size: 1)) }
    #expect(throws: DefinitionsTextError.self) { try DefinitionsText.yaml(of: many) }
  }

  /// Null among symbols that are called null: the other spelling of null is taken.
  @Test func nullBesideASymbolCalledNull() throws {
    let f = FullName(namespace: "a", name: "F")
    let schemas: [Schema] = [
      .enumeration(EnumSchema(name: f, symbols: ["null"])),
      record(.union([.reference(f), .primitive(.null)]), default: .null),
    ]
    #expect(try DefinitionsText.yaml(of: schemas).contains("default: ~"))
    #expect(texts(try DefinitionsText.files(of: schemas)) == texts(schemas))
  }

  @Test func limitsAreThoseOfTheReader() {
    #expect(DefinitionsText.maxFileBytes == InputLimits.fileBytes)
    #expect(DefinitionsText.maxTextBytes == InputLimits.scalarBytes)
    #expect(DefinitionsText.maxNesting == InputLimits.nesting)
    #expect(DefinitionsText.maxValues == InputLimits.nodes)
    #expect(DefinitionsText.maxFixedSize == DefinitionReader.fixedSizeLimit)
    #expect(DefinitionsText.maxPrecision == DefinitionReader.precisionLimit)
    #expect(Names.isAvroName(String(repeating: "a", count: DefinitionsText.maxNameBytes)))
    #expect(!Names.isAvroName(String(repeating: "a", count: DefinitionsText.maxNameBytes + 1)))
  }

  /// The fixtures of this target that are good, and the bank's own definitions.
  @Test func fixturesComeBack() throws {
    for folder in [Fixtures.definitions, Fixtures.folder.appending(path: "Golden/language")] {
      guard case .good(let model) = Loader.load(try Fixtures.inputs(folder)) else {
        Issue.record("\(folder.lastPathComponent)")
        continue
      }
      let schemas = model.types.map(\.schema)
      #expect(schemas.count > 5)
      #expect(texts(try DefinitionsText.files(of: schemas)) == texts(schemas))
      #expect(texts([.init(name: "one.yaml", text: try DefinitionsText.yaml(of: schemas))]) == texts(schemas))
    }
  }
}
