import Foundation
import Testing

@testable import SchemaRegistryServer

/// What holds whatever is asked, in whatever order: seeds are in the names of the cases.
@Suite struct PropertyTests {
  /// Many at once: one schema one id, versions without gaps, and after a restart all of it again.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func concurrentRegistrationsAgree(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let plan = (0..<200).map { _ in
      (subject: "s\(Int.random(in: 0..<5, using: &random))", fields: Int.random(in: 1...12, using: &random))
    }
    try await withDirectory { directory in
      let (ids, before) = try await withRegistry(directory: directory) { registry async throws in
        let answers = try await withThrowingTaskGroup(of: (fields: Int, id: Int?).self) { group in
          for step in plan {
            group.addTask {
              let schema = Samples.record("R", fields: step.fields)
              return (step.fields, try await registry.post("/subjects/\(step.subject)/versions", schema: schema).id)
            }
          }
          return try await group.reduce(into: [Int: Set<Int?>]()) { $0[$1.fields, default: []].insert($1.id) }
        }
        return (answers, try await registry.everything())
      }
      #expect(ids.values.allSatisfy { $0.count == 1 && !$0.contains(nil) })
      #expect(Set(ids.values.flatMap { $0 }).count == ids.count, "no id stands for two schemas")
      #expect(Set(ids.keys) == Set(plan.map(\.fields)))
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.everything() == before)
        for subject in Set(plan.map(\.subject)) {
          let fields = Set(plan.filter { $0.subject == subject }.map(\.fields))
          let versions = Array(1...fields.count).map(String.init).joined(separator: ",")
          #expect(try await registry.get("/subjects/\(subject)/versions").text == "[\(versions)]")
        }
        for (fields, id) in ids {
          let known = try #require(id.first ?? nil)
          #expect(try await registry.get("/schemas/ids/\(known)").schema == Samples.record("R", fields: fields))
          #expect(
            try await registry.post("/subjects/new/versions", schema: Samples.record("R", fields: fields)).id == known)
        }
      }
    }
  }

  /// Any sequence of changes: nothing but known answers, no id for two schemas ever, and a restart changes nothing.
  @Test(arguments: [11, 12, 13, 14] as [UInt64])
  func anyHistorySurvivesARestart(seed: UInt64) async throws {
    try await withDirectory { directory in
      var random = SeededGenerator(seed: seed)
      var known: [Int: String] = [:]
      for _ in 0..<3 {
        let steps = (0..<60).map { _ in Self.step(&random) }
        let (found, before) = try await withRegistry(directory: directory) { [known] registry async throws in
          var known = known
          for step in steps {
            let answer = try await registry.send(step.method, step.path, body: step.body.map { Data($0.utf8) })
            #expect([200, 404, 409, 422].contains(answer.status), "\(step.method) \(step.path): \(answer.text)")
            if let id = answer.id, let schema = step.schema, answer.status == 200 {
              #expect(known[id] ?? schema == schema, "id \(id) has stood for another schema")
              known[id] = schema
            }
          }
          return (known, try await registry.everything())
        }
        known = found
        try await withRegistry(directory: directory) { registry async throws in
          #expect(try await registry.everything() == before)
        }
      }
      #expect(known.count > 5)
      // And it can be moved.
      let records = try RegistryTransfer.records(directory: directory)
      #expect(records.report.problems.isEmpty)
      #expect(try RegistryTransfer.add(records.records, directory: directory + "/moved").problems.isEmpty)
      let original = try await withRegistry(directory: directory) { try await $0.everything() }
      let moved = try await withRegistry(directory: directory + "/moved") { try await $0.everything() }
      #expect(original == moved)
    }
  }

  private struct Step: Sendable {
    var method: String
    var path: String
    var body: String?
    var schema: String?
  }

  private static func step(_ random: inout SeededGenerator) -> Step {
    let subject = ["a", "b", "c", ":.x:a"].randomElement(using: &random) ?? "a"
    let name = subject.hasPrefix(":") ? "Other" : "R"
    let version = ["1", "2", "3", "latest"].randomElement(using: &random) ?? "1"
    let permanent = Bool.random(using: &random) ? "?permanent=true" : ""
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return Step(method: "DELETE", path: "/subjects/\(subject)\(permanent)")
    case 1, 2: return Step(method: "DELETE", path: "/subjects/\(subject)/versions/\(version)\(permanent)")
    case 3:
      let level = ["NONE", "BACKWARD", "FULL_TRANSITIVE"].randomElement(using: &random) ?? "NONE"
      return Step(method: "PUT", path: "/config/\(subject)", body: "{\"compatibility\":\"\(level)\"}")
    case 4: return Step(method: "DELETE", path: "/config/\(subject)")
    case 5:
      let mode = ["READWRITE", "READONLY", "IMPORT"].randomElement(using: &random) ?? "READWRITE"
      return Step(method: "PUT", path: "/mode/\(subject)", body: "{\"mode\":\"\(mode)\"}")
    case 6: return Step(method: "DELETE", path: "/mode/\(subject)")
    default:
      // Ids are of a context, so the schemas of each are told apart by name; in :.x: all is checked the same way.
      let schema = Samples.record(name, fields: Int.random(in: 1...9, using: &random))
      let text = (try? JSONEncoder().encode(["schema": schema])).map { String(decoding: $0, as: UTF8.self) }
      return Step(
        method: "POST", path: "/subjects/\(subject)/versions", body: text,
        schema: subject.hasPrefix(":") ? nil : schema)
    }
  }
}
