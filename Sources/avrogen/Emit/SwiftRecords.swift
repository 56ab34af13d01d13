import AvroSchema

extension SwiftFile {
  /// A record as a struct.
  mutating func add(_ record: RecordSchema, of type: TypeDefinition, _ context: SwiftContext) {
    let plan = SwiftRecordPlan(record, context)
    let isRecursive = context.isRecursive(record)
    use(.avroRuntime)
    for property in plan.properties { use(property.type) }
    for union in plan.unions {
      for branch in union.branches { if let type = branch.type { use(type) } }
    }
    let defaults = plan.properties.map { defaultValue(of: $0.field, context) }
    writer.line()
    writer.docs(record.doc, "Avro record `\(record.name)`.")
    writer.block("public struct \(context.names[record.name]): AvroRecord {") { writer in
      for property in plan.properties { writer.declare(property) }
      if !plan.properties.isEmpty { writer.line() }
      writer.initializer(plan, defaults)
      writer.line()
      writer.schemaConstants(type, context)
      writer.line()
      writer.decode(plan, isRecursive: isRecursive)
      writer.line()
      writer.encode(plan, isRecursive: isRecursive)
      for union in plan.unions { writer.add(union) }
      writer.line()
      writer.view(of: record, plan, context)
      writer.line()
      writer.packed(plan, name: context.names[record.name], isRecursive: isRecursive)
    }
  }

  /// Nil where the initializer has none.
  private mutating func defaultValue(of field: RecordSchema.Field, _ context: SwiftContext) -> String? {
    let defaults = SwiftDefaults(context)
    guard let value = defaults.expression(of: field) else { return nil }
    for name in defaults.typeNames { use(typeName: name) }
    return value
  }
}

extension SourceWriter {
  /// The definition's own words, and after an empty line what is known anyway.
  mutating func docs(_ text: String?, _ fact: String) {
    if let text, text.contains(where: { !$0.isWhitespace && !$0.isControl }) {
      doc(text)
      line("///")
    }
    doc(fact)
  }

  mutating func schemaConstants(_ type: TypeDefinition, _ context: SwiftContext) {
    constant("public static let schemaName", text: type.name.description)
    constant("public static let schemaText", text: type.schema.text(type.textStyle, types: context.namedTypes))
  }

  fileprivate mutating func declare(_ property: SwiftRecordPlan.Property) {
    doc(property.field.doc)
    let type = property.type.text
    guard let boxName = property.boxName else {
      line("public var \(property.name): \(type)")
      return
    }
    // The value would contain itself: what is stored is a box.
    if case .optional(let wrapped, _) = property.type {
      block("public var \(property.name): \(type) {") { writer in
        writer.line("get { \(boxName)?.value }")
        writer.line("set { \(boxName) = newValue.map { AvroBox($0) } }")
      }
      line("private var \(boxName): AvroBox<\(wrapped.text)>?")
    } else {
      block("public var \(property.name): \(type) {") { writer in
        writer.line("get { \(boxName).value }")
        writer.line("set { \(boxName) = AvroBox(newValue) }")
      }
      line("private var \(boxName): AvroBox<\(type)>")
    }
  }

  fileprivate mutating func initializer(_ plan: SwiftRecordPlan, _ defaults: [String?]) {
    if plan.properties.isEmpty {
      line("public init() {}")
      return
    }
    let parameters = zip(plan.properties, defaults).map { property, value in
      let value = value.map { " = \($0)" } ?? ""
      return "\(Naming.parameter(property.name)): \(property.type.text)\(value)"
    }
    list("public init(", parameters, ") {")
    continued { writer in
      for property in plan.properties {
        let name = property.name
        switch (property.boxName, property.type) {
        case (nil, _): writer.line("self.\(name) = \(name)")
        case (let box?, .optional): writer.line("self.\(box) = \(name).map { AvroBox($0) }")
        case (let box?, _): writer.line("self.\(box) = AvroBox(\(name))")
        }
      }
    }
    line("}")
  }

  /// Into locals and then one memberwise init: assigning to the fields of a half-made self would copy it each time.
  fileprivate mutating func decode(_ plan: SwiftRecordPlan, isRecursive: Bool) {
    let reader = plan.parameterName("reader")
    block("public static func decode(from \(reader): inout AvroReader) throws(AvroError) -> Self {") { writer in
      if isRecursive { writer.line("try \(reader).enter()") }
      for property in plan.properties {
        let annotation = property.type.needsAnnotation ? ": \(property.type.text)" : ""
        property.type.writeRead(prefix: "let \(property.name)\(annotation) = ", reader: reader, to: &writer)
      }
      if isRecursive { writer.line("\(reader).leave()") }
      writer.list("return Self(", plan.properties.map { "\(Naming.label($0.name)): \($0.name)" }, ")")
    }
  }

  fileprivate mutating func encode(_ plan: SwiftRecordPlan, isRecursive: Bool) {
    let name = plan.parameterName("writer")
    if plan.properties.isEmpty {
      line("public func encode(to \(name): inout AvroWriter) {}")
      return
    }
    block("public func encode(to \(name): inout AvroWriter) {") { writer in
      if isRecursive { writer.line("guard \(name).enter() else { return }") }
      for property in plan.properties { writer.encode(property, writer: name) }
      if isRecursive { writer.line("\(name).leave()") }
    }
  }

  private mutating func encode(_ property: SwiftRecordPlan.Property, writer name: String) {
    guard let box = property.boxName else {
      property.type.writeWrite(property.name, writer: name, to: &self)
      return
    }
    if case .optional(_, let index) = property.type {
      line("\(name).writeOptional(\(box), valueIndex: \(index))")
    } else {
      line("\(box).encode(to: &\(name))")
    }
  }
}

// MARK: unions

extension SourceWriter {
  fileprivate mutating func add(_ union: SwiftRecordPlan.Union) {
    line()
    doc("A union of field `\(union.fieldName)`.")
    block("public enum \(union.name): AvroValue {") { writer in
      for branch in union.branches {
        let payload = branch.type.map { "(\($0.text))" } ?? ""
        writer.line("\(branch.isBoxed ? "indirect " : "")case \(branch.name)\(payload)")
      }
      if !union.branches.isEmpty { writer.line() }
      writer.decode(union)
      writer.line()
      writer.encode(union)
    }
  }

  private mutating func decode(_ union: SwiftRecordPlan.Union) {
    block("public static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {") { writer in
      writer.line("switch try reader.readIndex() {")
      for (index, branch) in union.branches.enumerated() {
        if let type = branch.type {
          writer.continued("case \(index):") { type.writeReturn(case: branch.name, to: &$0) }
        } else {
          writer.line("case \(index): return .\(branch.name)")
        }
      }
      writer.line("default: throw reader.error(.indexOutOfRange)")
      writer.line("}")
    }
  }

  private mutating func encode(_ union: SwiftRecordPlan.Union) {
    block("public func encode(to writer: inout AvroWriter) {") { writer in
      writer.line("switch self {")
      for (index, branch) in union.branches.enumerated() {
        writer.continued("case .\(branch.name)\(branch.type == nil ? "" : "(let value)"):") { writer in
          writer.line("writer.writeIndex(\(index))")
          branch.type?.writeWrite("value", writer: "writer", to: &writer)
        }
      }
      writer.line("}")
    }
  }
}
