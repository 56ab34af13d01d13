import AvroSchema
import JSONText

/// Checks a field's default against its type and puts it into the specification's JSON form (1.12, "Complex Types").
struct DefaultValues {
  /// The definition of each named type.
  var definitions: [FullName: Schema]
  /// Nested unions of records can make the search for the branch that fits grow without end.
  private let budget = Budget()
  /// The default stands in a JSON schema, where `true` is no symbol, whatever symbols there are.
  private var isJSON = false

  init(definitions: [FullName: Schema]) {
    self.definitions = definitions
  }

  private final class Budget {
    var stepsLeft = 0
  }

  static let stepLimit = 100_000

  /// The default in JSON form. Throws the first thing that is wrong with it.
  /// - Parameter isJSON: whether it stands in an `.avsc` file; in YAML symbols of enums need no quotes.
  func check(_ node: Node, for schema: Schema, isJSON: Bool) throws(Problem) -> JSONValue {
    budget.stepsLeft = Self.stepLimit
    var values = self
    values.isJSON = isJSON
    do throws(Problem) {
      return try values.value(node, for: schema)
    } catch {
      guard budget.stepsLeft > 0 else {
        throw Problem(node.location, "bad default: no type found that fits in \(Self.stepLimit) steps")
      }
      throw error
    }
  }

  private func value(_ node: Node, for schema: Schema) throws(Problem) -> JSONValue {
    budget.stepsLeft -= 1
    guard budget.stepsLeft > 0 else {
      throw Problem(node.location, "bad default: too many types to try")
    }
    switch schema {
    case .primitive(let primitive, _): return try primitiveValue(node, primitive)
    case .array(let items):
      guard let nodes = node.items else { throw mismatch(node, "a list") }
      var values: [JSONValue] = []
      for node in nodes { values.append(try value(node, for: items)) }
      return .array(values)
    case .map(let type):
      guard let pairs = node.pairs else { throw mismatch(node, "a mapping") }
      var members: [JSONValue.Member] = []
      for pair in pairs { members.append(JSONValue.Member(pair.key, try value(pair.value, for: type))) }
      return .object(members)
    case .union(let branches): return try unionValue(node, branches)
    case .record(let record): return try recordValue(node, record)
    case .enumeration(let enumeration):
      guard let text = isJSON ? node.string : node.text else {
        throw mismatch(node, "a symbol of \(enumeration.name)\(isJSON && node.text != nil ? " in quotes" : "")")
      }
      if enumeration.symbols.contains(text) { return .string(text) }
      let hint = NearName.hint(text, among: enumeration.symbols)
      throw Problem(
        node.location, "bad default: \(quoted(text)) is not a symbol of \(enumeration.name)\(hint)")
    case .fixed(let fixed):
      let text = try bytesText(node, "\(fixed.size) bytes")
      guard text.unicodeScalars.count == fixed.size else {
        throw Problem(
          node.location,
          "bad default: \(fixed.name) has \(fixed.size) bytes, this has \(text.unicodeScalars.count)")
      }
      return .string(text)
    case .reference(let name):
      guard let definition = definitions[name] else { throw mismatch(node, name.description) }
      return try value(node, for: definition)
    }
  }

  private func mismatch(_ node: Node, _ wanted: String) -> Problem {
    let found = node.text.map { quoted($0) } ?? node.kind
    return Problem(node.location, "bad default: \(wanted) expected, found \(found)")
  }

  private func primitiveValue(_ node: Node, _ primitive: Schema.Primitive) throws(Problem) -> JSONValue {
    switch (primitive, node.value) {
    case (.null, .null): return .null
    case (.boolean, .bool(let flag)): return .bool(flag)
    case (.string, .string(let text)): return .string(text)
    case (.bytes, .some): return .string(try bytesText(node, "bytes"))
    case (.int, .integer(let text)):
      guard let number = Int32(text) else { throw outOfRange(node, primitive) }
      return .integer(Int64(number))
    case (.long, .integer(let text)):
      guard let number = Int64(text) else { throw outOfRange(node, primitive) }
      return .integer(number)
    case (.float, .integer(let text)), (.double, .integer(let text)):
      if let number = Int64(text) { return .integer(number) }
      return try floating(node, text, primitive)
    case (.float, .float(let text)), (.double, .float(let text)):
      return try floating(node, text, primitive)
    case (.string, .some(let other)) where other != .null:
      throw Problem(
        node.location, "bad default: string expected, found \(quoted(node.text ?? "")); put quotes around it")
    default:
      throw mismatch(node, primitive.rawValue)
    }
  }

  private func outOfRange(_ node: Node, _ primitive: Schema.Primitive) -> Problem {
    Problem(node.location, "bad default: \(quoted(node.text ?? "")) is out of the range of \(primitive.rawValue)")
  }

  private func floating(_ node: Node, _ text: String, _ primitive: Schema.Primitive) throws(Problem) -> JSONValue {
    guard let number = Double(text), number.isFinite, primitive == .double || Float(text)?.isFinite == true else {
      throw outOfRange(node, primitive)
    }
    return .double(number)
  }

  /// A byte a character: U+0000 to U+00FF.
  private func bytesText(_ node: Node, _ wanted: String) throws(Problem) -> String {
    guard let text = node.string else { throw mismatch(node, "\(wanted) as text in quotes") }
    guard text.unicodeScalars.allSatisfy({ $0.value < 0x100 }) else {
      throw Problem(node.location, "bad default: in bytes each character is one from U+0000 to U+00FF")
    }
    return text
  }

  private func unionValue(_ node: Node, _ branches: [Schema]) throws(Problem) -> JSONValue {
    var first: Problem?
    for branch in branches {
      do throws(Problem) {
        return try value(node, for: branch)
      } catch {
        if case .primitive(.null, _) = branch { continue }
        first = first ?? error
      }
    }
    let others = branches.filter { $0 != .primitive(.null) }
    // With one branch besides null its own message says most.
    if others.count == 1, let first { throw first }
    let kinds = branches.compactMap { TypeResolver.branchKind($0) }.joined(separator: ", ")
    throw mismatch(node, "one of \(kinds)")
  }

  private func recordValue(_ node: Node, _ record: RecordSchema) throws(Problem) -> JSONValue {
    guard let pairs = node.pairs else { throw mismatch(node, "a mapping of the fields of \(record.name)") }
    var members: [JSONValue.Member] = []
    for pair in pairs {
      guard let field = record.fields.first(where: { $0.name == pair.key }) else {
        let hint = NearName.hint(pair.key, among: record.fields.map(\.name))
        throw Problem(pair.keyLocation, "bad default: \(record.name) has no field \(quoted(pair.key))\(hint)")
      }
      members.append(JSONValue.Member(pair.key, try value(pair.value, for: field.type)))
    }
    for field in record.fields where field.defaultValue == nil && !pairs.contains(where: { $0.key == field.name }) {
      throw Problem(node.location, "bad default: field \(quoted(field.name)) of \(record.name) is missing")
    }
    return .object(members)
  }
}
