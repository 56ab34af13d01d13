import Foundation
import PythonPeer
import Testing

@testable import GraphQLRuntime

/// Random documents, right and wrong, parsed and validated by us and by graphql-core: the same verdict, the same place of
/// a syntax error, and for each rule the same errors by their places.
///
/// Left out is what graphql-core has from later drafts, and where it differs from the specification (`Draft` in the
/// script lists it).
@Suite struct DifferentialTests {
  static let documentCount = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 100_000 : 600

  struct Request: Encodable {
    var schema: String?
    var d: String?
    var p: String?
  }

  struct Answer: Decodable {
    var syntax: [Int]?
    var draft: String?
    var parses: Bool?
    var rules: [String: [[[Int]]]]?
    var same: Bool?
  }

  static var limits: GraphQLLimits {
    var limits = GraphQLLimits()
    limits.maxDepth = GraphQLLimits.deepest
    limits.maxAliases = .max
    limits.maxCost = .max
    limits.maxErrors = .max
    return limits
  }

  /// What we find, as the script says it.
  static func ours(_ text: String, _ schema: GraphQLSchema) -> (answer: Answer, isCut: Bool, printed: String?) {
    let document: Document
    do {
      document = try Document(parsing: text, limits: limits)
    } catch {
      return (Answer(syntax: error.locations.flatMap { [$0.line, $0.column] }), false, nil)
    }
    var rules: [String: [[[Int]]]] = [:]
    let findings = schema.findings(in: document, limits: limits)
    for finding in findings.all where finding.rule != .limits {
      let places = Set(finding.error.locations).map { [$0.line, $0.column] }.sorted { $0.lexicographicallyPrecedes($1) }
      rules[finding.rule.rawValue, default: []].append(places)
    }
    // Introspection within introspection is a limit of ours alone.
    let isCut = findings.all.contains { $0.rule == .limits }
    let isExecutable = document.definitions.allSatisfy { if case .typeSystem = $0 { false } else { true } }
    return (Answer(rules: rules), isCut, isExecutable ? document.description : nil)
  }

  /// What only one side has found. graphql-core gives no place to a list or object that stands where a scalar or enum is
  /// wanted: that fits any of ours.
  static func differences(_ ours: [[[Int]]], _ theirs: [[[Int]]]) -> [[[Int]]] {
    var onlyOurs = ours
    var onlyTheirs: [[[Int]]] = []
    for places in theirs {
      if let index = onlyOurs.firstIndex(of: places) {
        onlyOurs.remove(at: index)
      } else {
        onlyTheirs.append(places)
      }
    }
    while let index = onlyTheirs.firstIndex(of: []), !onlyOurs.isEmpty {
      onlyTheirs.remove(at: index)
      onlyOurs.removeLast()
    }
    return onlyOurs + onlyTheirs
  }

  /// Whether the error is at a string: where it is a description by later drafts, the error comes further on.
  static func isAtString(_ place: [Int], in text: String) -> Bool {
    let lines = text.replacingOccurrences(of: "\r\n", with: "\n").unicodeScalars.split(
      omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r" })
    guard place.count == 2, lines.indices.contains(place[0] - 1) else { return false }
    return lines[place[0] - 1].dropFirst(place[1] - 1).first == "\""
  }

  @Test func findsWhatGraphQLCoreFinds() throws {
    let schema = try GraphQLSchema(sdl: TestSchema.sdl)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "graphql_core_peer.py")
    let peer = try PythonConversation([script.path])
    func ask(_ request: Request) throws -> Answer {
      try peer.send(String(decoding: JSONEncoder().encode(request), as: UTF8.self))
      return try JSONDecoder().decode(Answer.self, from: try #require(try peer.receive()))
    }
    _ = try ask(Request(schema: TestSchema.sdl))
    var documents = RandomDocument(seed: 20_260, schema: schema)
    var counts: [String: Int] = [:]
    for round in 0..<Self.documentCount {
      var text = documents.document()
      if documents.chance(40) { text = documents.mutated(text) }
      let (ours, isCut, printed) = Self.ours(text, schema)
      let theirs = try ask(Request(d: text, p: printed))
      let place: Comment = "round \(round): \(text)"
      #expect(theirs.same != false, "printed as \(printed ?? ""), \(place)")
      if let draft = theirs.draft {
        if let parses = theirs.parses { #expect((ours.syntax == nil) == parses, "\(draft), \(place)") }
        counts["draft", default: 0] += 1
        continue
      }
      if let syntax = ours.syntax, syntax != theirs.syntax, Self.isAtString(syntax, in: text) {
        counts["draft", default: 0] += 1
        continue
      }
      #expect(ours.syntax == theirs.syntax, place)
      guard let rules = ours.rules, let theirRules = theirs.rules else {
        counts["syntax", default: 0] += 1
        continue
      }
      counts[rules.isEmpty ? "valid" : "invalid", default: 0] += 1
      for rule in ValidationRule.allCases.map(\.rawValue) {
        // It has no types for what is in __schema and __type when it merges fields.
        let isUntyped = isCut || text.contains("__schema") || text.contains("__type(")
        if isUntyped, rule == "fieldSelectionMerging" { continue }
        // The types in a schema file that is no schema file are none of our business.
        if rules["executableDefinitions"] != nil, rule != "executableDefinitions" { continue }
        var (one, other) = (rules[rule] ?? [], theirRules[rule] ?? [])
        // Where a fragment is on no composite type, it reports some conflicts more than once.
        if rule == "fieldSelectionMerging" { (one, other) = (Array(Set(one)), Array(Set(other))) }
        let differences = Self.differences(one, other)
        #expect(differences.isEmpty, "\(rule), ours \(rules[rule] ?? []), theirs \(theirRules[rule] ?? []), \(place)")
        if rules[rule] != nil { counts[rule, default: 0] += 1 }
      }
      if isCut { counts["cut", default: 0] += 1 }
    }
    // Every rule was broken by some document (the schema has all kinds of operations), and not most documents were none.
    for rule in ValidationRule.allCases where rule != .limits && rule != .operationTypeExistence {
      #expect(counts[rule.rawValue, default: 0] > 0, "no document broke \(rule)")
    }
    #expect(counts["valid", default: 0] > Self.documentCount / 20)
    #expect(counts["syntax", default: 0] + counts["draft", default: 0] < Self.documentCount / 2)
  }
}
