import AvroSchema

// The form of a record in one allocation: `Packed`, nested in the record's struct.

extension SourceWriter {
  mutating func packed(_ plan: SwiftRecordPlan, name: String, isRecursive: Bool) {
    doc("The record in one allocation: see ``AvroPackedRecord``.")
    block("public struct Packed: AvroPackedRecord {") { writer in
      writer.line("public typealias Unpacked = \(name)")
      writer.line()
      writer.line("public let avroStorage: AvroPackedStorage")
      for property in plan.properties { writer.store(property) }
      writer.line()
      writer.packedDecode(plan, isRecursive: isRecursive)
      for property in plan.properties where !property.type.isInline { writer.packedAccessor(property) }
    }
  }

  private mutating func store(_ property: SwiftRecordPlan.Property) {
    if property.type.isInline {
      line("public let \(property.name): \(property.type.text)")
    } else {
      line("private let \(property.placeName): AvroPlace\(property.packedText?.isOptional == true ? "?" : "")")
    }
  }

  private mutating func packedDecode(_ plan: SwiftRecordPlan, isRecursive: Bool) {
    let reader = plan.parameterName("reader")
    let start = plan.parameterName("start")
    block("public static func decode(from \(reader): inout AvroReader) throws(AvroError) -> Self {") { writer in
      writer.line("let \(start) = \(reader).beginPacked()")
      if isRecursive { writer.line("try \(reader).enter()") }
      for property in plan.properties { writer.locate(property, reader: reader, start: start) }
      if isRecursive { writer.line("\(reader).leave()") }
      let stored = plan.properties.map { property in
        let name = property.type.isInline ? property.name : property.placeName
        return "\(Naming.label(name)): \(name)"
      }
      writer.list("return Self(", ["avroStorage: try \(reader).endPacked(\(start))"] + stored, ")")
    }
  }

  /// Reads what is small, and notes where the rest lies.
  private mutating func locate(_ property: SwiftRecordPlan.Property, reader: String, start: String) {
    if property.type.isInline {
      let annotation = property.type.needsAnnotation ? ": \(property.type.text)" : ""
      property.type.writeRead(prefix: "let \(property.name)\(annotation) = ", reader: reader, to: &self)
      return
    }
    guard let text = property.packedText else {
      line("let \(property.placeName) = \(reader).place(since: \(start))")
      property.view.writeRead(prefix: "_ = ", reader: reader, to: &self)
      return
    }
    let read = "try \(reader).read\(text.call)Place(since: \(start))"
    if let index = text.valueIndex {
      block(
        "let \(property.placeName) = try \(reader).readOptional(valueIndex: \(index)) { (\(reader)) throws(AvroError) in"
      ) {
        $0.line(read)
      }
    } else {
      line("let \(property.placeName) = \(read)")
    }
  }

  private mutating func packedAccessor(_ property: SwiftRecordPlan.Property) {
    line()
    let opening = "public var \(property.name): \(property.type.text) {"
    guard let text = property.packedText else {
      block(opening) { writer in
        writer.block("avroStorage.read(\(property.placeName)) { (reader) throws(AvroError) in") {
          property.type.writeRead(prefix: "", reader: "reader", to: &$0)
        }
      }
      return
    }
    let call = "avroStorage.\(text.call.lowercased())"
    line(
      text.isOptional
        ? "\(opening) \(property.placeName).map { \(call)($0) } }" : "\(opening) \(call)(\(property.placeName)) }")
  }
}

extension SwiftRecordPlan.Property {
  /// A string, bytes, or an optional of them: these have a place with a length of their own.
  fileprivate var packedText: (call: String, valueIndex: Int?, isOptional: Bool)? {
    if case .optional(let wrapped, let index) = type {
      return wrapped.textCall.map { ($0, index, true) }
    }
    return type.textCall.map { ($0, nil, false) }
  }
}
