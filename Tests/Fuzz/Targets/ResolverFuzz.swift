import AllTypesFixture
import AvroRuntime
import AvroSchema

extension FuzzTarget {
  /// Plans and what they make of bytes. The first byte chooses a pair of schemas; 255 means that the rest holds its own:
  /// writer, reader and value with line feeds between.
  public static let resolver = FuzzTarget(name: "resolver") { bytes in
    guard let (choice, rest) = chosen(bytes) else { return }
    if choice < 255 {
      guard !pairs.isEmpty else { return }
      let pair = pairs[choice % pairs.count]
      resolve(rest, pair.plan, reader: pair.reader)
    } else {
      let parts = rest.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let writer = try? Schema(parsing: String(decoding: parts[0], as: UTF8.self)),
        let reader = try? Schema(parsing: String(decoding: parts[1], as: UTF8.self)),
        let plan = try? ResolutionPlan(writer: writer, reader: reader),
        let skipper = try? SchemaSkipper(reader)
      else { return }
      check(
        !writer.text().isEmpty && (writer != reader || plan.unresolvable.isEmpty), "a schema does not resolve to itself"
      )
      resolve(UnsafeRawBufferPointer(rebasing: parts[2]), plan, reader: skipper)
    }
  }

  /// What comes out is one value of the reader's schema, and no larger than the limit.
  private static func resolve(_ bytes: UnsafeRawBufferPointer, _ plan: ResolutionPlan, reader: SchemaSkipper) {
    let limits = AvroLimits(maxDepth: 50, maxEmptyItems: 1000)
    var output = AvroWriter(maxBytes: 1 << 20)
    do {
      try plan.resolve(bytes, limits: limits, into: &output)
    } catch {
      check(error.offset <= bytes.count, "an offset beyond the bytes: \(error)")
      let located = plan.located(error, resolving: bytes, limits: limits)
      check(located.kind == error.kind, "another error with its path: \(located)")
      return
    }
    guard output.failure == nil else { return }
    output.withBytes { resolved in
      var read = AvroReader(resolved)
      // Whether text is UTF-8 and a boolean 0 or 1 is for the decoder to find.
      try? reader.skip(&read)
    }
  }

  private struct Pair {
    var plan: ResolutionPlan
    var reader: SchemaSkipper
  }

  private static let pairs: [Pair] = {
    let same = [
      Primitives.schemaText, Logicals.schemaText, Arrays.schemaText, Maps.schemaText, Optionals.schemaText,
      Unions.schemaText, Tree.schemaText, Expression.schemaText, Ping.schemaText, Defaults.schemaText,
    ].map { ($0, $0) }
    return (evolutions + same).compactMap { writer, reader in
      guard let writer = try? Schema(parsing: writer), let reader = try? Schema(parsing: reader),
        let plan = try? ResolutionPlan(writer: writer, reader: reader), let skipper = try? SchemaSkipper(reader)
      else { fatalError("a pair of schemas that does not resolve: \(writer) and \(reader)") }
      return Pair(plan: plan, reader: skipper)
    }
  }()

  private static let evolutions: [(String, String)] = [
    // Reordered, removed, added, promoted, renamed.
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"b","type":"string"},"#
        + #"{"name":"c","type":{"type":"array","items":"float"}},{"name":"d","type":{"type":"map","values":"bytes"}}]}"#,
      #"{"type":"record","name":"R","fields":[{"name":"d","type":{"type":"map","values":"string"}},"#
        + #"{"name":"x","type":"string","default":"new"},{"name":"c","type":{"type":"array","items":"double"}},"#
        + #"{"name":"renamed","aliases":["a"],"type":"double"}]}"#
    ),
    // Branches that move, go and are promoted; symbols that are not known.
    (
      #"{"type":"record","name":"R","fields":[{"name":"u","type":["null","int","string",{"type":"enum","name":"E","#
        + #""symbols":["A","B","C"]}]},{"name":"v","type":["null","R"]}]}"#,
      #"{"type":"record","name":"R","fields":[{"name":"v","type":["R","null"]},{"name":"u","type":["null",{"type":"enum","#
        + #""name":"E","symbols":["C","X"],"default":"X"},"double","bytes"]}]}"#
    ),
    // Items of no bytes get a default each.
    (
      #"{"type":"array","items":{"type":"record","name":"R","fields":[]}}"#,
      #"{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"s","type":"string","#
        + #""default":"a default that is longer than the nothing that it stands for"}]}}"#
    ),
  ]
}
