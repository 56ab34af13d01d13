import Definitions
import Foundation
import SchemaRegistry
import Testing
import TopologyModel

@Suite("bank registry compat", .serialized)
struct RegistryCompatTests {
  private static let order =
    #"{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"int"}]}"#

  private static func order(_ more: String) -> String {
    order.replacing(#""type":"int"}]"#, with: #""type":"int"},\#(more)]"#)
  }

  private static var subjects: [SubjectDescription] { Topology.description.topics.flatMap(\.subjects) }

  private static let definitions = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("definitions").path

  @Test("The bank's own schemas: new to the registry, known to it, and one that no longer fits")
  func own() async throws {
    let registry = try RunningRegistry()
    let fresh = try registry.bank("compat")
    #expect(fresh.status == 0, "\(fresh.output)")
    #expect(fresh.output.contains("heartbeat-value: not registered yet, takes any schema\n"))
    for subject in Self.subjects {
      _ = try await registry.client.register(subject: subject.subject, schema: subject.schemaText)
    }
    let known = try registry.bank("compat")
    #expect(known.status == 0, "\(known.output)")
    let lines = known.output.split(separator: "\n").map(String.init)
    #expect(lines.sorted() == Self.subjects.map { "\($0.subject): compatible" }.sorted())
    let other =
      #"{"type":"record","name":"Heartbeat","namespace":"nl.openweb.data","fields":[{"name":"beat","type":"string"}]}"#
    try await registry.client.setConfig(.none, subject: "heartbeat-value")
    _ = try await registry.client.register(subject: "heartbeat-value", schema: other)
    try await registry.client.setConfig(.backward, subject: "heartbeat-value")
    let broken = try registry.bank("compat")
    #expect(broken.status == 1)
    #expect(broken.output.contains("heartbeat-value: not compatible\n  {errorType:'TYPE_MISMATCH'"), "\(broken.output)")
    #expect(broken.output.contains("balance_changed-value: compatible\n"))
    let one = try registry.bank("compat", "--subject", "heartbeat-value")
    #expect(one.status == 1)
    #expect(!one.output.contains("balance_changed"))
  }

  @Test("A file under a subject: fits, does not fit, unknown subject, level NONE")
  func file() async throws {
    let registry = try RunningRegistry()
    _ = try await registry.client.register(subject: "orders/é value", schema: Self.order)
    let good = try registry.write(Self.order(#"{"name":"n","type":"int","default":1}"#), to: "good.avsc")
    let bad = try registry.write(Self.order(#"{"name":"n","type":"int"}"#), to: "bad.avsc")
    let fits = try registry.bank("compat", "--subject", "orders/é value", good)
    #expect(fits.status == 0 && fits.output == "orders/é value: compatible\n", "\(fits.output)")
    let refused = try registry.bank("compat", bad, "--subject", "orders/é value")
    #expect(refused.status == 1)
    #expect(refused.output.hasPrefix("orders/é value: not compatible\n"))
    #expect(refused.output.contains("READER_FIELD_MISSING_DEFAULT_VALUE") && refused.output.contains("/fields/1"))
    #expect(refused.output.contains("compatibility: 'BACKWARD'"))
    let unknown = try registry.bank("compat", "--subject", "no", "--definitions", bad)
    #expect(unknown.status == 0 && unknown.output == "no: not registered yet, takes any schema\n")
    try await registry.client.setConfig(.none)
    #expect(try registry.bank("compat", bad, "--subject", "orders/é value").status == 0)
    #expect(try await registry.client.subjects() == ["orders/é value"], "compat registers nothing")
    #expect(try await registry.client.versions(subject: "orders/é value") == [1])
  }

  @Test("What avrogen avsc writes is compared by the topics")
  func folder() async throws {
    let registry = try RunningRegistry()
    for subject in Self.subjects {
      _ = try await registry.client.register(subject: subject.subject, schema: subject.schemaText)
    }
    let folder = registry.folder.path + "/avsc"
    let written = try RunningRegistry.avrogen("avsc", "--definitions", Self.definitions, "--output", folder)
    try #require(written.status == 0, "\(written.output)")
    for arguments in [["--definitions", folder], [folder]] {
      let result = try registry.program.run(["registry", "compat", "--registry", registry.url] + arguments)
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output.contains("nl.openweb.data.Uuid is on no topic, not checked\n"))
      for subject in Self.subjects { #expect(result.output.contains("\(subject.subject): compatible\n")) }
    }
  }

  @Test("Files that can't be checked are named, the others are checked")
  func unreadable() async throws {
    let registry = try RunningRegistry()
    let garbage = try registry.write("{", to: "garbage.avsc")
    let incomplete = try registry.write(
      #"{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}"#, to: "i.avsc")
    let stranger = try registry.write(Self.order, to: "order.avsc")
    let missing = registry.folder.path + "/missing.avsc"
    let result = try registry.bank("compat", garbage, incomplete, missing, stranger)
    #expect(result.status == 1)
    #expect(result.output.contains("\(garbage): not a complete schema: "))
    #expect(result.output.contains("\(incomplete): not a complete schema: /fields/0/type: no type \"B\""))
    #expect(result.output.contains("\(missing): no such file"))
    #expect(result.output.contains("\(stranger): shop.Order is on no topic, not checked"))
    let none = try registry.bank("compat", stranger)
    #expect(none.status == 1 && none.output.contains("say with --subject what to compare with"))
    let empty = registry.folder.path + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    let nothing = try registry.bank("compat", empty)
    #expect(nothing.status == 1 && nothing.output.contains("no .avsc file in \(empty)"))
  }

  @Test("Usage: exit status 2 and a sentence")
  func usage() throws {
    let program = try BankProgram()
    for (arguments, words) in [
      (["compat", "--subject", "a", "b.avsc", "c.avsc"], "--subject goes with one file, not 2"),
      (["compat", "--subject", "a"], "no topic of the bank has the subject a"),
      (["compat", "--registry", "localhost:8081"], "not the URL of a schema registry"),
      (["compat", "--subjct", "a"], "Unknown option '--subjct'"),
      (["import"], "Missing expected argument '--output <dir>'"),
      (["import", "--output", "", "--registry", "http://h"], "--output is empty"),
      (["--home", "x", "compat"], "compat"), (["--port", "x"], "--port"),
    ] {
      let result = try program.run(["registry"] + arguments)
      #expect(result.status == 2, "\(arguments): \(result.output)")
      #expect(result.output.contains(words), "\(arguments): \(result.output)")
    }
  }

  @Test("A registry that is down, is not there, or is none: exit status 1, and nothing is called compatible")
  func unreachable() throws {
    let registry = try RunningRegistry()
    let program = registry.program
    for verb in [["compat"], ["import", "--output", registry.folder.path + "/out"]] {
      let wrong = try program.run(["registry"] + verb + ["--registry", registry.url + "/nowhere"])
      #expect(wrong.status == 1 && wrong.output.contains("status 404"), "\(wrong.output)")
      let named = try program.run(["registry"] + verb + ["--home", program.home])
      #expect(named.status == 1 && named.output.contains("SCHEMA_REGISTRY_URL"), "\(named.output)")
    }
    registry.stop()
    for verb in [["compat"], ["import", "--output", registry.folder.path + "/out"]] {
      let down = try program.run(["registry"] + verb, environment: ["SCHEMA_REGISTRY_URL": registry.url])
      #expect(down.status == 1)
      #expect(down.output.contains("no schema registry answers at \(registry.url)"), "\(down.output)")
      #expect(!down.output.contains("compatible"))
    }
    #expect(!FileManager.default.fileExists(atPath: registry.folder.path + "/out"))
  }
}
