import Foundation
import Testing

@testable import SchemaRegistryServer

/// Moving to and from the records of `_schemas`.
@Suite struct TransferTests {
  @Test func whatIsMovedThereAndBackIsTheSame() async throws {
    try await withDirectory { directory in
      let (before, ids) = try await withRegistry(directory: directory + "/a", level: .backward) {
        registry async throws in
        try await Self.fill(registry)
        return (try await registry.everything(), try await registry.get("/schemas/ids/3").schema)
      }
      let exported = try RegistryTransfer.records(directory: directory + "/a")
      #expect(exported.report.problems.isEmpty && exported.records.count == exported.report.records)
      let added = try RegistryTransfer.add(exported.records, directory: directory + "/b")
      #expect(added.subjects == exported.report.subjects && added.schemas == exported.report.schemas)
      #expect(added.problems.isEmpty)
      // Again changes nothing.
      _ = try RegistryTransfer.add(exported.records, directory: directory + "/b")
      try await withRegistry(directory: directory + "/b", level: .backward) { registry async throws in
        #expect(try await registry.everything() == before)
        #expect(try await registry.get("/schemas/ids/3").schema == ids)
        let next = try await registry.post("/subjects/next/versions", schema: Samples.record("Next", fields: 9)).id
        #expect(try #require(next) > 4)
      }
      #expect(try RegistryTransfer.records(directory: directory + "/b").records.prefix(4) == exported.records.prefix(4))
    }
  }

  /// Registrations under two subjects, deleted ones, references, metadata, settings and a context.
  private static func fill(_ registry: RegistryEndpoint) async throws {
    let one = Samples.record("R", fields: 1)
    #expect(try await registry.put("/config", #"{"compatibility":"NONE"}"#).status == 200)
    for (subject, fields) in [("a", 1), ("a", 2), ("b", 1), ("gone", 3), ("half", 1), ("half", 2)] {
      let answer = try await registry.post("/subjects/\(subject)/versions", schema: Samples.record("R", fields: fields))
      #expect(answer.status == 200)
    }
    #expect(try await registry.delete("/subjects/gone").text == "[1]")
    #expect(try await registry.delete("/subjects/half/versions/1").text == "1")
    let leaning = #"""
      {"schema":"{\"type\":\"record\",\"name\":\"T\",\"fields\":[{\"name\":\"r\",\"type\":\"R\"}]}",
       "references":[{"name":"R","subject":"a","version":1}],"metadata":{"properties":{"owner":"me"}}}
      """#
    #expect(try await registry.post("/subjects/top/versions", text: leaning).status == 200)
    #expect(try await registry.post("/subjects/:.ctx:c/versions", schema: one).id == 1)
    #expect(try await registry.put("/config/a", #"{"compatibility":"FULL","alias":"b"}"#).status == 200)
    #expect(try await registry.put("/mode/b", #"{"mode":"READONLY"}"#).status == 200)
    #expect(try await registry.put("/mode", #"{"mode":"READWRITE"}"#).status == 200)
  }

  /// As another registry writes them, with what this one has no use for.
  private static let foreign: [(String, String?)] = [
    (#"{"keytype":"NOOP","magic":0}"#, nil),
    (#"{"keytype":"CONFIG","subject":null,"magic":0}"#, #"{"compatibilityLevel":"FULL"}"#),
    (
      #"{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}"#,
      #"{"subject":"s","version":1,"id":11,"md5":"AAECAw==","schema":"\"int\"","deleted":false}"#
    ),
    (
      #"{"keytype":"SCHEMA","subject":"s","version":4,"magic":1}"#,
      #"{"subject":"s","version":4,"id":12,"schema":"{ \"type\": \"long\" }","deleted":false}"#
    ),
    (
      #"{"keytype":"SCHEMA","subject":"proto","version":1,"magic":1}"#,
      #"{"subject":"proto","version":1,"id":13,"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";","deleted":false}"#
    ),
    (
      #"{"keytype":"SCHEMA","subject":"odd","version":1,"magic":1}"#,
      #"{"subject":"odd","version":1,"id":14,"schema":"{\"type\":\"record\",\"name\":\"a-b\",\"fields\":[]}","deleted":false}"#
    ),
    (
      #"{"keytype":"SCHEMA","subject":"gone","version":1,"magic":1}"#,
      #"{"subject":"gone","version":1,"id":15,"schema":"\"string\"","deleted":false}"#
    ),
    (#"{"keytype":"DELETE_SUBJECT","subject":"gone","magic":0}"#, #"{"subject":"gone","version":1}"#),
    (
      #"{"keytype":"SCHEMA","subject":"away","version":1,"magic":1}"#,
      #"{"subject":"away","version":1,"id":99,"schema":"\"bytes\"","deleted":true}"#
    ),
    (#"{"keytype":"SCHEMA","subject":"away","version":1,"magic":1}"#, nil),
    (#"{"keytype":"MODE","subject":"s","magic":0}"#, #"{"subject":"s","mode":"FORWARD"}"#),
    (#"{"keytype":"CLEAR_SUBJECT","subject":"x","magic":0}"#, #"{"subject":"x"}"#),
    (#"{"keytype":"EXPORTER","name":"e","magic":0}"#, #"{"name":"e","any":[1,2.5,null]}"#),
  ]

  private static func records(_ pairs: [(String, String?)]) -> [RegistryTransfer.Record] {
    pairs.map { RegistryTransfer.Record(key: Array($0.0.utf8), value: $0.1.map { Array($0.utf8) }) }
  }

  @Test func whatAnotherRegistryWroteIsServedAndKept() async throws {
    try await withDirectory { directory in
      let report = try RegistryTransfer.add(Self.records(Self.foreign), directory: directory)
      #expect(report.problems.isEmpty && report.subjects == 4 && report.schemas == 5)
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.get("/config").text == #"{"compatibilityLevel":"FULL"}"#)
        #expect(try await registry.get("/subjects").text == #"["odd","proto","s"]"#)
        #expect(try await registry.get("/subjects/s/versions").text == "[1,4]")
        #expect(try await registry.get("/schemas/ids/12").schema == #"{ "type": "long" }"#)
        #expect(try await registry.get("/schemas/ids/13").json["schemaType"] as? String == "PROTOBUF")
        #expect(try await registry.get("/schemas/ids/14").status == 200, "records on topics have its id")
        #expect(try await registry.get("/schemas/ids/15").schema == #""string""#, "deleted is out of sight only")
        #expect(try await registry.get("/schemas/ids/99").errorCode == 40403)
        // A mode that is not known here lets nothing change.
        #expect(try await registry.post("/subjects/s/versions", schema: "\"bytes\"").errorCode == 42205)
        let check = try await registry.post(
          "/compatibility/subjects/proto/versions?verbose=true", schema: "\"bytes\"")
        #expect(check.text.contains("version 1 can't be compared"))
        #expect(try await registry.post("/subjects/new/versions", schema: "\"bytes\"").id == 100)
      }
      let back = try RegistryTransfer.records(directory: directory).records.map { record in
        (String(decoding: record.key, as: UTF8.self), record.value.map { String(decoding: $0, as: UTF8.self) })
      }
      for (key, value) in Self.foreign where !key.contains("gone") && !key.contains("away") {
        if key.contains("NOOP") || key.contains("CLEAR_SUBJECT") { continue }
        #expect(back.contains { $0.0 == key && $0.1 == value }, "\(key)")
      }
    }
  }

  @Test func whatDoesNotFitIsToldAndNothingIsAdded() async throws {
    let bad: [(String, String?)] = [
      ("{", "{}"), ("{}", "{}"), (#"{"keytype":"SCHEMA","subject":"t"}"#, "{}"),
      (#"{"keytype":"SCHEMA","subject":"t","version":1,"magic":1}"#, #"{"schema":"\"int\""}"#),
      (#"{"keytype":"SCHEMA","subject":"t","version":1,"magic":1}"#, #"{"id":11,"schema":"\"long\""}"#),
    ]
    try await withDirectory { directory in
      for pair in bad {
        let records = Self.records(Self.foreign + [pair])
        #expect(throws: EmbeddedRegistryError.self) { try RegistryTransfer.add(records, directory: directory) }
      }
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.get("/subjects?deleted=true").text == "[]")
        // Not while a registry runs on it.
        #expect(throws: EmbeddedRegistryError.self) {
          try RegistryTransfer.add(Self.records(Self.foreign), directory: directory)
        }
      }
      let report = try RegistryTransfer.add(
        Self.records(Self.foreign + bad), directory: directory, skipsProblems: true)
      #expect(report.problems.count == bad.count)
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.get("/schemas/ids/11").schema == #""int""#)
        #expect(try await registry.get("/subjects/t/versions").errorCode == 40401)
      }
    }
  }

  /// Compaction leaves the last record of a key, so what is leaned on may come later than what leans on it.
  @Test func theOrderOfACompactedTopicIsNoMatter() async throws {
    let leaning = (
      #"{"keytype":"SCHEMA","subject":"top","version":1,"magic":1}"#,
      #"{"subject":"top","version":1,"id":2,"references":[{"name":"R","subject":"base","version":1}],"schema":"{\"type\":\"array\",\"items\":\"R\"}","deleted":false}"#
    )
    let base = (
      #"{"keytype":"SCHEMA","subject":"base","version":1,"magic":1}"#,
      #"{"subject":"base","version":1,"id":1,"schema":"{\"type\":\"fixed\",\"name\":\"R\",\"size\":3}","deleted":true}"#
    )
    try await withDirectory { directory in
      _ = try RegistryTransfer.add(Self.records([leaning, base]), directory: directory)
      try await withRegistry(directory: directory) { registry async throws in
        #expect(
          try await registry.get("/schemas/ids/2?format=resolved").schema
            == #"{"type":"array","items":{"type":"fixed","name":"R","size":3}}"#)
        #expect(try await registry.get("/subjects/base/versions/1/referencedby").text == "[2]")
      }
    }
  }
}
