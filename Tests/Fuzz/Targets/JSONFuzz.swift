import AllTypesFixture
import AvroRuntime
import AvroSchema

extension FuzzTarget {
  /// Avro JSON, both ways. The first byte chooses the schema, and whether the rest is text or binary.
  public static let json = FuzzTarget(name: "json") { bytes in
    guard let (choice, rest) = chosen(bytes), !codecs.isEmpty else { return }
    let codec = codecs[choice / 2 % codecs.count]
    if choice % 2 == 0 {
      guard let binary = try? codec.bytes(of: [UInt8](rest)) else { return }
      checkText(of: binary, codec)
    } else if let text = try? codec.text(of: rest) {
      let binary = try? codec.bytes(of: text)
      check(binary != nil, "does not read its own text: \(text)")
      if let binary { checkText(of: binary, codec) }
    }
  }

  private static let codecs: [AvroJSON] = {
    let texts = [
      Primitives.schemaText, Logicals.schemaText, Named.schemaText, Arrays.schemaText, Maps.schemaText,
      Optionals.schemaText, Unions.schemaText, Tree.schemaText, Expression.schemaText, Defaults.schemaText,
    ]
    return texts.compactMap { text in (try? Schema(parsing: text)).flatMap { try? AvroJSON($0) } }
  }()

  /// Binary to text and back gives the same bytes, when they are such as our own writer makes.
  private static func checkText(of binary: [UInt8], _ codec: AvroJSON) {
    guard let text = try? codec.text(of: binary) else { fatalError("can't print what it has read") }
    check((try? codec.bytes(of: text)) == binary, "another value after printing and reading: \(text)")
  }
}
