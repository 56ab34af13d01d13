import AvroSchema
import JSONText

/// Default values of fields as Swift expressions, for the places where a type is known from the context.
///
/// One for each field: ``typeNames`` is of the whole expression.
final class SwiftDefaults {
  private let context: SwiftContext
  /// The generated types that the expression names, when there is one.
  private(set) var typeNames: [String] = []

  init(_ context: SwiftContext) { self.context = context }

  /// Nil when there is no default, or none that Swift can express in an argument (a big-decimal, a UUID's text that is
  /// none).
  func expression(of field: RecordSchema.Field) -> String? {
    field.defaultValue.flatMap { expression($0, as: field.type) }
  }

  private func expression(_ value: JSONValue, as schema: Schema) -> String? {
    switch schema {
    case .primitive(let primitive, let logicalType): return self.primitive(value, primitive, logicalType)
    case .array(let items):
      guard case .array(let elements) = value else { return nil }
      return list(elements.map { expression($0, as: items) }, empty: "[]")
    case .map(let values):
      guard case .object(let members) = value else { return nil }
      let pairs = members.map { member in
        expression(member.value, as: values).map { "\(swiftLiteral(member.name)): \($0)" }
      }
      return list(pairs, empty: "[:]")
    case .union(let branches): return union(value, branches)
    case .reference(let name): return context.definitions[name].flatMap { named(value, $0) }
    case .record, .enumeration, .fixed: return nil
    }
  }

  private func list(_ elements: [String?], empty: String) -> String? {
    let known = elements.compactMap { $0 }
    guard known.count == elements.count else { return nil }
    return known.isEmpty ? empty : "[\(known.joined(separator: ", "))]"
  }

  private func primitive(
    _ value: JSONValue, _ primitive: Schema.Primitive, _ logicalType: LogicalType?
  ) -> String? {
    switch (primitive, value) {
    case (.null, .null): "AvroNull()"
    case (.boolean, .bool(let value)): value ? "true" : "false"
    case (.int, .integer(let value)), (.long, .integer(let value)):
      if let (name, label) = logicalType?.integerType {
        "\(name)(\(label): \(swiftInteger(value)))"
      } else {
        swiftInteger(value)
      }
    case (.float, .integer(let value)), (.double, .integer(let value)): swiftInteger(value)
    // The compiler minds literals that it has to round to a subnormal number or to infinity.
    case (.float, .double(let value)): value == 0 || Float(value).isNormal ? "\(value)" : nil
    case (.double, .double(let value)): value == 0 || value.isNormal ? "\(value)" : nil
    case (.bytes, .string(let text)): bytes(text).flatMap { bytesDefault($0, logicalType) }
    case (.string, .string(let text)): logicalType == .uuid ? uuid(text: text) : swiftLiteral(text)
    default: nil
    }
  }

  private func bytesDefault(_ bytes: [UInt8], _ logicalType: LogicalType?) -> String? {
    switch logicalType {
    case .decimal(let precision, _)? where precision <= SwiftContext.maxDecimalPrecision: decimal(bytes)
    case .bigDecimal?: nil
    default: array(bytes)
    }
  }

  private func union(_ value: JSONValue, _ branches: [Schema]) -> String? {
    // The first branch that the value fits is meant (specification 1.12, "Unions").
    let index = branches.firstIndex { branch in
      do throws(SchemaError) {
        try branch.checkDefault(value, types: context.namedTypes)
        return true
      } catch {
        return false
      }
    }
    guard let index else { return nil }
    if UnionShape(branches).optional != nil {
      return branches[index].isNull ? "nil" : expression(value, as: branches[index])
    }
    let name = Naming.memberNames(branches.map(\.caseName))[index]
    if branches[index].isNull { return ".\(name)" }
    return expression(value, as: branches[index]).map { ".\(name)(\($0))" }
  }

  private func named(_ value: JSONValue, _ type: TypeDefinition) -> String? {
    let name = context.names[type.name]
    switch (type.schema, value) {
    case (.enumeration(let enumeration), .string(let symbol)):
      guard let index = enumeration.symbols.firstIndex(of: symbol) else { return nil }
      typeNames.append(name)
      return "\(name).\(enumeration.caseNames[index])"
    case (.fixed(let fixed), .string(let text)):
      guard let bytes = bytes(text), bytes.count == fixed.size else { return nil }
      return self.fixed(bytes, fixed, name, isUUID: type.isUUID)
    case (.record(let record), .object):
      var arguments: [String?] = []
      for (field, property) in zip(record.fields, SwiftRecordPlan(record, context).properties) {
        if let given = value[field.name] {
          let label = Naming.label(property.name)
          arguments.append(expression(given, as: field.type).map { "\(label): \($0)" })
        } else if SwiftDefaults(context).expression(of: field) == nil {
          return nil
        }
      }
      typeNames.append(name)
      return list(arguments, empty: "[]").map { "\(name)(\($0.dropFirst().dropLast()))" }
    default: return nil
    }
  }

  private func fixed(_ bytes: [UInt8], _ fixed: FixedSchema, _ name: String, isUUID: Bool) -> String? {
    switch fixed.logicalType {
    case .uuid?: return uuid(bytes)
    case .decimal(let precision, _)? where precision <= SwiftContext.maxDecimalPrecision: return decimal(bytes)
    case .duration?:
      let numbers = [0, 4, 8].map { start in
        bytes[start..<start + 4].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
      }
      .map(swiftInteger)
      return "AvroDuration(months: \(numbers[0]), days: \(numbers[1]), millis: \(numbers[2]))"
    default:
      if isUUID { return uuid(bytes) }
      typeNames.append(name)
      if bytes.allSatisfy({ $0 == 0 }) { return "\(name)()" }
      return "\(name)(bytes: AvroFixedBytes(\(array(bytes)) as InlineArray<\(bytes.count), UInt8>))"
    }
  }

  /// Nil for a character past ISO-8859-1.
  private func bytes(_ text: String) -> [UInt8]? {
    let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
    return bytes.count == text.unicodeScalars.count ? bytes : nil
  }

  private func array(_ bytes: [UInt8]) -> String { "[\(bytes.map { String($0) }.joined(separator: ", "))]" }

  private func decimal(_ bytes: [UInt8]) -> String? {
    guard let first = bytes.first else { return nil }
    let kept = bytes.drop { $0 == (first >= 0x80 ? 0xFF : 0) }
    guard kept.count <= 16 else { return nil }
    var value: Int128 = first >= 0x80 ? -1 : 0
    for byte in kept { value = value << 8 | Int128(byte) }
    return (value < 0) == (first >= 0x80) ? "AvroDecimal(unscaled: \(swiftInteger(value)))" : nil
  }

  private func uuid(_ bytes: [UInt8]) -> String { "UUID(uuid: (\(bytes.map { String($0) }.joined(separator: ", "))))" }

  private func uuid(text: String) -> String? {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
    let digits = Array(groups.joined())
    let bytes = stride(from: 0, to: 32, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    return bytes.count == 16 && !text.contains("+") ? uuid(bytes) : nil
  }
}

/// `text` as a Swift string literal on one line.
func swiftLiteral(_ text: String) -> String {
  var literal = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": literal += "\\\""
    case "\\": literal += "\\\\"
    case "\n": literal += "\\n"
    case "\r": literal += "\\r"
    case "\t": literal += "\\t"
    case _ where scalar.isInvisible: literal += "\\u{\(String(scalar.value, radix: 16))}"
    default: literal.unicodeScalars.append(scalar)
    }
  }
  return literal + "\""
}

/// An integer literal, in groups of three digits from seven on, as swift format wants it.
func swiftInteger(_ value: some SignedInteger) -> String {
  let digits = Array(String(value.magnitude))
  guard digits.count > 6 else { return String(value) }
  var grouped = value < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0 && (digits.count - index) % 3 == 0 { grouped += "_" }
    grouped.append(digit)
  }
  return grouped
}

extension Unicode.Scalar {
  /// Cannot be seen in source text, or changes how what follows is shown.
  var isInvisible: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: false
    }
  }
}

extension EnumSchema {
  /// Swift names of the symbols.
  var caseNames: [String] { Naming.memberNames(symbols, unusable: Naming.enumerationMembers) }
}
