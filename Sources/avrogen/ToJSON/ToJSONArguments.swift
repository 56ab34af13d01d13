/// What `avrogen tojson` was asked for.
struct ToJSONArguments: Equatable {
  enum Format: String, CaseIterable {
    /// Told by the first bytes of each file.
    case auto
    case container, single, confluent, raw
  }

  /// For people: without union branches, with times and decimals written out.
  var isPlain = false
  var schemaFile: String?
  var format = Format.auto
  /// In the order given; `-` is standard input.
  var files: [String] = []

  static let options = ["--plain", "--schema", "--format"]

  init(_ arguments: [String]) throws(Invocation.UsageError) {
    var rest = arguments[...]
    var isLiteral = false
    while let argument = rest.popFirst() {
      if isLiteral || argument == "-" || !argument.hasPrefix("-") {
        files.append(argument)
        continue
      }
      var name = argument
      var value: String?
      if let equals = argument.firstIndex(of: "=") {
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
      }
      switch name {
      case "--" where value == nil: isLiteral = true
      case "--plain" where value == nil: isPlain = true
      case "--schema":
        guard schemaFile == nil else { throw Invocation.UsageError(message: "--schema is given twice") }
        schemaFile = try Self.value(of: name, value ?? rest.popFirst())
      case "--format": try setFormat(Self.value(of: name, value ?? rest.popFirst()))
      default:
        throw Invocation.UsageError(
          message: "unknown option \(quoted(name)) of tojson\(NearName.hint(name, among: Self.options))")
      }
    }
    if files.isEmpty { files = ["-"] }
    if schemaFile == nil, format != .auto, format != .container {
      throw Invocation.UsageError(message: "\(format.rawValue) bytes have no schema with them: add --schema FILE.avsc")
    }
  }

  private mutating func setFormat(_ text: String) throws(Invocation.UsageError) {
    guard let known = Format(rawValue: text) else {
      let names = Format.allCases.map(\.rawValue)
      throw Invocation.UsageError(
        message: "unknown format \(quoted(text))\(NearName.hint(text, among: names)): one of "
          + names.joined(separator: ", "))
    }
    format = known
  }

  private static func value(of name: String, _ value: String?) throws(Invocation.UsageError) -> String {
    guard let value, !value.isEmpty else { throw Invocation.UsageError(message: "\(name) needs a value") }
    return value
  }
}
