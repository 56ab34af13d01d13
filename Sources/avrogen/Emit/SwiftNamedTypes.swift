import AvroSchema

extension SwiftFile {
  mutating func add(_ type: TypeDefinition, _ context: SwiftContext) {
    switch type.schema {
    case .record(let record): add(record, of: type, context)
    case .enumeration(let enumeration): add(enumeration, of: type, context)
    case .fixed(let fixed): add(fixed, of: type, context)
    case .primitive, .array, .map, .union, .reference: break
    }
  }

  private mutating func add(_ enumeration: EnumSchema, of type: TypeDefinition, _ context: SwiftContext) {
    use(.avroRuntime)
    let name = context.names[enumeration.name]
    let cases = enumeration.caseNames
    writer.line()
    writer.docs(enumeration.doc, "Avro enum `\(enumeration.name)`.")
    writer.block("public enum \(name): Int, AvroEnumeration {") { writer in
      for name in cases { writer.line("case \(name)") }
      writer.line()
      writer.itemList("public static let symbols = [", enumeration.symbols.map { "\"\($0)\"" }, "]")
      if let symbol = enumeration.defaultSymbol, let index = enumeration.symbols.firstIndex(of: symbol) {
        writer.doc("What a reader takes for a symbol that it does not know.")
        writer.line("public static let defaultSymbol = \(name).\(cases[index])")
      }
      writer.schemaConstants(type, context)
    }
  }

  private mutating func add(_ fixed: FixedSchema, of type: TypeDefinition, _ context: SwiftContext) {
    use(.avroRuntime)
    let name = context.names[fixed.name]
    writer.line()
    writer.docs(fixed.doc, "Avro fixed `\(fixed.name)` of \(fixed.size) \(fixed.size == 1 ? "byte" : "bytes").")
    let standIn = context.simpleType(.reference(fixed.name))
    if let standIn, standIn.text != name {
      use(standIn)
      writer.line("public typealias \(name) = \(standIn.text)")
      return
    }
    writer.block("public struct \(name): AvroNamedValue {") { writer in
      writer.line("public var bytes: AvroFixedBytes<\(fixed.size)>")
      writer.line()
      writer.doc("All bytes are 0 unless given.")
      writer.block("@inlinable public init(bytes: AvroFixedBytes<\(fixed.size)> = AvroFixedBytes()) {") {
        $0.line("self.bytes = bytes")
      }
      writer.line()
      writer.schemaConstants(type, context)
      writer.line()
      if fixed.size == 0 { writer.takesNoBytes() }
      writer.block("@inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {") {
        $0.line("Self(bytes: try AvroFixedBytes.decode(from: &reader))")
      }
      writer.line()
      writer.line("@inlinable public func encode(to writer: inout AvroWriter) { bytes.encode(to: &writer) }")
    }
  }
}
