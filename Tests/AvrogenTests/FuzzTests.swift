import Foundation
import Testing

@testable import avrogen

/// A generator of numbers that gives the same ones for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Whatever the bytes, the loader gives a model or lines; it runs in this process, so a crash fails the whole run.
@Suite struct FuzzTests {
  private static let pieces: [String] = [
    "{", "}", "[", "]", ":", ",", "- ", "? ", "&a ", "*a", "!!int ", "|\n", ">\n", "\"", "'", "#", "%", "@", "`", "\t",
    "\n", "\n---\n", "\n...\n", "<<: ", "null", "~", "-1", "99999999999999999999", "1e999", ".nan", "\u{FEFF}", "\u{0}",
    "type: record", "type: enum", "type: fixed", "array: ", "map: ", "default: ", "name: ", "union", "A?", "$time",
    "logicalType: decimal", "precision: ", "size: ", "namespace: ", "\u{1F600}", "\\ud800", "\r", "\r\n", "\u{85}",
  ]

  private static let factor = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 20 : 1

  private static func seeds() throws -> [(path: String, bytes: [UInt8])] {
    var seeds: [(path: String, bytes: [UInt8])] = []
    let folders = [Fixtures.definitions] + Fixtures.caseNames.map { Fixtures.cases.appending(path: $0) }
    for folder in folders {
      for input in try Fixtures.inputs(folder) {
        if case .success(let bytes) = input.content { seeds.append((input.path, bytes)) }
      }
    }
    return seeds
  }

  private static func mutate(_ bytes: inout [UInt8], other: [UInt8], _ generator: inout SeededGenerator) {
    let place = Int.random(in: 0...bytes.count, using: &generator)
    let end = min(bytes.count, place + Int.random(in: 0...40, using: &generator))
    switch Int.random(in: 0..<7, using: &generator) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
    case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 3 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 4 where !other.isEmpty:
      let start = Int.random(in: 0..<other.count, using: &generator)
      bytes.insert(contentsOf: other[start..<min(other.count, start + 60)], at: place)
    case 5: bytes.removeSubrange(place...)
    default:
      let piece = pieces.randomElement(using: &generator) ?? ""
      bytes.insert(contentsOf: Array(piece.utf8), at: place)
    }
  }

  @Test(arguments: [UInt64](21...24))
  func mutatedHistoryNeverCrashes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let cases = Fixtures.caseNames.filter { $0.hasPrefix("history-") }.map { Fixtures.cases.appending(path: $0) }
    for _ in 0..<(150 * Self.factor) {
      guard let folder = cases.randomElement(using: &generator) else { break }
      var lists = [try Fixtures.inputs(folder), try Fixtures.history(folder)]
      guard !lists[0].isEmpty else { continue }
      let list = lists[1].isEmpty ? 0 : Int.random(in: 0...1, using: &generator)
      let index = Int.random(in: 0..<lists[list].count, using: &generator)
      guard case .success(var bytes) = lists[list][index].content else { continue }
      for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.mutate(&bytes, other: [], &generator) }
      lists[list][index].content = .success(bytes)
      if case .bad(let lines) = Loader.load(lists[0], history: lists[1]) { #expect(!lines.isEmpty) }
    }
  }

  @Test(arguments: [UInt64](1...8))
  func mutatedInputsNeverCrash(seed: UInt64) throws {
    let seeds = try Self.seeds()
    var generator = SeededGenerator(seed: seed)
    var bad = 0
    for _ in 0..<(750 * Self.factor) {
      let chosen = try #require(seeds.randomElement(using: &generator))
      let other = try #require(seeds.randomElement(using: &generator))
      var bytes = chosen.bytes
      for _ in 0..<Int.random(in: 1...6, using: &generator) { Self.mutate(&bytes, other: other.bytes, &generator) }
      let inputs = [
        Loader.Input(path: chosen.path, bytes: bytes), Loader.Input(path: "other-" + other.path, bytes: other.bytes),
      ]
      switch Loader.load(inputs) {
      case .good(let model):
        // What passes every check must suit the emitters too.
        _ = emitSQL(model)
        _ = emitTopologyJSON(model)
        _ = emitSwift(model)
      case .bad(let lines):
        bad += 1
        #expect(!lines.isEmpty)
        #expect(lines.allSatisfy { !$0.contains("\n") })
      }
    }
    #expect(bad > 300)
  }

  @Test(arguments: [UInt64](1...4))
  func randomPiecesNeverCrash(seed: UInt64) {
    var generator = SeededGenerator(seed: seed &* 7919)
    var bad = 0
    for round in 0..<(500 * Self.factor) {
      let count = Int.random(in: 1...80, using: &generator)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
      let path = round.isMultiple(of: 3) ? "a.avsc" : "a.yaml"
      if case .bad = Loader.load([Loader.Input(path: path, bytes: Array(text.utf8))]) { bad += 1 }
    }
    #expect(bad > 400)
  }
}
