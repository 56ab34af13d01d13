/// A YAML or JSON value that knows where it stands.
struct Node: Sendable {
  var location: Location
  var content: Content
  /// Nodes in here, this one included and aliases expanded.
  var weight = 1
  /// Levels of nesting below this node.
  var height = 0

  enum Content: Sendable {
    /// `isPlain`: without quotes, so that `null`, `true` and `5` are no strings.
    case scalar(String, isPlain: Bool)
    case sequence([Node])
    case mapping([Pair])
  }

  /// One entry of a mapping.
  struct Pair: Sendable {
    var key: String
    var keyLocation: Location
    var value: Node
  }

  /// What kind of thing this is, for messages.
  var kind: String {
    switch content {
    case .scalar: "a scalar"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  var text: String? {
    if case .scalar(let text, _) = content { text } else { nil }
  }

  var pairs: [Pair]? {
    if case .mapping(let pairs) = content { pairs } else { nil }
  }

  var items: [Node]? {
    if case .sequence(let items) = content { items } else { nil }
  }

  /// A scalar by YAML 1.2's core rules; nil for lists and mappings.
  var value: ScalarValue? {
    guard case .scalar(let text, let isPlain) = content else { return nil }
    return isPlain ? ScalarValue(plain: text) : .string(text)
  }

  /// The text of a scalar that is a string; nil for numbers, booleans and null, which are strings only in quotes.
  var string: String? {
    if case .string(let text)? = value { text } else { nil }
  }

  /// `key:` with nothing behind it, or `null`.
  var isNull: Bool { value == .null }

  subscript(_ key: String) -> Node? { pairs?.first { $0.key == key }?.value }
}

/// What a plain scalar stands for. Numbers keep their text, so that none is rounded before it is checked.
enum ScalarValue: Equatable, Sendable {
  case null
  case bool(Bool)
  /// An optional sign and digits; may be out of the range of every integer type.
  case integer(String)
  /// With a fraction, an exponent, or one of `.inf` and `.nan`.
  case float(String)
  case string(String)

  init(plain text: String) {
    switch text {
    case "", "~", "null", "Null", "NULL": self = .null
    case "true", "True", "TRUE": self = .bool(true)
    case "false", "False", "FALSE": self = .bool(false)
    default: self = Self.number(text) ?? .string(text)
    }
  }

  /// The value of an integer that fits.
  var int64: Int64? {
    guard case .integer(let text) = self else { return nil }
    return Int64(text)
  }

  private static func number(_ text: String) -> ScalarValue? {
    var rest = Substring(text).utf8[...]
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
    if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(String(Substring(rest))) { return .float(text) }
    let whole = takeDigits(&rest)
    if rest.isEmpty { return whole > 0 ? .integer(text) : nil }
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      fraction = takeDigits(&rest)
    }
    guard whole + fraction > 0 else { return nil }
    if let mark = rest.first, mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
      guard takeDigits(&rest) > 0 else { return nil }
    }
    return rest.isEmpty ? .float(text) : nil
  }

  private static func takeDigits(_ rest: inout Substring.UTF8View) -> Int {
    var count = 0
    while let byte = rest.first, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
      rest = rest.dropFirst()
      count += 1
    }
    return count
  }
}
