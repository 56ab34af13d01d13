import Foundation
import KafkaRuntime
import SynchronizerService
import Testing
import TopologyModel

@testable import avrogen

/// One folder a case: definitions, what is there, and the plan as text and as JSON.
///
/// `UPDATE_GOLDEN=1 swift test --filter SynchronizerTests` writes the plans anew; read the difference before it is
/// committed.
@Suite struct CaseTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()

  @Test func allCasesAreFound() { #expect(Self.names.count >= 16) }

  @Test(arguments: names) func planIsAsExpected(name: String) throws {
    let folder = Self.folder.appending(path: name)
    let declared = try definitions(folder.appending(path: "definitions.yaml"))
    let state = try JSONDecoder().decode(
      CaseState.self, from: Data(contentsOf: folder.appending(path: "cluster.json")))
    let plan = Synchronizer.plan(declared: declared, actual: state.actual, options: state.planOptions)
    try expect(plan.lines.joined(separator: "\n") + "\n", equals: folder.appending(path: "plan.txt"))
    try expect(plan.json, equals: folder.appending(path: "plan.json"))
    #expect(try SynchronizerPlan(json: Array(plan.json.utf8)) == plan)
    // The order in which a cluster or a file lists things is nothing that a plan depends on.
    var backwards = declared
    backwards.topics.reverse()
    backwards.owned.reverse()
    backwards.acls.reverse()
    var shuffled = state.actual
    shuffled.topics.reverse()
    shuffled.subjects.reverse()
    shuffled.brokerIDs.reverse()
    shuffled.access?.reverse()
    #expect(Synchronizer.plan(declared: backwards, actual: shuffled, options: state.planOptions) == plan)
  }

  private static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: repository.appending(path: path), encoding: .utf8)
  }

  @Test func theReadmeShowsThePlanOfItsCase() throws {
    let plan = try Self.text("Tests/SynchronizerTests/Cases/every-kind-of-change/plan.txt")
    #expect(try Self.text("README.md").contains("```text\n\(plan)```"))
  }

  /// The last column of the table in docs/synchronizer.md.
  @Test func theDocumentationNamesTestsThatAreThere() throws {
    var cells: [String] = []
    let lines = try Self.text("docs/synchronizer.md").split(separator: "\n")
    for row in lines where row.hasPrefix("|") && row.contains("`") {
      let last = row.split(separator: "|").last ?? ""
      cells += last.split(separator: ",").map { cell in String(cell.filter { $0 != " " && $0 != "`" }) }
    }
    #expect(cells.count >= 20)
    let folder = Self.folder.deletingLastPathComponent().path
    let tests = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
      .map { try Self.text("Tests/SynchronizerTests/\($0)") }.joined()
    for cell in cells {
      let isThere =
        if let name = cell.split(separator: ":").last, cell.hasPrefix("avrogen:") {
          FileManager.default.fileExists(
            atPath: Self.repository.appending(path: "Tests/AvrogenTests/Cases/\(name)").path)
        } else {
          Self.names.contains(cell) || tests.contains("@Test func \(cell)(") || tests.contains(" func \(cell)(")
        }
      #expect(isThere, "\(cell)")
    }
  }

  private func expect(_ text: String, equals file: URL) throws {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: file) }
    #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(file.path)")
  }
}

/// Definitions as the synchronizer gets them when no Swift was generated.
func definitions(_ file: URL) throws -> TopologyDescription {
  try definitions(try String(contentsOf: file, encoding: .utf8))
}

func definitions(_ yaml: String) throws -> TopologyDescription {
  switch Loader.load([Loader.Input(path: "definitions.yaml", bytes: Array(yaml.utf8))]) {
  case .good(let model): return try TopologyDescription(topologyJSON: Array(emitTopologyJSON(model).utf8))
  case .bad(let lines): throw BadDefinitions(description: lines.joined(separator: "\n"))
  }
}

struct BadDefinitions: Error, CustomStringConvertible { let description: String }

/// A cluster and a registry in as few words as a case needs.
private struct CaseState: Decodable {
  struct Topic: Decodable {
    var replicas: [[Int32]]
    /// Value, source, and what would hold without it.
    var config: [String: [String]]?
    var records: Int64?
    var groups: [String]?
  }

  struct Subject: Decodable {
    var level: String?
    var effectiveLevel: String?
    var mode: String?
    var registered: [String]?
    var refusals: [String: [String]]?
    var isEmpty: Bool?
  }

  var cluster: String?
  var brokers: [Int32]
  var topics: [String: Topic]
  var subjects: [String: Subject]?
  var acls: [AccessRule]?
  var hasNoAuthorizer: Bool?
  var options: PlanOptions?

  var planOptions: PlanOptions { options ?? PlanOptions() }

  var actual: ActualState {
    ActualState(
      clusterID: cluster ?? "cluster-1", brokerIDs: brokers,
      topics: topics.sorted { $0.key < $1.key }.map { name, topic in
        ActualTopic(
          name: name, replicas: topic.replicas,
          config: (topic.config ?? [:]).sorted { $0.key < $1.key }.map { setting, words in
            let source = ConfigEntry.Source(rawValue: words[1]) ?? .unknown
            return ConfigEntry(
              name: setting, value: words[0], isDefault: source != .topic, source: source,
              inherited: words.count > 2 ? words[2] : nil)
          }, use: topic.records.map { TopicUse(records: $0, groups: topic.groups ?? []) })
      },
      subjects: (subjects ?? [:]).sorted { $0.key < $1.key }.map { name, subject in
        ActualSubject(
          name: name, hasVersions: subject.isEmpty != true, level: subject.level,
          effectiveLevel: subject.effectiveLevel, mode: subject.mode, registered: subject.registered ?? [],
          refusals: subject.refusals ?? [:])
      }, access: hasNoAuthorizer == true ? nil : acls ?? [])
  }
}
