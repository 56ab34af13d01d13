import AvroRuntime
import AvroSchema
import Foundation
import RandomAvro
import Testing

/// What holds for every pair of schemas and every value.
@Suite struct RandomPlanTests {
  static let rounds = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 50_000 : 1_500

  static func resolve(
    _ bytes: [UInt8], _ plan: ResolutionPlan, _ limits: AvroLimits = AvroLimits()
  ) throws(AvroError) -> [UInt8] {
    var output = AvroWriter()
    try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try plan.resolve(UnsafeRawBufferPointer(buffer), limits: limits, into: &output)
    }
    return try output.bytes()
  }

  static func options() -> RandomAvro.Options {
    var options = RandomAvro.Options()
    options.hasPlainUnions = false
    return options
  }

  /// A schema read as itself is the identity, and what skips agrees with what made the bytes.
  @Test func sameSchema() throws {
    var random = RandomAvro(seed: 1, options: Self.options())
    for _ in 0..<Self.rounds {
      let schema = random.record()
      let plan = try ResolutionPlan(writer: schema, reader: schema)
      #expect(plan.isIdentity && plan.unresolvable.isEmpty)
      let skipper = try SchemaSkipper(schema)
      let bytes = random.bytes(of: schema)
      #expect(try Self.resolve(bytes, plan) == bytes, "\(schema.text())")
      let count = try (bytes + [7, 7, 7]).withUnsafeBufferPointer {
        try skipper.byteCount(of: UnsafeRawBufferPointer($0))
      }
      #expect(count == bytes.count, "\(schema.text())")
    }
  }

  /// The checker calls a pair compatible where the plan has nothing that it can't resolve, and nowhere else; then each
  /// value resolves, to bytes that the reader's schema holds exactly.
  @Test func agreesWithTheChecker() throws {
    var random = RandomAvro(seed: 2, options: Self.options())
    var compatible = 0
    for _ in 0..<Self.rounds {
      let writer = random.record()
      let reader = random.evolved(writer)
      let findings = reader.incompatibilities(readingDataOf: writer)
      guard let plan = try? ResolutionPlan(writer: writer, reader: reader) else {
        #expect(!findings.isEmpty, "\(writer.text()) \(reader.text())")
        continue
      }
      #expect(plan.unresolvable.isEmpty == findings.isEmpty, "\(writer.text()) \(reader.text())")
      guard findings.isEmpty else { continue }
      compatible += 1
      let same = try ResolutionPlan(writer: reader, reader: reader)
      let bytes = random.bytes(of: writer)
      let resolved = try Self.resolve(bytes, plan)
      #expect(try Self.resolve(resolved, same) == resolved)
      if plan.isIdentity { #expect(resolved == bytes) }
    }
    #expect(compatible > Self.rounds / 2)
  }

  /// Cut anywhere a value is an error; changed anywhere it is an error or another value, within the limits.
  @Test func survivesAnything() throws {
    var random = RandomAvro(seed: 3, options: Self.options())
    let limits = AvroLimits(maxDepth: 20, maxEmptyItems: 1_000, maxResolvedBytes: 100_000)
    for _ in 0..<(Self.rounds / 5) {
      let writer = random.record()
      let reader = random.evolved(writer)
      guard let plan = try? ResolutionPlan(writer: writer, reader: reader) else { continue }
      let skipper = try SchemaSkipper(writer)
      let bytes = random.bytes(of: writer)
      for count in bytes.indices.prefix(200) {
        #expect(throws: AvroError.self) { try Self.resolve(Array(bytes.prefix(count)), plan, limits) }
      }
      for _ in 0..<50 {
        var changed = bytes
        guard !changed.isEmpty else { break }
        for _ in 0...Int.random(in: 0...2, using: &random.generator) {
          changed[Int.random(in: changed.indices, using: &random.generator)] =
            [0, 1, 2, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random.generator)][
              Int.random(in: 0..<7, using: &random.generator)]
        }
        if let output = try? Self.resolve(changed, plan, limits) { #expect(output.count <= 100_000) }
        _ = try? changed.withUnsafeBufferPointer {
          try skipper.byteCount(of: UnsafeRawBufferPointer($0), limits: limits)
        }
      }
    }
  }
}
