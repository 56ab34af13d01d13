import AvroSchema
import Foundation
import JSONText
import PythonPeer
import Testing

@testable import AvroRuntime

#if canImport(FoundationEssentials)
  import FoundationEssentials
#endif

/// Random schemas and values: fastavro and a comparison written in Python have to agree with ours, both ways.
@Suite struct JSONAndOrderDifferentialTests {
  struct Case {
    let schema: Schema
    let left: [UInt8]
    let right: [UInt8]
    let text: String

    var line: String {
      JSONValue.object([
        .init("schema", .string(schema.text())), .init("left", .string(hex(left))),
        .init("right", .string(hex(right))), .init("json", .string(text)),
      ]).text
    }
  }

  static let isLong = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil

  static func cases(seed: UInt64, _ count: Int) throws -> [Case] {
    var cases: [Case] = []
    while cases.count < count {
      var random = RandomSchema(seed: seed &+ UInt64(cases.count))
      let schema = random.schema()
      let types = NamedTypes(of: schema)
      let json = try AvroJSON(schema)
      for _ in 0..<10 {
        let left = try random.bytes(of: schema, types: types)
        cases.append(
          Case(
            schema: schema, left: left, right: try random.bytes(of: schema, types: types), text: try json.text(of: left)
          ))
      }
    }
    return cases
  }

  @Test func agreesWithPython() async throws {
    let total = Self.isLong ? 100_000 : 2000
    for start in stride(from: 0, to: total, by: 10_000) {
      let cases = try Self.cases(seed: UInt64(start), min(total - start, 10_000))
      let found = try await answers(of: "json_and_order.py", cases.map(\.line))
      try #require(found.count == cases.count)
      for (sample, answer) in zip(cases, found) { try check(sample, answer) }
      // fastavro's JSON fails with some schemas; what is checked without it is checked for all.
      #expect(found.count { $0["json"] != nil } > cases.count * 4 / 5)
    }
  }

  private func check(_ sample: Case, _ answer: JSONValue) throws {
    let comment = Comment(rawValue: "\(sample.line)\n\(answer)")
    let json = try AvroJSON(sample.schema)
    guard case .string(let canonical) = answer["bytes"] else {
      Issue.record(comment)
      return
    }
    // Our text, fastavro's text and our text on lines all stand for what fastavro encodes.
    #expect(answer["right"] == .bool(true), comment)
    #expect(hex(try json.bytes(of: sample.text)) == canonical, comment)
    #expect(hex(try json.bytes(of: try json.text(of: sample.left, prettyPrinted: true))) == canonical, comment)
    if case .string(let text) = answer["json"] {
      #expect(hex(try json.bytes(of: text)) == canonical, comment)
      #expect(answer["same"] == .bool(true), comment)
    }
    let order = Result { try AvroComparator(sample.schema).compare(sample.left, sample.right) }
    switch (order, answer["order"]) {
    case (.success(let ours), .integer(let theirs)): #expect(Int64(ours) == theirs, comment)
    case (.failure(let error as AvroError), .null): #expect(error.kind == .notComparable, comment)
    default: Issue.record(comment)
    }
  }
}

func hex(_ bytes: [UInt8]) -> String {
  var text = JSONText()
  text.appendHex(bytes)
  return String(decoding: text.bytes, as: UTF8.self)
}

/// Gives one of this target's Python scripts the lines as a file, and reads the JSON of each line that it writes to
/// another.
private func answers(of script: String, _ lines: [String]) async throws -> [JSONValue] {
  let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("avro-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let files = ["cases", "answers"].map { folder.appendingPathComponent($0) }
  try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: files[0])
  let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Python")
  _ = try await PythonPeer.run([scripts.appendingPathComponent(script).path, files[0].path, files[1].path])
  let output = try Data(contentsOf: files[1])
  return try output.split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: [UInt8]($0)) }
}
