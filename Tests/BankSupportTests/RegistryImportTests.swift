import AvroSchema
import BankSupport
import Definitions
import Foundation
import JSONText
import SchemaRegistry
import Testing
import TopologyModel

@Suite("bank registry import", .serialized)
struct RegistryImportTests {
  private static func record(_ name: String, _ fields: String, _ more: String = "") -> String {
    #"{"type":"record","name":"\#(name)","namespace":"shop"\#(more),"fields":[\#(fields)]}"#
  }

  private static let first = record("Order", #"{"name":"id","type":"int"}"#)
  private static let second = record("Order", #"{"name":"id","type":"int"},{"name":"n","type":"int","default":1}"#)
  private static let third = record(
    "Order", #"{"name":"id","type":"long"},{"name":"n","type":["null","int"],"default":null}"#)

  private static func files(in folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? [])
      .filter { $0.contains(".") }.sorted()
  }

  private static func schema(_ path: String) throws -> Schema {
    try Schema(parsing: String(contentsOfFile: path, encoding: .utf8))
  }

  /// A check of all files, and what the definitions say of a type.
  ///
  /// - Parameter roots: what has a subject of its own, and so versions; nil is all of it.
  private static func accepted(_ folder: String, roots: Set<String>? = nil) throws {
    let check = try RunningRegistry.avrogen("check", "--definitions", folder)
    #expect(check.status == 0, "\(check.output)")
    let compat = try RunningRegistry.avrogen("compat", "--definitions", folder)
    #expect(compat.status == 0, "\(compat.output)")
    let unknown = compat.output.split(separator: "\n").filter { $0.contains("not in history") }
      .compactMap { $0.split(separator: ":").first.map(String.init) }
    #expect(unknown.filter { roots?.contains($0) ?? true } == [], "\(compat.output)")
    #expect(!compat.output.contains("changed since"), "\(compat.output)")
  }

  private static func schemas(of folder: String, _ registry: RunningRegistry) throws -> (FullName) throws -> Schema {
    let output = "\(registry.folder.path)/avsc-\(UUID().uuidString)"
    let avsc = try RunningRegistry.avrogen("avsc", "--definitions", folder, "--output", output)
    #expect(avsc.status == 0, "\(avsc.output)")
    return { name in try schema("\(output)/\(name).avsc") }
  }

  @Test("The bank's own registry becomes definitions with the same schemas and version 1 of each")
  func bank() async throws {
    let registry = try RunningRegistry()
    let subjects = Topology.description.topics.flatMap(\.subjects)
    for subject in subjects {
      _ = try await registry.client.register(subject: subject.subject, schema: subject.schemaText)
    }
    let folder = registry.folder.path + "/new/definitions"
    let result = try registry.bank("import", "--output", folder)
    #expect(result.status == 0, "\(result.output)")
    #expect(!result.output.contains("note:"))
    let namespaces = ["data", "internal", "journal"].map { "nl.openweb.\($0).yaml" }
    let expected = namespaces + Set(subjects.map { "history/\($0.recordName).1.avsc" })
    #expect(Self.files(in: folder) == expected.sorted())
    try Self.accepted(folder, roots: Set(subjects.map(\.recordName)))
    let schema = try Self.schemas(of: folder, registry)
    for subject in subjects {
      #expect(try schema(FullName(subject.recordName)) == Schema(parsing: subject.schemaText))
      #expect(
        try Self.schema("\(folder)/history/\(subject.recordName).1.avsc") == Schema(parsing: subject.schemaText))
    }
  }

  @Test("All versions; a second import changes nothing, a third with news is refused, --force takes it")
  func versions() async throws {
    let registry = try RunningRegistry()
    let folder = registry.folder.path + "/definitions"
    for text in [Self.first, Self.second] { _ = try await registry.client.register(subject: "o-value", schema: text) }
    #expect(try registry.bank("import", "--output", folder).status == 0)
    #expect(Self.files(in: folder) == ["history/shop.Order.1.avsc", "history/shop.Order.2.avsc", "shop.yaml"])
    try Self.accepted(folder)
    let yaml = try String(contentsOfFile: folder + "/shop.yaml", encoding: .utf8)
    let date = try FileManager.default.attributesOfItem(atPath: folder + "/shop.yaml")[.modificationDate] as? Date
    let again = try registry.bank("import", "--output", folder)
    #expect(again.status == 0 && again.output.hasPrefix("nothing to write: 3 files"), "\(again.output)")
    #expect(
      try FileManager.default.attributesOfItem(atPath: folder + "/shop.yaml")[.modificationDate] as? Date == date)

    _ = try await registry.client.register(subject: "o-value", schema: Self.third)
    let refused = try registry.bank("import", "--output", folder)
    #expect(refused.status == 1)
    #expect(refused.output.contains("nothing is written: \(folder)/shop.yaml is there and not the same; --force"))
    #expect(Self.files(in: folder).count == 3, "nothing by halves")
    #expect(try String(contentsOfFile: folder + "/shop.yaml", encoding: .utf8) == yaml)
    let forced = try registry.bank("import", "--output", folder, "--force")
    #expect(forced.status == 0, "\(forced.output)")
    #expect(
      Set(forced.output.split(separator: "\n").map(String.init))
        == ["\(folder)/history/shop.Order.3.avsc", "\(folder)/shop.yaml"])
    try Self.accepted(folder)
    for (number, text) in zip(1..., [Self.first, Self.second, Self.third]) {
      #expect(try Self.schema("\(folder)/history/shop.Order.\(number).avsc") == Schema(parsing: text))
    }
  }

  @Test("A renamed record brings its old versions, and the definitions are held to what was imported")
  func renamed() async throws {
    let registry = try RunningRegistry()
    let folder = registry.folder.path + "/definitions"
    let renamed = Self.record("Purchase", #"{"name":"id","type":"int"}"#, #","aliases":["Order"]"#)
    for text in [Self.first, Self.second, renamed] {
      _ = try await registry.client.register(subject: "o-value", schema: text)
    }
    #expect(try registry.bank("import", "--output", folder).status == 0)
    #expect(
      Self.files(in: folder) == [
        "history/shop.Order.1.avsc", "history/shop.Order.2.avsc", "history/shop.Purchase.3.avsc", "shop.yaml",
      ])
    try Self.accepted(folder)
    let yaml = try String(contentsOfFile: folder + "/shop.yaml", encoding: .utf8)
    try Data(yaml.replacing("id: int", with: "id: string").utf8).write(to: URL(fileURLWithPath: folder + "/shop.yaml"))
    let broken = try RunningRegistry.avrogen("check", "--definitions", folder)
    #expect(broken.status == 1 && broken.output.contains("version 3"), "\(broken.output)")
  }

  @Test("What has no place is left as it is, with a line that says why; the rest is imported")
  func leftOut() async throws {
    let registry = try RunningRegistry()
    let folder = registry.folder.path + "/definitions"
    try await registry.client.setConfig(.none)
    let union =
      #"["null",\#(Self.record("Inside", #"{"name":"e","type":{"type":"enum","name":"E","symbols":["A"]}}"#))]"#
    for (subject, text) in [
      ("../key", #""string""#), ("either", union), ("o-value", Self.record("Other", "")), ("o-value", Self.first),
    ] { _ = try await registry.client.register(subject: subject, schema: text) }
    let result = try registry.bank("import", "--output", folder)
    #expect(result.status == 0, "\(result.output)")
    #expect(
      Self.files(in: folder) == [
        "history/shop.Order.1.avsc", "left-out/%2E.%2Fkey.avsc", "left-out/either.avsc", "shop.yaml",
      ])
    #expect(
      result.output.contains("note: subject ../key, version 1 is left as it is in left-out/%2E.%2Fkey.avsc: it has"))
    #expect(
      result.output.contains("either.avsc: it is no record, enum or fixed; those inside of it are definitions now"))
    #expect(result.output.contains("subject o-value, version 1 is not in history: it is of shop.Other"))
    let check = try RunningRegistry.avrogen("check", "--definitions", folder)
    #expect(check.status == 0, "\(check.output)")
    let schema = try Self.schemas(of: folder, registry)
    #expect(try schema(FullName("shop.Inside")).definedName == FullName("shop.Inside"))
    #expect(try schema(FullName("shop.E")).definedName == FullName("shop.E"))
  }

  @Test("One name with two meanings: an error that names the subjects; --subject chooses")
  func conflict() async throws {
    let registry = try RunningRegistry()
    let folder = registry.folder.path + "/definitions"
    _ = try await registry.client.register(subject: "one", schema: Self.first)
    _ = try await registry.client.register(subject: "three", schema: Self.record("Else", ""))
    _ = try await registry.client.register(subject: "two", schema: Self.second)
    let result = try registry.bank("import", "--output", folder)
    #expect(result.status == 1)
    #expect(
      result.output.contains("shop.Order is not the same in the newest schemas of the subjects one, two: "),
      "\(result.output)")
    #expect(!FileManager.default.fileExists(atPath: folder))
    let chosen = try registry.bank("import", "--output", folder, "--subject", "two", "--subject", "three")
    #expect(chosen.status == 0, "\(chosen.output)")
    #expect(Self.files(in: folder) == ["history/shop.Else.1.avsc", "history/shop.Order.1.avsc", "shop.yaml"])
    try Self.accepted(folder)
    let unknown = try registry.bank("import", "--output", folder, "--subject", "four")
    #expect(unknown.status == 1 && unknown.output.contains("no subject four"))
  }

  @Test("Docs and defaults of every character that YAML or JSON minds come through")
  func hostile() async throws {
    let registry = try RunningRegistry()
    let folder = registry.folder.path + "/definitions"
    let texts =
      [
        ": ", " #", "- ", "'", "\"", "\\", "\t", "\n", "\r\n", "%", "@", "`", "{", "}", "[", "]", ",", "&a", "*a", "!t",
        "|", ">", "---", "...", "?", "null", "~", "yes", "1e3", "0x1F", "2020-01-01", "=", "<<", "\u{85}", "\u{2028}",
        "\u{FEFF}", "\u{7F}", "\u{1}", "\u{0}", "\u{9F}", "\u{E000}", "\u{FFFD}", "\u{FFFE}", "\u{1F600}", "é", "",
        " begin", "end ", "a\n\n  b\n", "  a\n b", "# c", "a: b # c", "*/", "\"\"\"", "\\(x)", "\n", "\n\n", " \n ",
      ] + [(0...0x7F).map { String(UnicodeScalar(UInt8($0))) }.joined()]
    let fields: [JSONValue] = texts.enumerated().map { index, text in
      .object([
        .init("name", .string("f\(index)")), .init("type", .string("string")), .init("doc", .string(text)),
        .init("default", .string(text)), .init("own: #", .string(text)),
      ])
    }
    let schema = JSONValue.object([
      .init("type", .string("record")), .init("name", .string("Nasty")), .init("namespace", .string("null.true.on")),
      .init("doc", .string(texts.joined(separator: " | "))), .init("fields", .array(fields)),
    ])
    _ = try await registry.client.register(subject: "nasty \"subject\": # é", schema: schema.text)
    let result = try registry.bank("import", "--output", folder)
    #expect(result.status == 0 && !result.output.contains("note:"), "\(result.output)")
    try Self.accepted(folder)
    let read = try Self.schemas(of: folder, registry)
    #expect(try read(FullName("null.true.on.Nasty")) == Schema(json: schema))
    #expect(try Self.schema(folder + "/history/null.true.on.Nasty.1.avsc") == Schema(json: schema))
    #expect(try registry.bank("import", "--output", folder).output.hasPrefix("nothing to write"))
  }

  @Test("An empty registry, and an output that is no folder")
  func nothing() async throws {
    let registry = try RunningRegistry()
    let empty = try registry.bank("import", "--output", registry.folder.path + "/out")
    #expect(empty.status == 1 && empty.output.contains("the registry has no subject"))
    _ = try await registry.client.register(subject: "one", schema: Self.first)
    let file = try registry.write("x", to: "file")
    let blocked = try registry.bank("import", "--output", file)
    #expect(blocked.status == 1 && blocked.output.contains("cannot make the folder"), "\(blocked.output)")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "x")
  }
}
