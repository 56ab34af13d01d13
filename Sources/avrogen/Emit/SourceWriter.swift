/// Collects lines of source text, indented; everything that is emitted as text goes through here.
struct SourceWriter {
  /// Columns; what can be split is split so that no line is longer.
  static let maxColumns = 120

  private(set) var text = ""
  private var depth = 0

  /// Columns left on a line at the present depth.
  var width: Int { Self.maxColumns - 2 * depth }

  /// Adds one line; an empty one gets no indentation.
  mutating func line(_ content: String = "") {
    if !content.isEmpty {
      text += String(repeating: "  ", count: depth)
      text += content
    }
    text += "\n"
  }

  mutating func lines(_ contents: [String]) {
    for content in contents { line(content) }
  }

  /// `opening`, the lines of `body` one level deeper, `closing`.
  mutating func block(_ opening: String, closing: String = "}", _ body: (inout SourceWriter) -> Void) {
    line(opening)
    depth += 1
    body(&self)
    depth -= 1
    line(closing)
  }

  /// `opening`, if any, and the lines of `body` one level deeper.
  mutating func continued(_ opening: String? = nil, _ body: (inout SourceWriter) -> Void) {
    if let opening { line(opening) }
    depth += 1
    body(&self)
    depth -= 1
  }

  /// `prefix` + items + `suffix` on one line where that fits, else one item a line.
  mutating func list(_ prefix: String, _ items: [String], _ suffix: String) {
    let joined = prefix + items.joined(separator: ", ") + suffix
    if joined.count < width || items.isEmpty {
      line(joined)
      return
    }
    block(prefix, closing: suffix) { writer in
      for (index, item) in items.enumerated() {
        writer.line(index + 1 < items.count ? item + "," : item)
      }
    }
  }

  /// `case` and what it does on one line where that fits, else on two.
  mutating func branch(_ label: String, _ body: String) {
    if label.count + body.count < width {
      line("\(label) \(body)")
    } else {
      continued(label) { $0.line(body) }
    }
  }

  /// A comment of several lines, each starting with `marker`, wrapped at the last column.
  ///
  /// Control characters become spaces; a word longer than a line stays whole.
  mutating func comment(_ content: String, marker: String) {
    let columns = max(20, width - marker.count - 1)
    var paragraphs = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    while let last = paragraphs.last, last.allSatisfy(\.isWhitespace) { paragraphs.removeLast() }
    for paragraph in paragraphs {
      var current = ""
      for word in paragraph.split(whereSeparator: { $0.isWhitespace || $0.isControl }) {
        if !current.isEmpty && current.count + 1 + word.count > columns {
          line("\(marker) \(current)")
          current = ""
        }
        current += current.isEmpty ? String(word) : " " + word
      }
      line(current.isEmpty ? marker : "\(marker) \(current)")
    }
  }

  /// A Swift documentation comment; nothing for nil and for blank text.
  mutating func doc(_ content: String?) {
    guard let content, !content.allSatisfy({ $0.isWhitespace || $0.isControl }) else { return }
    comment(content, marker: "///")
  }
}

extension Character {
  /// C0, DEL and C1, which have no place in source text.
  var isControl: Bool {
    unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
