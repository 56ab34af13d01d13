/// A value of YAML, as far as definitions need one.
indirect enum YAMLValue {
  /// As it stands: numbers, `true`, `null`, words that need no quotes.
  case plain(String)
  /// A string.
  case text(String)
  /// A string of which each character is a byte.
  case bytes(String)
  /// `isOpen`: a line for each item, however short.
  case list([YAMLValue], isOpen: Bool = false)
  case mapping([Pair])

  struct Pair {
    var key: String
    var value: YAMLValue
    /// The value never stands on the line of its key.
    var isOpen = false

    init(_ key: String, _ value: YAMLValue, isOpen: Bool = false) {
      self.key = key
      self.value = value
      self.isOpen = isOpen
    }
  }

  /// Lists and mappings inside each other.
  var height: Int {
    switch self {
    case .plain, .text, .bytes: 0
    case .list(let items, _): 1 + (items.map(\.height).max() ?? 0)
    case .mapping(let pairs): 1 + (pairs.map(\.value.height).max() ?? 0)
    }
  }

  /// Values and keys in here, this one included.
  var count: Int {
    switch self {
    case .plain, .text, .bytes: 1
    case .list(let items, _): items.reduce(1) { $0 + $1.count }
    case .mapping(let pairs): pairs.reduce(1) { $0 + 1 + $1.value.count }
    }
  }
}

/// YAML for people: what is short stands on one line, in brackets and braces; everything else is indented.
///
/// Strings go without quotes when YAML 1.1 and 1.2 both take them for strings.
struct YAMLText {
  private static let maxColumns = 110
  /// Longer keys are not found by their colon; YAML's limit is 1,024 characters.
  private static let maxKeyBytes = 1_000

  private var output = ""

  /// Ends with a newline.
  static func text(of root: YAMLValue) -> String {
    var writer = YAMLText()
    if case .mapping(let pairs) = root { writer.write(pairs, indentation: 0, isFirstInline: false) }
    return writer.output
  }

  /// The lines of `text` as comments, whatever it holds.
  static func comment(_ text: String?) -> String {
    guard let text else { return "" }
    return text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { line in
      let kept = line.unicodeScalars.map { isPrintable($0) ? Character($0) : "?" }
      return kept.isEmpty ? "#\n" : "# \(String(kept))\n"
    }.joined()
  }

  // MARK: Blocks

  /// `isFirstInline`: the first key goes behind what is on the line already.
  private mutating func write(_ pairs: [YAMLValue.Pair], indentation: Int, isFirstInline: Bool) {
    let margin = String(repeating: " ", count: indentation)
    for (index, pair) in pairs.enumerated() {
      if index > 0 || !isFirstInline { output += margin }
      let key = Self.scalar(.text(pair.key), isFlow: false)
      if key.utf8.count > Self.maxKeyBytes {
        output += "? \(key)\n\(margin):"
        writeBehind(pair, column: indentation + 1, indentation: indentation)
      } else {
        output += "\(key):"
        writeBehind(pair, column: indentation + key.count + 1, indentation: indentation)
      }
    }
  }

  private mutating func writeBehind(_ pair: YAMLValue.Pair, column: Int, indentation: Int) {
    let inner = indentation + 2
    if let lines = Self.literal(pair.value, indentation: inner) {
      output += " \(lines)"
      return
    }
    switch pair.value {
    case .plain, .text, .bytes: output += " \(Self.scalar(pair.value, isFlow: false))\n"
    case .list(let items, _) where items.isEmpty: output += " []\n"
    case .mapping(let pairs) where pairs.isEmpty: output += " {}\n"
    default:
      if !pair.isOpen, let flow = Self.flow(pair.value, room: Self.maxColumns - column) {
        output += " \(flow)\n"
      } else {
        output += "\n"
        writeBlock(pair.value, indentation: inner)
      }
    }
  }

  private mutating func writeBlock(_ value: YAMLValue, indentation: Int) {
    switch value {
    case .mapping(let pairs): write(pairs, indentation: indentation, isFirstInline: false)
    case .list(let items, false) where items.allSatisfy({ $0.height == 0 }):
      writeWrapped(items, indentation: indentation)
    case .list(let items, _):
      let margin = String(repeating: " ", count: indentation)
      for item in items {
        output += "\(margin)- "
        writeItem(item, indentation: indentation + 2)
      }
    case .plain, .text, .bytes: output += "\(Self.scalar(value, isFlow: false))\n"
    }
  }

  private mutating func writeItem(_ item: YAMLValue, indentation: Int) {
    switch item {
    case .mapping(let pairs) where !pairs.isEmpty:
      write(pairs, indentation: indentation, isFirstInline: true)
    case .list(let items, _) where !items.isEmpty:
      if let flow = Self.flow(item, room: Self.maxColumns - indentation) {
        output += "\(flow)\n"
      } else {
        // A list that begins on the line of its dash.
        var isFirst = true
        for item in items {
          output += (isFirst ? "" : String(repeating: " ", count: indentation)) + "- "
          isFirst = false
          writeItem(item, indentation: indentation + 2)
        }
      }
    case .list: output += "[]\n"
    case .mapping: output += "{}\n"
    case .plain, .text, .bytes: output += "\(Self.scalar(item, isFlow: false))\n"
    }
  }

  /// Many short items: in brackets over as many lines as it takes.
  private mutating func writeWrapped(_ items: [YAMLValue], indentation: Int) {
    let margin = String(repeating: " ", count: indentation)
    var line = "\(margin)["
    for (index, item) in items.enumerated() {
      let text = Self.scalar(item, isFlow: true) + (index + 1 < items.count ? "," : "]")
      if line.count + text.count + 1 > Self.maxColumns, line.count > indentation + 1 {
        output += line + "\n"
        line = "\(margin) "
      }
      line += line.hasSuffix("[") || line.count == indentation + 1 ? text : " \(text)"
    }
    output += line + "\n"
  }

  // MARK: Flows

  /// One line in brackets or braces; nil when there is not room for it.
  private static func flow(_ value: YAMLValue, room: Int) -> String? {
    guard room > 0 else { return nil }
    switch value {
    case .plain, .text, .bytes:
      let text = scalar(value, isFlow: true)
      // What has several lines reads better as a block.
      if case .text(let content) = value, content.contains("\n") { return nil }
      return text.count <= room ? text : nil
    case .list(let items, let isOpen):
      guard !isOpen || items.isEmpty else { return nil }
      var parts: [String] = []
      var rest = room - 2
      for item in items {
        guard let text = flow(item, room: rest) else { return nil }
        rest -= text.count + 2
        parts.append(text)
      }
      return rest >= -2 ? "[\(parts.joined(separator: ", "))]" : nil
    case .mapping(let pairs):
      if pairs.isEmpty { return "{}" }
      var parts: [String] = []
      var rest = room - 4
      for pair in pairs {
        let key = scalar(.text(pair.key), isFlow: true)
        guard !pair.isOpen, let text = flow(pair.value, room: rest - key.count - 2) else { return nil }
        rest -= key.count + text.count + 4
        parts.append("\(key): \(text)")
      }
      return rest >= -2 ? "{ \(parts.joined(separator: ", ")) }" : nil
    }
  }

  // MARK: Scalars

  private static func scalar(_ value: YAMLValue, isFlow: Bool) -> String {
    switch value {
    case .plain(let text): text
    case .text(let text): isPlain(text, isFlow: isFlow) ? text : quotes(text, isBytes: false)
    case .bytes(let text): quotes(text, isBytes: true)
    case .list, .mapping: ""
    }
  }

  /// Words that are null or a truth value in YAML 1.1 or 1.2, in small letters.
  private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

  /// Whether `text` is a string, and itself, without quotes. Says no when in doubt.
  static func isPlain(_ text: String, isFlow: Bool) -> Bool {
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last, last != " " else { return false }
    guard first == "_" || first.properties.isAlphabetic, !words.contains(text.lowercased()) else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", " ", "_", ".", "-", "/", "(", ")", "+", "=", ";", "'", "\"", "$", "%": true
      case ",", "?": !isFlow
      default: scalar.value > 0xA0 && isPrintable(scalar)
      }
    }
  }

  /// What avrogen takes as it is. Line breaks other than the usual ones are not among it.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  private static func quotes(_ text: String, isBytes: Bool) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      default:
        if isPrintable(scalar) && (!isBytes || scalar.isASCII) {
          output.unicodeScalars.append(scalar)
        } else {
          output += escape(scalar.value)
        }
      }
    }
    return output + "\""
  }

  private static func escape(_ value: UInt32) -> String {
    let (mark, digits) = value <= 0xFF ? ("x", 2) : value <= 0xFFFF ? ("u", 4) : ("U", 8)
    let hex = String(value, radix: 16)
    return "\\\(mark)\(String(repeating: "0", count: digits - hex.count))\(hex)"
  }

  /// Text of several lines as a block of them, with a newline at the end; nil for everything else.
  private static func literal(_ value: YAMLValue, indentation: Int) -> String? {
    guard case .text(let text) = value, text.unicodeScalars.contains("\n") else { return nil }
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
    let endsWithBreak = lines.last?.isEmpty == true
    if endsWithBreak { lines.removeLast() }
    // Where blank lines or spaces begin or end the text, how many there are would have to be told as well.
    guard let first = lines.first, let last = lines.last, !first.isEmpty, !last.isEmpty else { return nil }
    for line in lines {
      guard line.unicodeScalars.allSatisfy({ isPrintable($0) }), !line.unicodeScalars.starts(with: " ".unicodeScalars)
      else { return nil }
    }
    let margin = String(repeating: " ", count: indentation)
    let body = lines.map { $0.isEmpty ? "\n" : "\(margin)\($0)\n" }.joined()
    return (endsWithBreak ? "|\n" : "|-\n") + body
  }
}
