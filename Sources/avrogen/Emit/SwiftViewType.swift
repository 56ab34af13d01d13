/// The form of an Avro type at one place of a record's `View`.
indirect enum SwiftViewType {
  /// As in the record: small, and without a reference.
  case copied(SwiftType)
  /// Conforms to AvroView: the type itself knows how.
  case view(String)
  case optional(SwiftViewType, valueIndex: Int)

  var text: String {
    switch self {
    case .copied(let type): type.text
    case .view(let type): type
    case .optional(let wrapped, _): "AvroOptionalView<\(wrapped.text)>"
    }
  }

  var needsAnnotation: Bool {
    if case .copied(let type) = self { type.needsAnnotation } else { false }
  }

  /// One expression, without `try`.
  private func readExpression(_ reader: String) -> String {
    switch self {
    case .copied(let type): type.readExpression(reader)
    case .view(let type): "\(type)(viewing: &\(reader))"
    case .optional(let wrapped, _):
      "\(readOpening(reader)) { (\(reader)) throws(AvroError) in try \(wrapped.readExpression(reader)) }"
    }
  }

  private func readOpening(_ reader: String) -> String {
    guard case .optional(_, let index) = self else { return "" }
    return "\(reader).readOptionalView(valueIndex: \(index))"
  }

  /// Writes `prefix try …`, over several lines where one is too short.
  func writeRead(prefix: String, reader: String, to writer: inout SourceWriter) {
    let line = "\(prefix)try \(readExpression(reader))"
    switch self {
    case .copied(let type): type.writeRead(prefix: prefix, reader: reader, to: &writer)
    case .optional(let wrapped, _) where line.count > writer.width:
      writer.block("\(prefix)try \(readOpening(reader)) { (\(reader)) throws(AvroError) in") {
        wrapped.writeRead(prefix: "", reader: reader, to: &$0)
      }
    case .view where line.count > writer.width && prefix.hasSuffix("= "):
      writer.continued(String(prefix.dropLast())) { $0.line("try \(readExpression(reader))") }
    case .view, .optional: writer.line(line)
    }
  }
}

extension SwiftType {
  /// Whether a value holds no memory of its own, so that having one costs nothing.
  var isInline: Bool {
    switch self {
    case .value(let name, let view): view == nil && name != "AvroBigDecimal"
    case .call(let call, _, _): call != "String" && call != "Bytes"
    case .decimal: true
    case .optional(let wrapped, _): wrapped.isInline
    case .array, .map: false
    }
  }

  /// `String` or `Bytes`; nil for everything else.
  var textCall: String? {
    guard case .call(let call, _, _) = self, !isInline else { return nil }
    return call
  }
}

extension SwiftRecordPlan {
  /// - Parameter isBoxed: whether the value, or the optional's, would contain itself.
  mutating func viewType(
    of type: SwiftType, path: String, fieldName: String, isBoxed: Bool = false
  ) -> SwiftViewType {
    switch type {
    case .value(let name, nil): return type.isInline ? .copied(type) : .view("AvroLocatedView<\(name)>")
    case .decimal: return .copied(type)
    case .value(_, let view?): return .view(isBoxed ? "AvroLocatedView<\(view)>" : view)
    case .call: return type.textCall.map { .view("Avro\($0)View") } ?? .copied(type)
    case .array(let item, _):
      return .view("AvroArrayView<\(itemType(of: item, path: path + "_element", fieldName: fieldName))>")
    case .map(let value):
      return .view("AvroMapView<\(itemType(of: value, path: path + "_value", fieldName: fieldName))>")
    case .optional(let wrapped, let valueIndex):
      let view = viewType(of: wrapped, path: path, fieldName: fieldName, isBoxed: isBoxed)
      if case .copied = view { return .copied(type) }
      return .optional(view, valueIndex: valueIndex)
    }
  }

  /// A type that conforms to AvroView; what has none is wrapped.
  private mutating func itemType(of type: SwiftType, path: String, fieldName: String) -> String {
    if case .value(let name, nil) = type { return name }
    let view = viewType(of: type, path: path, fieldName: fieldName)
    switch view {
    case .view(let text): return text
    case .copied(let type) where type.isValue: return type.text
    case .copied, .optional: return addWrapper(of: view, path: path, fieldName: fieldName)
    }
  }
}
