/// Reads an `.avsc` file into located nodes: RFC 8259, nothing beyond it.
///
/// Strings become quoted scalars; numbers, `true`, `false` and `null` plain ones, so that both formats mean the same to
/// everything that follows.
struct JSONReader {
  private let bytes: [UInt8]
  private let file: Int
  private let diagnostics: Diagnostics
  private var index = 0
  private var line = 1
  private var column = 1
  private var nodeCount = 0

  /// Gives nil, with at least one problem in `diagnostics`, where the text is not one JSON value.
  static func read(_ source: SourceText, diagnostics: Diagnostics) -> Node? {
    var reader = JSONReader(bytes: source.bytes, file: source.file, diagnostics: diagnostics)
    do throws(Problem) {
      reader.skipSpace()
      guard reader.peek != nil else { throw Problem(reader.location, "the file is empty") }
      let node = try reader.readValue(depth: 0)
      reader.skipSpace()
      guard reader.peek == nil else { throw Problem(reader.location, "not JSON: text after the end of the value") }
      return node
    } catch {
      diagnostics.add(error)
      return nil
    }
  }

  private init(bytes: [UInt8], file: Int, diagnostics: Diagnostics) {
    self.bytes = bytes
    self.file = file
    self.diagnostics = diagnostics
  }

  private var location: Location { Location(file: file, line: line, column: column) }

  private var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func advance() {
    let byte = bytes[index]
    index += 1
    let isBareReturn = byte == UInt8(ascii: "\r") && peek != UInt8(ascii: "\n")
    if byte == UInt8(ascii: "\n") || isBareReturn {
      line += 1
      column = 1
    } else if byte & 0xC0 != 0x80, byte != UInt8(ascii: "\r") {
      column += 1
    }
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { advance() }
  }

  private func unexpected(_ wanted: String) -> Problem {
    guard peek != nil else { return Problem(location, "not JSON: \(wanted) expected, but the file ends here") }
    let end = bytes[index...].prefix(4).dropFirst().prefix { $0 & 0xC0 == 0x80 }.count
    let shown = String(decoding: bytes[index...(index + end)], as: UTF8.self)
    return Problem(location, "not JSON: \(wanted) expected, found \(quoted(shown))")
  }

  private mutating func readValue(depth: Int) throws(Problem) -> Node {
    let start = location
    nodeCount += 1
    guard nodeCount <= InputLimits.nodes else {
      throw Problem(start, "more than \(InputLimits.nodes) values in one file")
    }
    switch peek {
    case UInt8(ascii: "{"):
      return try readObject(start, depth: depth + 1)
    case UInt8(ascii: "["):
      return try readArray(start, depth: depth + 1)
    case UInt8(ascii: "\""):
      return Node(location: start, content: .scalar(try readString(), isPlain: false))
    default:
      return Node(location: start, content: .scalar(try readWord(), isPlain: true))
    }
  }

  private func checkDepth(_ depth: Int, _ location: Location) throws(Problem) {
    guard depth <= InputLimits.nesting else {
      throw Problem(location, "nested deeper than \(InputLimits.nesting) levels")
    }
  }

  private mutating func readArray(_ start: Location, depth: Int) throws(Problem) -> Node {
    try checkDepth(depth, start)
    advance()
    var items: [Node] = []
    skipSpace()
    if peek == UInt8(ascii: "]") {
      advance()
      return Node(location: start, content: .sequence([]))
    }
    while true {
      items.append(try readValue(depth: depth))
      skipSpace()
      if peek == UInt8(ascii: "]") { break }
      guard peek == UInt8(ascii: ",") else { throw unexpected("',' or ']'") }
      advance()
      skipSpace()
    }
    advance()
    return Node(location: start, content: .sequence(items))
  }

  private mutating func readObject(_ start: Location, depth: Int) throws(Problem) -> Node {
    try checkDepth(depth, start)
    advance()
    var pairs: [Node.Pair] = []
    var seen: [String: Location] = [:]
    skipSpace()
    if peek == UInt8(ascii: "}") {
      advance()
      return Node(location: start, content: .mapping([]))
    }
    while true {
      let keyLocation = location
      guard peek == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
      let key = try readString()
      skipSpace()
      guard peek == UInt8(ascii: ":") else { throw unexpected("':'") }
      advance()
      skipSpace()
      let value = try readValue(depth: depth)
      if let first = seen[key] {
        diagnostics.error(keyLocation, "duplicate key \(quoted(key)); the first is in line \(first.line)")
      } else {
        seen[key] = keyLocation
        pairs.append(Node.Pair(key: key, keyLocation: keyLocation, value: value))
      }
      skipSpace()
      if peek == UInt8(ascii: "}") { break }
      guard peek == UInt8(ascii: ",") else { throw unexpected("',' or '}'") }
      advance()
      skipSpace()
    }
    advance()
    return Node(location: start, content: .mapping(pairs))
  }

  /// A number, `true`, `false` or `null`.
  private mutating func readWord() throws(Problem) -> String {
    let start = location
    let first = index
    while let byte = peek, isWordByte(byte) { advance() }
    guard index > first else { throw unexpected("a value") }
    let word = String(decoding: bytes[first..<index], as: UTF8.self)
    guard ["true", "false", "null"].contains(word) || isNumber(bytes[first..<index]) else {
      throw Problem(start, "not JSON: \(quoted(word)) is no value")
    }
    try checkLength(index - first, start)
    return word
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// JSON's grammar is narrower than YAML's: no plus sign, no leading zero, digits on both sides of the point.
  private func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
    var rest = word
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    func takeDigits() -> Int {
      let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
      rest = rest.dropFirst(digits.count)
      return digits.count
    }
    let leading = rest.first
    let whole = takeDigits()
    guard whole == 1 || whole > 1 && leading != UInt8(ascii: "0") else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard takeDigits() > 0 else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard takeDigits() > 0 else { return false }
    }
    return rest.isEmpty
  }

  private func checkLength(_ count: Int, _ start: Location) throws(Problem) {
    guard count <= InputLimits.scalarBytes else {
      throw Problem(start, "a scalar of \(count) bytes; the limit is \(InputLimits.scalarBytes)")
    }
  }

  private mutating func readString() throws(Problem) -> String {
    let start = location
    advance()
    var text: [UInt8] = []
    while true {
      guard let byte = peek else { throw Problem(start, "not JSON: this string has no end") }
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        try checkLength(text.count, start)
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        let scalar = try readEscape()
        text.append(contentsOf: String(Character(scalar)).utf8)
      case 0..<0x20:
        throw Problem(location, "not JSON: a line break or tab in a string; write \\n or \\t")
      default:
        text.append(byte)
        advance()
      }
    }
  }

  private mutating func readEscape() throws(Problem) -> Unicode.Scalar {
    let start = location
    advance()
    guard let byte = peek else { throw unexpected("an escape") }
    let simple: [UInt8: Unicode.Scalar] = [
      UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
      UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
    ]
    if let scalar = simple[byte] {
      advance()
      return scalar
    }
    guard byte == UInt8(ascii: "u") else { throw Problem(start, "not JSON: unknown escape in a string") }
    let first = try readUnit(start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, peek == UInt8(ascii: "\\") else {
      throw Problem(start, "not JSON: half of a surrogate pair")
    }
    advance()
    guard peek == UInt8(ascii: "u") else { throw Problem(start, "not JSON: half of a surrogate pair") }
    let second = try readUnit(start)
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10) + UInt32(second - 0xDC00))
    else {
      throw Problem(start, "not JSON: half of a surrogate pair")
    }
    return scalar
  }

  /// The four digits behind `u`.
  private mutating func readUnit(_ start: Location) throws(Problem) -> UInt16 {
    advance()
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw Problem(start, "not JSON: four hexadecimal digits must follow \\u")
      }
      unit = unit << 4 | UInt16(digit)
      advance()
    }
    return unit
  }
}
