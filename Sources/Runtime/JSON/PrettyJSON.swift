/// JSON for people: two spaces a level, short arrays and objects on one line.
public enum PrettyJSON {
  private static let maxColumns = 100

  /// Ends with a newline. What no editor shows, and avrogen takes in no file, is escaped.
  public static func text(of value: JSONValue) -> String {
    var output = ""
    write(value, indentation: "", to: &output, room: maxColumns)
    return escaped(output) + "\n"
  }

  /// Such characters are found in strings only; the others of that kind are escaped already.
  private static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnseen) else { return text }
    var output = ""
    for scalar in text.unicodeScalars {
      if isUnseen(scalar) {
        let hex = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      } else {
        output.unicodeScalars.append(scalar)
      }
    }
    return output
  }

  /// Delete and the second set of controls, ends of lines that JSON does not know, the byte order mark, noncharacters.
  private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: false
    }
  }

  private static func write(_ value: JSONValue, indentation: String, to output: inout String, room: Int) {
    let inner = indentation + "  "
    switch value {
    case .array(let items) where !items.isEmpty && !fits(value, room):
      output += "["
      for (index, item) in items.enumerated() {
        output += index == 0 ? "\n\(inner)" : ",\n\(inner)"
        write(item, indentation: inner, to: &output, room: maxColumns - inner.count)
      }
      output += "\n\(indentation)]"
    case .object(let members) where !members.isEmpty && !fits(value, room):
      output += "{"
      for (index, member) in members.enumerated() {
        output += index == 0 ? "\n\(inner)" : ",\n\(inner)"
        let name = JSONValue.string(member.name).text + ": "
        output += name
        write(member.value, indentation: inner, to: &output, room: maxColumns - inner.count - name.count)
      }
      output += "\n\(indentation)}"
    default: output += oneLine(value)
    }
  }

  private static func fits(_ value: JSONValue, _ room: Int) -> Bool {
    if case .object(let members) = value, members.contains(where: { $0.value.isDeep }) { return false }
    return oneLine(value).count < room
  }

  private static func oneLine(_ value: JSONValue) -> String {
    switch value {
    case .array(let items): "[" + items.map(oneLine).joined(separator: ", ") + "]"
    case .object(let members) where members.isEmpty: "{}"
    case .object(let members):
      "{ " + members.map { JSONValue.string($0.name).text + ": " + oneLine($0.value) }.joined(separator: ", ") + " }"
    default: value.text
    }
  }
}

extension JSONValue {
  /// An array or object that holds an array or object of more than a few members.
  fileprivate var isDeep: Bool {
    switch self {
    case .array(let items): items.contains { if case .object = $0 { true } else { false } }
    case .object(let members): members.contains { $0.value.isDeep }
    default: false
    }
  }
}
