@testable import GraphQLRuntime

/// The same numbers for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Documents over a schema that are mostly right, each with its chance of every mistake.
struct RandomDocument {
  var random: SeededGenerator
  let schema: GraphQLSchema
  private var usedVariables: Set<String> = []
  private var usedFragments: Set<String> = []
  /// Half of the documents are meant to be right.
  private var isSloppy = false
  /// Of the fragment that is being written; -1 in operations. Right documents spread only what comes later.
  private var fragmentNumber = -1
  private var aliasCount = 0

  init(seed: UInt64, schema: GraphQLSchema) {
    random = SeededGenerator(state: seed)
    self.schema = schema
  }

  static let variableTypes = [
    "v0": "Int", "v1": "String!", "v2": "[Int!]", "v3": "Filter", "v4": "ID", "v5": "Color", "v6": "Boolean!",
    "v7": "Int!", "v8": "[Filter]", "v9": "String",
  ]

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  /// A chance that only some documents take.
  private mutating func mistake(_ percent: Int) -> Bool { isSloppy && chance(percent) }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  mutating func document() -> String {
    usedVariables = []
    usedFragments = []
    isSloppy = chance(50)
    fragmentNumber = -1
    let operationCount = chance(75) ? 1 : Int.random(in: (isSloppy ? 0 : 1)...3, using: &random)
    var bodies: [(head: String, directives: String, set: String)] = []
    for number in 0..<operationCount {
      let kind = chance(75) ? "query" : pick(["mutation", "subscription"])
      let root = schema.rootType(of: OperationKind(rawValue: kind) ?? .query) ?? "Query"
      let isNamed = operationCount > 1 ? !mistake(15) : chance(60)
      let name = isNamed ? " Op\(mistake(20) ? 0 : number)" : ""
      bodies.append((kind + name, directives(), selectionSet(on: root, depth: 0)))
    }
    var fragments: [String] = []
    var written: Set<String> = []
    // Those that are spread, and at times one that is not.
    if mistake(6) { usedFragments.insert("F\(Int.random(in: 0...5, using: &random))") }
    while let name = usedFragments.subtracting(written).sorted().first {
      written.insert(name)
      fragmentNumber = Int(name.dropFirst()) ?? 0
      if mistake(4) { continue }
      for _ in 0..<(mistake(3) ? 2 : 1) {
        fragments.append(
          "fragment \(name) on \(condition(of: name))\(directives()) \(selectionSet(on: condition(of: name), depth: 2))"
        )
      }
    }
    var definitions = bodies.map { body in
      "\(body.head)\(variables())\(body.directives) \(body.set)"
    }
    definitions += fragments
    if definitions.isEmpty || mistake(2) { definitions.append("type Extra { field: String }") }
    if chance(20) { definitions.shuffle(using: &random) }
    return definitions.joined(separator: chance(50) ? "\n" : " ")
  }

  private let composites = ["Query", "Dog", "Cat", "Pet", "Named", "CatOrDog", "Human", "Mutation", "Subscription"]

  private static let conditions = ["Query", "Dog", "Pet", "Named", "CatOrDog", "Human"]

  /// Each fragment has a type of its own, but for some chance.
  private mutating func condition(of fragment: String) -> String {
    if mistake(4) { return pick(composites + ["String", "Filter", "Missing", "Color"]) }
    return Self.conditions[Int(fragment.dropFirst()) ?? 0]
  }

  private mutating func variables() -> String {
    var names = usedVariables.sorted().filter { _ in !mistake(7) }
    if mistake(5) { names.append(pick(Self.variableTypes.keys.sorted())) }
    if names.isEmpty { return "" }
    let definitions = names.map { name in
      let right = Self.variableTypes[name] ?? "Int"
      let type =
        !mistake(10) ? right : pick(["Int", "Dog", "Missing", "[String]", "String!", "Filter!", "Color", "[[Int]]!"])
      let defaultValue = chance(20) ? " = \(literal(type, depth: 1, isConstant: true))" : ""
      return "$\(name): \(type)\(defaultValue)\(mistake(5) ? directives() : "")"
    }
    return "(\(definitions.joined(separator: chance(50) ? ", " : " ")))"
  }

  private mutating func directives() -> String {
    guard chance(10) else { return "" }
    if !isSloppy { return " \(pick(["@skip", "@include"]))(if: \(literal("Boolean!", depth: 1)))" }
    return (0..<Int.random(in: 1...2, using: &random)).map { _ in
      pick([
        " @skip(if: \(literal("Boolean!", depth: 1)))", " @include(if: true)", " @many(text: \"x\")", " @many",
        " @onQuery", " @onField(filter: \(literal("Filter", depth: 1)))", " @unknown", " @skip", " @onVariable",
        " @onFragment", " @include(if: true, if: false)", " @skip(unless: true, if: $v6)",
      ])
    }.joined()
  }

  private mutating func selectionSet(on type: String, depth: Int) -> String {
    // A subscription has one field.
    if type == "Subscription", depth == 0, !isSloppy { return "{ \(field(on: type, depth: depth)) }" }
    let count = Int.random(in: 1...(depth > 3 ? 2 : 4), using: &random)
    let selections = (0..<count).map { _ in selection(on: type, depth: depth) }
    return "{ \(selections.joined(separator: chance(50) ? " " : "\n  ")) }"
  }

  private mutating func selection(on type: String, depth: Int) -> String {
    if depth < 5, chance(14) {
      let condition = chance(25) ? nil : pick(conditions(on: type, among: composites + ["Color", "Missing", type]))
      return "...\(condition.map { " on \($0)" } ?? "")\(directives()) "
        + selectionSet(on: condition ?? type, depth: depth + 1)
    }
    if depth < 6, chance(14) {
      let numbers = (0...5).filter { number in
        isSloppy || (number > fragmentNumber && !conditions(on: type, among: [Self.conditions[number]]).isEmpty)
      }
      guard !numbers.isEmpty else { return "__typename" }
      let name = "F\(pick(numbers))"
      usedFragments.insert(name)
      return "...\(name)\(directives())"
    }
    if chance(6) { return "__typename\(directives())" }
    return field(on: type, depth: depth)
  }

  /// Types that a fragment may be on where fields of a type are selected; for some documents any.
  private func conditions(on type: String, among names: [String]) -> [String] {
    if isSloppy { return names }
    guard let parent = schema.types[type] else { return [] }
    return names.filter { name in schema.types[name].map { $0.isComposite && schema.overlap($0, parent) } ?? false }
  }

  private mutating func field(on type: String, depth: Int) -> String {
    var fields = schema.types[type]?.fields.all ?? []
    if type == "Query", let query = schema.types[type], chance(4) {
      fields = ["__type", "__schema"].compactMap { schema.field($0, on: query) }
    }
    let leaves = fields.filter { schema.types[$0.type.name]?.isComposite == false }
    if depth > 4, !leaves.isEmpty { fields = leaves }
    guard !fields.isEmpty, !mistake(4) else {
      guard isSloppy else { return "__typename" }
      return pick(["name", "nmae", "bark", "missing", "meows(x: 1)", "owner { name }", "__type", "id"])
    }
    let field = pick(fields)
    var alias = chance(18) ? "\(pick(["a", "b", "name", "owner", "x"])): " : ""
    if !isSloppy {
      aliasCount += 1
      alias = "a\(aliasCount): "
    }
    let isComposite = schema.types[field.type.name]?.isComposite ?? false
    let set =
      isComposite != mistake(2) ? " " + selectionSet(on: isComposite ? field.type.name : "Dog", depth: depth + 1) : ""
    return "\(alias)\(field.name)\(arguments(field.arguments))\(directives())\(set)"
  }

  private mutating func arguments(_ definitions: [InputValue]) -> String {
    var arguments: [String] = []
    for definition in definitions where definition.isRequired ? !mistake(4) : chance(45) {
      arguments.append("\(definition.name): \(literal("\(definition.type)", depth: 0))")
      if mistake(2) { arguments.append("\(definition.name): \(literal("\(definition.type)", depth: 0))") }
    }
    if mistake(3) { arguments.append("\(pick(["nope", "limt", "x"])): \(literal("Int", depth: 0))") }
    return arguments.isEmpty ? "" : "(\(arguments.joined(separator: chance(50) ? ", " : " ")))"
  }

  /// A value of a type as it is written, mostly.
  private mutating func literal(_ type: String, depth: Int, isConstant: Bool = false) -> String {
    if !isConstant, chance(18) {
      let base = type.filter { $0 != "!" }
      let fitting = Self.variableTypes.filter { name, own in
        own == type || own == type + "!" || (isSloppy && own.filter { $0 != "!" } == base)
      }.keys.sorted()
      if fitting.isEmpty, !isSloppy { return literal(type, depth: depth, isConstant: true) }
      let name = !mistake(10) && !fitting.isEmpty ? pick(fitting) : pick(Self.variableTypes.keys.sorted() + ["v10"])
      usedVariables.insert(name)
      return "$\(name)"
    }
    if mistake(6) {
      return pick([
        "1", "1.5", "\"text\"", "true", "null", "RED", "[1, 2]", "{ a: 1 }", "[]", "{}", "99999999999", "-0", "\"\"",
        "[[1]]", "{ a: 1, a: 2 }", "1e3",
      ])
    }
    if type.hasSuffix("!") { return literal(String(type.dropLast()), depth: depth, isConstant: isConstant) }
    if type.hasPrefix("[") {
      let item = String(type.dropFirst().dropLast())
      if chance(10) { return literal(item, depth: depth + 1, isConstant: isConstant) }
      let count = depth > 3 ? 0 : Int.random(in: 0...2, using: &random)
      return
        "[\((0..<count).map { _ in literal(item, depth: depth + 1, isConstant: isConstant) }.joined(separator: " "))]"
    }
    switch schema.types[type] {
    case .enumeration(let type): return mistake(5) ? "REDD" : pick(type.values).name
    case .inputObject(let type):
      var fields = type.fields.filter { $0.isRequired ? !mistake(20) : chance(depth > 2 ? 15 : 50) }
      if depth > 4 { fields = fields.filter { $0.type.name != type.name } }
      var texts = fields.map { "\($0.name): \(literal("\($0.type)", depth: depth + 1, isConstant: isConstant))" }
      if mistake(3) { texts.append("nope: 1") }
      return "{ \(texts.joined(separator: ", ")) }"
    default: break
    }
    return switch type {
    case "Int": pick(["0", "-1", "42", "2147483647", "-2147483648"])
    case "Float": pick(["1", "0.5", "-1e10", "6.02E23"])
    case "Boolean": pick(["true", "false"])
    case "ID": pick(["1", "\"abc\""])
    case "Anything": pick(["1", "{ a: [1, \"x\", RED] }", "null", "[{}]", "\"y\"", "ENUM"])
    default:
      pick([
        // One letter in two normal forms, raw and escaped, and blocks.
        "\"\u{E9}\"", "\"e\u{301}\"", "\"e\\u0301\"", "\"\"\"e\u{301}\"\"\"", "\"\"\"\n  two\n    lines\n\"\"\"",
        "\"text\"", "\"\\u00e9\\n\"", "\"😀\"", "\"\\\"q\\\"\"", "\"\"",
      ])
    }
  }

  // MARK: Mutations

  /// The text with a few characters or tokens changed.
  mutating func mutated(_ text: String) -> String {
    var scalars = Array(text.unicodeScalars)
    let pieces: [String] = [
      "{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "|", "&", "=", "...", "\"", "\\", "#", ",", "\n", "\r\n", "\r",
      "é", "😀", "0", "01", "-", "1.", "1.5e", ".5", "e", "_", "on", "fragment", "query", "null", "\"\\u00\"",
      "\"\\u{1F600}\"", "\"\\uD83D\\uDE00\"", "\"\\uD83D\"", "\"unterminated", "\u{FEFF}", "\u{0}", "'", "..", "type",
      "extend", "\"\"\"block\n   text\"\"\"", "# comment\n", "\t", "$v0", "@skip(if: true)", "{}", "[]", "()",
    ]
    for _ in 0..<Int.random(in: 1...3, using: &random) where !scalars.isEmpty {
      let start = Int.random(in: 0..<scalars.count, using: &random)
      let end = min(scalars.count, start + Int.random(in: 1...6, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: scalars.removeSubrange(start..<end)
      case 1: scalars.insert(contentsOf: Array(pick(pieces).unicodeScalars), at: start)
      case 2: scalars.replaceSubrange(start..<end, with: Array(pick(pieces).unicodeScalars))
      default: scalars.insert(contentsOf: Array(scalars[start..<end]), at: start)
      }
    }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }
}
