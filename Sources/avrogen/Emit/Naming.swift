/// How the names of definitions become Swift names.
///
/// - Types are UpperCamelCase, everything else is lowerCamelCase; words end at `_`, `.` and `-`. A name in capitals only
///   counts as words of small letters (`AUTO` is `auto`, `HTTP_STATUS` is `HttpStatus`), but a type name of one such
///   word stays (`SEPA`).
/// - What would start with a digit gets `T` before it when it is a type and `_` when not.
/// - A keyword is put between backticks. The few names that Swift does not take even so, or that would get in the way of
///   what is generated beside them, get `Value` behind them (`selfValue`).
/// - When a name is taken, a type gets `_` behind it, and a member `2`, `3` and so on (`x2` after a digit), because
///   members with an underscore are no lowerCamelCase. A name that is its own Swift name always keeps it; the others
///   choose in the order in which they are written.
enum Naming {
  static func typeName(_ name: String) -> String {
    let words = words(of: name)
    guard let first = words.first else { return "Underscore" }
    let isShout = isShout(name) && words.count > 1
    let joined = words.map { capitalized(isShout ? $0.lowercased() : $0) }.joined()
    return first.first?.isNumber == true ? "T" + joined : joined
  }

  /// Without backticks and without regard to reserved names.
  static func memberBase(_ name: String) -> String {
    var words = words(of: name)
    guard !words.isEmpty else { return "underscore" }
    if isShout(name) { words = words.map { $0.lowercased() } }
    let joined = lowercasedStart(words[0]) + words.dropFirst().map(capitalized).joined()
    return joined.first?.isNumber == true ? "_" + joined : joined
  }

  /// The Swift names of the types called `names`, in their order; none is in `taken`, to which they are added.
  static func typeNames(_ names: [String], taken: inout Set<String>) -> [String] {
    distinct(names, bases: names.map(typeName), taken: &taken) { base, _ in base + "_" }
  }

  /// The Swift names of the fields, cases or constants called `names`, in their order, with backticks where needed.
  ///
  /// - Parameter unusable: more names like those in ``unusableMembers``.
  static func memberNames(_ names: [String], unusable: Set<String> = []) -> [String] {
    let bases = names.map { name in
      let base = memberBase(name)
      return unusableMembers.contains(base) || unusable.contains(base) ? base + "Value" : base
    }
    var taken: Set<String> = []
    return distinct(names, bases: bases, taken: &taken) { base, attempt in
      base.last?.isNumber == true ? "\(base)x\(attempt)" : "\(base)\(attempt)"
    }
    .map(escaped)
  }

  /// `name` between backticks when it is a keyword.
  static func escaped(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

  /// `name` as the label of an argument: there keywords go without backticks, and the compiler minds them.
  static func label(_ name: String) -> String { name == "`inout`" ? name : name.filter { $0 != "`" } }

  /// `name` as a parameter, where three keywords mean something.
  static func parameter(_ name: String) -> String {
    ["`let`", "`var`"].contains(name) ? name : label(name)
  }

  /// First those that are their own Swift names, then the others, each in order.
  private static func distinct(
    _ names: [String], bases: [String], taken: inout Set<String>, next: (String, Int) -> String
  ) -> [String] {
    var result = bases
    let exact = names.indices.filter { names[$0] == bases[$0] }
    let mangled = names.indices.filter { names[$0] != bases[$0] }
    for index in exact + mangled {
      var candidate = bases[index]
      var attempt = 2
      while !taken.insert(candidate).inserted {
        candidate = next(attempt == 2 || candidate.hasSuffix("_") ? candidate : bases[index], attempt)
        attempt += 1
      }
      result[index] = candidate
    }
    return result
  }

  private static func words(of name: String) -> [String] {
    name.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && !(!$0.isASCII && $0.isLetter) }.map(String.init)
  }

  private static func isShout(_ name: String) -> Bool {
    name.contains { $0.isUppercase } && !name.contains { $0.isLowercase }
  }

  private static func capitalized(_ word: String) -> String { word.prefix(1).uppercased() + word.dropFirst() }

  /// `URLPath` is `urlPath`, `ID` is `id`, `Beat` is `beat`.
  private static func lowercasedStart(_ word: String) -> String {
    let run = word.prefix { $0.isUppercase }
    guard !run.isEmpty else { return word }
    let rest = word.dropFirst(run.count)
    let keepsLast = run.count > 1 && rest.first?.isLowercase == true
    return keepsLast ? run.dropLast().lowercased() + run.suffix(1) + rest : run.lowercased() + rest
  }
}

extension Naming {
  /// Words that a declaration or the start of an expression cannot be named by without backticks.
  static let keywords: Set<String> = [
    "any", "as", "associatedtype", "async", "await", "break", "case", "catch", "class", "consume", "continue", "copy",
    "default", "defer", "discard", "do", "each", "else", "enum", "extension", "fallthrough", "false", "fileprivate",
    "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let", "nil", "operator",
    "precedencegroup",
    "private", "protocol", "public", "repeat", "rethrows", "return", "some", "static", "struct", "subscript", "switch",
    "then", "throw", "throws", "true", "try", "typealias", "unsafe", "var", "where", "while", "yield",
  ]

  /// Members that Swift gives another meaning even between backticks, or that the generated type has already.
  static let unusableMembers: Set<String> = ["self", "init", "deinit", "super", "hashValue"]

  /// Members of a generated enum of symbols.
  static let enumerationMembers: Set<String> = [
    "allCases", "defaultSymbol", "rawValue", "schemaName", "schemaText", "symbol", "symbols",
  ]

  /// Members of a generated record.
  static let recordMembers: Set<String> = ["avroStorage"]

  /// Type names that generated code uses, or that a reader would take for something else.
  static let reservedTypes: Set<String> = [
    // The language and its library.
    "Any", "AnyHashable", "AnyObject", "Array", "Bool", "CaseIterable", "Character", "Codable", "CodingKey",
    "Comparable", "CustomStringConvertible", "Data", "Date", "Decodable", "Dictionary", "Double", "Encodable",
    "Equatable", "Error", "Float", "Float16", "Hashable", "Hasher", "Identifiable", "Int", "Int8", "Int16", "Int32",
    "Int64", "Int128", "Never", "Optional", "Protocol", "RawRepresentable", "Result", "Self", "Sendable", "Sequence",
    "Set", "String", "Substring", "Task", "Type", "UInt", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "UUID",
    "Void",
    // Modules.
    "AvroRuntime", "AvroSchema", "Foundation", "FoundationEssentials", "KafkaRuntime", "PostgresRuntime",
    "SchemaRegistry", "Swift", "TopologyModel",
    // TopologyModel and what is generated from topics.
    "AccessDescription", "DatabaseDescription", "KeyRule", "NamePattern", "RawTopic", "ServiceDescription",
    "SubjectDescription", "SubjectStrategy", "Topic", "TopicDescription", "TopicKey", "TopicPolicies", "TopicSchema",
    "TopicValue", "Topics", "Topology", "TopologyDescription",
    // PostgresRuntime.
    "PostgresDate", "PostgresError", "PostgresJSON", "PostgresNumeric", "PostgresRow", "PostgresRowReader",
    "PostgresTimestamp", "SQL",
    // AvroRuntime and what is generated beside it.
    "AvrogenIndex", "AvroBigDecimal", "AvroBox", "AvroDate", "AvroDecimal", "AvroDuration", "AvroError",
    "AvroFixedBytes",
    "AvroLocalTimestampMicros", "AvroLocalTimestampMillis", "AvroLocalTimestampNanos", "AvroMap", "AvroNamedValue",
    "AvroReader", "AvroRecord", "AvroTimeMicros", "AvroTimeMillis", "AvroTimestampMicros", "AvroTimestampMillis",
    "AvroTimestampNanos", "AvroValue", "AvroWriter", "AvroEnumeration",
    "AvroIntegerValue", "AvroLimits", "AvroNull", "AvroArrayView", "AvroBytesView", "AvroLocatedView", "AvroMapView",
    "AvroPackedRecord", "AvroPackedStorage", "AvroPackedStart", "AvroPlace", "AvroRecordView", "AvroStringView",
    "AvroView", "AvroDecodingFailure", "AvroOptionalView",
    // Nested in every record.
    "Packed", "Unpacked", "View",
  ]
}
