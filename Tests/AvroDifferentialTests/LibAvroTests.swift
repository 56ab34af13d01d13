import AvroRuntime
import AvroSchema
import Foundation
import LibAvroBridge
import RandomAvro
import Testing

/// Random pairs of schemas, read by our plans and by libavro's resolved writers.
///
/// libavro implements part of the specification: no defaults for fields that the writer lacks, no aliases, no symbols
/// that are not the same, no strings as bytes; it crashes where it finds that out inside a map or an array. Pairs are made without those, and where it says all the same that it has
/// no way the pair does not count. In a reader's union it takes the first branch that a value can be promoted to, also
/// when a later one is of the value's own type; the unions here have one number and one text each.
@Suite(.serialized) struct LibAvroTests {
  static let rounds = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 100_000 : 2_000

  static func options() -> RandomAvro.Options {
    var options = RandomAvro.Options()
    options.hasMixedBlocks = false
    options.hasRecursion = false
    options.hasEmptyTypes = false
    options.hasDefaults = false
    options.hasAliases = false
    options.hasSymbolChanges = false
    options.hasTextPromotion = false
    options.hasMismatches = false
    return options
  }

  @Test func resolvesAsLibAvro() throws {
    var random = RandomAvro(seed: 77, options: Self.options())
    var compared = 0
    for round in 0..<Self.rounds {
      let writer = random.record()
      let reader = random.evolved(writer)
      let bytes = random.bytes(of: writer)
      guard reader.canRead(writer) else { continue }
      let theirs = try LibAvroType(schemaText: reader.text())
        .resolved(bytes, from: LibAvroType(schemaText: writer.text()))
      guard let theirs else { continue }
      compared += 1
      let ours = try RandomPlanTests.resolve(bytes, ResolutionPlan(writer: writer, reader: reader))
      #expect(
        ours == theirs,
        "round \(round), ours \(FastavroTests.hex(ours)), theirs \(FastavroTests.hex(theirs)), writer \(writer.text()), reader \(reader.text()), bytes \(FastavroTests.hex(bytes))"
      )
    }
    #expect(compared > Self.rounds / 3, "\(compared)")
  }
}
