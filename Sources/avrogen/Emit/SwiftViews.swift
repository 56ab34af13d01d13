import AvroSchema

// The borrowed form of a record: `View`, nested in the record's struct.

extension SourceWriter {
  mutating func view(of record: RecordSchema, _ plan: SwiftRecordPlan, _ context: SwiftContext) {
    doc("The record where it lies in a message: see ``AvroRecordView``.")
    block("public struct View: ~Copyable, AvroRecordView {") { writer in
      writer.line("public typealias Unpacked = \(context.names[record.name])")
      writer.line()
      for property in plan.properties { writer.line("public let \(property.name): \(property.view.text)") }
      if !plan.properties.isEmpty { writer.line() }
      if context.takesNoBytes(.record(record)) { writer.takesNoBytes() }
      writer.viewInitializer(plan, isRecursive: context.isRecursive(record))
      for union in plan.unions { writer.view(of: union) }
      for wrapper in plan.wrappers { writer.add(wrapper) }
    }
  }

  mutating func takesNoBytes() {
    line("public static var minimumAvroBytes: Int { 0 }")
    line()
  }

  private mutating func viewInitializer(_ plan: SwiftRecordPlan, isRecursive: Bool) {
    let reader = plan.parameterName("reader")
    // Not inlined, a view would be passed through memory, which makes arrays of records a tenth slower to read.
    let inlined = isRecursive ? "@inlinable" : "@inlinable @inline(__always)"
    block("\(inlined) public init(viewing \(reader): inout AvroReader) throws(AvroError) {") { writer in
      if isRecursive { writer.line("try \(reader).enter()") }
      for property in plan.properties {
        let annotation = property.view.needsAnnotation ? ": \(property.view.text)" : ""
        property.view.writeRead(prefix: "let \(property.name)\(annotation) = ", reader: reader, to: &writer)
      }
      if isRecursive { writer.line("\(reader).leave()") }
      // A struct that can't be copied must not be half made when a field throws.
      for property in plan.properties { writer.line("self.\(property.name) = \(property.name)") }
    }
  }

  private mutating func view(of union: SwiftRecordPlan.Union) {
    line()
    doc("The union of field `\(union.fieldName)` where it lies in a message.")
    block("public enum \(union.name): ~Copyable, AvroView {") { writer in
      for branch in union.branches {
        writer.line("case \(branch.name)\(branch.view.map { "(\($0.text))" } ?? "")")
      }
      if !union.branches.isEmpty { writer.line() }
      writer.block("@inlinable @inline(__always) public init(viewing reader: inout AvroReader) throws(AvroError) {") {
        writer in
        writer.line("switch try reader.readIndex() {")
        for (index, branch) in union.branches.enumerated() { writer.viewCase(index, branch) }
        writer.line("default: throw reader.error(.indexOutOfRange)")
        writer.line("}")
      }
    }
  }

  private mutating func viewCase(_ index: Int, _ branch: SwiftRecordPlan.Branch) {
    guard let view = branch.view else { return line("case \(index): self = .\(branch.name)") }
    continued("case \(index):") { writer in
      let annotation = view.needsAnnotation ? ": \(view.text)" : ""
      view.writeRead(prefix: "let value\(annotation) = ", reader: "reader", to: &writer)
      writer.line("self = .\(branch.name)(value)")
    }
  }

  private mutating func add(_ wrapper: SwiftRecordPlan.Wrapper) {
    line()
    doc("What field `\(wrapper.fieldName)` holds several of.")
    block("public struct \(wrapper.name): ~Copyable, AvroView {") { writer in
      writer.line("public let value: \(wrapper.type.text)")
      writer.line()
      writer.block("@inlinable public init(viewing reader: inout AvroReader) throws(AvroError) {") {
        wrapper.type.writeRead(prefix: "value = ", reader: "reader", to: &$0)
      }
    }
  }
}
