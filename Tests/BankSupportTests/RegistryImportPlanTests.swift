import AvroSchema
import BankSupport
import Foundation
import Testing

@testable import bank

/// What the embedded registry never has: other registries do.
@Suite("What is imported from a registry")
struct RegistryImportPlanTests {
  private static func record(_ name: String, _ type: String) -> String {
    #"{"type":"record","name":"\#(name)","fields":[{"name":"a","type":\#(type)}]}"#
  }

  private static func subject(_ name: String, _ texts: String...) -> RegisteredSubject {
    RegisteredSubject(
      name: name, versions: zip(1..., texts).map { RegisteredSubject.Version(number: $0, text: $1) })
  }

  @Test("References, other formats and what is no schema are left as they are")
  func leftOut() throws {
    var refers = Self.subject("refers", Self.record("A", #""B""#))
    refers.versions[0].references = ["b-value", "c-value"]
    var other = Self.subject("proto", "syntax = \"proto3\";")
    other.versions[0].type = "PROTOBUF"
    let result = try RegistryImport(of: [
      refers, other, Self.subject("bad", "{"), Self.subject("ok", Self.record("O", "\"int\"")),
    ])
    #expect(
      result.files.map(\.path) == [
        "history/O.1.avsc", "left-out/bad.avsc", "left-out/proto.txt", "left-out/refers.avsc", "no-namespace.yaml",
      ])
    #expect(result.notes.count == 3)
    #expect(result.notes.contains { $0.contains("subject refers") && $0.contains("(b-value, c-value)") })
    #expect(result.notes.contains { $0.hasSuffix("it is PROTOBUF, not Avro") })
  }

  @Test("Old versions that can't be read leave no hole in the numbers")
  func holes() throws {
    let versions = [Self.record("A", "\"int\""), "{", Self.record("A", #""Gone""#), Self.record("A", "\"long\"")]
    var subject = Self.subject("a")
    subject.versions = versions.enumerated().map { .init(number: Int32($0 * 3 + 2), text: $1) }
    let result = try RegistryImport(of: [subject])
    #expect(result.files.map(\.path) == ["history/A.1.avsc", "history/A.2.avsc", "no-namespace.yaml"])
    #expect(result.notes.count == 2)
    #expect(result.notes.first?.hasPrefix("subject a, version 5 is not in history: ") == true)
  }

  @Test("Several subjects of one record have one history, which ends in what is now")
  func several() throws {
    let (int, long, float, double) = (
      Self.record("A", "\"int\""), Self.record("A", "\"long\""), Self.record("A", "\"float\""),
      Self.record("A", "\"double\"")
    )
    let result = try RegistryImport(of: [
      Self.subject("x", int, double), Self.subject("y", int, long, double), Self.subject("z", float, double),
      Self.subject("w", double),
    ])
    let history = result.files.filter { $0.path.hasPrefix("history/") }
    #expect(history.map(\.path) == (1...4).map { "history/A.\($0).avsc" })
    let types = try history.map { try Schema(parsing: $0.text).children[0].branchName }
    #expect(types == ["int", "long", "float", "double"])
  }

  @Test("Names of files stay in their folder, and differ where subjects do")
  func names() {
    let names = ["a/b", "..", ".a", "a b", "A", "a%2Fb", "é", String(repeating: "x", count: 255), "x\u{0}"]
    let files = (names + [String(repeating: "x", count: 254)]).map(RegistryImport.fileName)
    #expect(files.prefix(7) == ["a%2Fb", "%2E.", "%2Ea", "a%20b", "A", "a%252Fb", "%C3%A9"])
    #expect(Set(files).count == files.count)
    #expect(files.allSatisfy { $0.utf8.count <= 200 && !$0.contains("/") && !$0.hasPrefix(".") })
  }

  @Test("What avrogen would not read is not written")
  func limits() throws {
    let long = String(repeating: "n", count: 900)
    let doc = String(repeating: "d", count: (64 << 10) + 1)
    let result = try RegistryImport(of: [
      Self.subject("long", Self.record(long, "\"int\"")),
      Self.subject("doc", #"{"type":"record","name":"D","doc":"\#(doc)","fields":[]}"#),
      Self.subject("own", #"{"type":"record","name":"W","own":"\#(doc)","fields":[]}"#),
    ])
    #expect(result.files.map(\.path) == ["left-out/doc.avsc", "no-namespace.yaml"])
    #expect(result.notes.count == 3, "\(result.notes.map { $0.prefix(200) })")
  }
}
