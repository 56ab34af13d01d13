import AvroSchema

/// The Swift form of an Avro type at one place: how it is written down, read and encoded.
indirect enum SwiftType {
  /// Conforms to AvroValue: the type itself knows how. Its `view` is another type for records and unions.
  case value(String, view: String? = nil)
  /// `read<call>()` and `write<call>(_:)` of the reader and writer; `isValue` when it is an AvroValue as well.
  case call(String, type: String, isValue: Bool)
  /// With `fixedSize` on a fixed, without on bytes.
  case decimal(precision: Int, scale: Int, fixedSize: Int?)
  case array(SwiftType, isEmptyItem: Bool)
  case map(SwiftType)
  case optional(SwiftType, valueIndex: Int)

  /// As it is written in a declaration.
  var text: String {
    switch self {
    case .value(let type, _), .call(_, let type, _): type
    case .decimal(_, let scale, _): "AvroDecimal<\(scale)>"
    case .array(let item, _): "[\(item.text)]"
    case .map(let value): "AvroMap<\(value.text)>"
    case .optional(let wrapped, _): "\(wrapped.text)?"
    }
  }

  /// Whether the type conforms to AvroValue.
  var isValue: Bool {
    switch self {
    case .value: true
    case .call(_, _, let isValue): isValue
    case .map(let value): value.isValue
    case .decimal, .array, .optional: false
    }
  }

  /// Whether the value's type has to be written down where it is read: a decimal's scale is known from nowhere else.
  var needsAnnotation: Bool {
    switch self {
    case .value, .call: false
    case .decimal: true
    case .array(let inner, _), .map(let inner), .optional(let inner, _): inner.needsAnnotation
    }
  }

  /// `readLongs` and its like: arrays of numbers are read and written as a whole.
  private var wholeArrayCall: String? {
    guard case .array(.call(let call, _, _), _) = self else { return nil }
    return ["Boolean", "Int", "Long", "Float", "Double"].contains(call) ? call + "s" : nil
  }
}

// MARK: reading

extension SwiftType {
  /// The call that reads the value, without `try`; nil when it takes a closure (see ``readOpening(_:)``).
  private func readCall(_ reader: String) -> String? {
    if let wholeArrayCall { return "\(reader).read\(wholeArrayCall)()" }
    switch self {
    case .value(let type, _): return "\(type).decode(from: &\(reader))"
    case .call(let call, _, _): return "\(reader).read\(call)()"
    case .decimal(_, _, nil): return "\(reader).readDecimal()"
    case .decimal(_, _, let size?): return "\(reader).readDecimal(fixedSize: \(size))"
    case .array(let item, let isEmptyItem):
      guard item.isValue else { return nil }
      return "\(reader).readArray(of: \(item.text).self\(isEmptyItem ? ", minimumItemBytes: 0" : ""))"
    case .map(let value): return value.isValue ? "\(reader).readMap(of: \(value.text).self)" : nil
    case .optional(let wrapped, let index):
      return wrapped.isValue ? "\(reader).readOptional(\(wrapped.text).self, valueIndex: \(index))" : nil
    }
  }

  /// The call up to its closure, and what the closure reads.
  private func readOpening(_ reader: String) -> (call: String, inner: SwiftType)? {
    switch self {
    case .array(let item, let isEmptyItem):
      ("\(reader).readArray\(isEmptyItem ? "(minimumItemBytes: 0)" : "")", item)
    case .map(let value): ("\(reader).readMap", value)
    case .optional(let wrapped, let index): ("\(reader).readOptional(valueIndex: \(index))", wrapped)
    case .value, .call, .decimal: nil
    }
  }

  /// One expression, without `try`.
  func readExpression(_ reader: String) -> String {
    if let call = readCall(reader) { return call }
    guard let (call, inner) = readOpening(reader) else { return "" }
    return "\(call) { (\(reader)) throws(AvroError) in try \(inner.readExpression(reader)) }"
  }

  /// Writes `prefix try …`, over several lines where one is too short.
  func writeRead(prefix: String, reader: String, to writer: inout SourceWriter) {
    let line = "\(prefix)try \(readExpression(reader))"
    if line.count <= writer.width {
      writer.line(line)
    } else if readCall(reader) == nil, let (call, inner) = readOpening(reader) {
      let opening = "\(prefix)try \(call) { (\(reader)) throws(AvroError) in"
      writer.block(opening) { inner.writeRead(prefix: "", reader: reader, to: &$0) }
    } else if prefix.hasSuffix("= ") {
      writer.continued(String(prefix.dropLast())) { $0.line("try \(readExpression(reader))") }
    } else {
      writer.line(line)
    }
  }

  /// Writes `return .name(try …)`, by way of a constant where one line is too short.
  func writeReturn(case name: String, to writer: inout SourceWriter) {
    let line = "return .\(name)(try \(readExpression("reader")))"
    if line.count <= writer.width {
      writer.line(line)
    } else {
      writeRead(prefix: "let value: \(text) = ", reader: "reader", to: &writer)
      writer.line("return .\(name)(value)")
    }
  }
}

// MARK: writing

extension SwiftType {
  private func writeCall(_ value: String, _ writer: String) -> String? {
    if let wholeArrayCall { return "\(writer).write\(wholeArrayCall)(\(value))" }
    switch self {
    case .value: return "\(value).encode(to: &\(writer))"
    case .call(let call, _, _): return "\(writer).write\(call)(\(value))"
    case .decimal(let precision, _, let size):
      let fixedSize = size.map { ", fixedSize: \($0)" } ?? ""
      return "\(writer).writeDecimal(\(value), precision: \(precision)\(fixedSize))"
    case .array(let item, _): return item.isValue ? "\(writer).writeArray(\(value))" : nil
    case .map(let item): return item.isValue ? "\(writer).writeMap(\(value))" : nil
    case .optional(let wrapped, let index):
      return wrapped.isValue ? "\(writer).writeOptional(\(value), valueIndex: \(index))" : nil
    }
  }

  private func writeOpening(_ value: String, _ writer: String) -> (call: String, inner: SwiftType)? {
    switch self {
    case .array(let item, _): ("\(writer).writeArray(\(value))", item)
    case .map(let item): ("\(writer).writeMap(\(value))", item)
    case .optional(let wrapped, let index): ("\(writer).writeOptional(\(value), valueIndex: \(index))", wrapped)
    case .value, .call, .decimal: nil
    }
  }

  private func writeStatement(_ value: String, _ writer: String) -> String {
    if let call = writeCall(value, writer) { return call }
    guard let (call, inner) = writeOpening(value, writer) else { return "" }
    return "\(call) { value, \(writer) in \(inner.writeStatement("value", writer)) }"
  }

  /// Writes the statement that encodes the expression `value`.
  func writeWrite(_ value: String, writer name: String, to writer: inout SourceWriter) {
    let line = writeStatement(value, name)
    guard line.count > writer.width, writeCall(value, name) == nil, let (call, inner) = writeOpening(value, name)
    else { return writer.line(line) }
    writer.block("\(call) { value, \(name) in") { inner.writeWrite("value", writer: name, to: &$0) }
  }
}
