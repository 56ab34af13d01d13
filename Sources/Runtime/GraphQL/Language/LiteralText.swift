extension LiteralNode: CustomStringConvertible {
  /// As it would be written in a document: `{name: "x", list: [1, $y]}`.
  public var description: String {
    switch value {
    case .variable(let name): "$\(name)"
    case .int(let text), .float(let text), .enumeration(let text): text
    case .string(let text): Self.quoted(text)
    case .boolean(let value): value ? "true" : "false"
    case .null: "null"
    case .list(let items): "[" + items.map(\.description).joined(separator: ", ") + "]"
    case .object(let fields): "{" + fields.map { "\($0.name.text): \($0.value)" }.joined(separator: ", ") + "}"
    }
  }

  /// A string in quotes, with escapes where they are needed (October 2021, section 2.9.4).
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}": quoted += "\\u" + hexadecimal(scalar.value)
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
