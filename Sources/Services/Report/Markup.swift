/// An element of SVG or HTML; texts are escaped when it is written.
struct Markup {
  enum Child {
    case element(Markup)
    case text(String)
  }

  private static let void: Set<String> = ["meta", "input", "br"]

  var name: String
  var attributes: [(String, String)]
  var children: [Child]

  init(_ name: String, _ attributes: [(String, String)] = [], _ children: [Markup] = []) {
    self.name = name
    self.attributes = attributes
    self.children = children.map { .element($0) }
  }

  init(_ name: String, _ attributes: [(String, String)] = [], text: String) {
    self.name = name
    self.attributes = attributes
    children = [.text(text)]
  }

  /// As it stands in a file.
  var text: String {
    var output = ""
    write(to: &output)
    return output
  }

  func write(to output: inout String) {
    output += "<\(name)"
    for (name, value) in attributes { output += " \(name)=\"\(Self.escaped(value))\"" }
    if children.isEmpty {
      // HTML has no short form for elements that may have content, SVG takes both.
      output += Self.void.contains(name) ? ">" : "></\(name)>"
      return
    }
    output += ">"
    for child in children {
      switch child {
      case .element(let element): element.write(to: &output)
      case .text(let text): output += Self.escaped(text)
      }
    }
    output += "</\(name)>"
  }

  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      // XML has no way to write the others.
      case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
