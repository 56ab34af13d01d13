/// Texts for ``HostileTests``. One function a kind, which keeps the compiler fast.
enum HostileDocuments {
  static func nested(_ open: String, _ count: Int, _ middle: String = "", _ close: String = "") -> String {
    var text = String(repeating: open, count: count)
    text += middle
    text += String(repeating: close, count: count)
    return text
  }

  static func repeated(_ count: Int, _ part: (Int) -> String) -> String {
    var text = ""
    for number in 0..<count { text += part(number) }
    return text
  }

  /// Fragments that spread each the next, with `body` around the spread.
  static func chain(_ count: Int, _ body: (String) -> String) -> String {
    "{ ...F0 } "
      + repeated(count) { number in
        let next = number + 1 < count ? "...F\(number + 1)" : "count"
        return "fragment F\(number) on Query { \(body(next)) } "
      }
  }

  static var deep: [String] {
    let count = 100_000
    var texts = [
      nested("{a", count, "", "}"), nested("{a{b", count, "", "}}"), nested("{...", count, "{a}", "}"),
      nested("[", count), nested("{a(b:[", count),
    ]
    texts.append("{f(a:\(nested("[", count, "1", "]")))}")
    texts.append("{f(a:\(nested("{a:", count, "1", "}")))}")
    texts.append("query($a:\(nested("[", count, "Int", "]"))){a}")
    texts.append("query($a:Int=\(nested("[{a:", count, "1", "}]"))){a}")
    texts.append("{a@b(c:\(nested("[", count, "", "]")))}")
    texts.append("type T{f(a:\(nested("[", count, "Int", "]"))):Int}")
    return texts
  }

  /// What parsing refuses with the limits that are there unless one sets others, and the name of the limit.
  static var overParsingLimits: [(limit: String, text: String)] {
    [
      ("maxDocumentBytes", "{a}#" + String(repeating: "x", count: 70_000)),
      ("maxTokens", "{\(nested("a ", 6_000))}"), ("maxTokens", "{f(a:[\(nested("1 ", 6_000))])}"),
      ("maxDepth", nested("{a", 31, "", "}")), ("maxDepth", "{f(a:\(nested("[", 31, "1", "]")))}"),
      ("maxDepth", "query($a:\(nested("[", 31, "Int", "]"))){a}"),
    ]
  }

  /// The same for validation.
  static var overValidationLimits: [(limit: String, text: String)] {
    let pets = nested("{ pets { ... on Dog { owner ", 9, "{ name }", "} } }")
    let friends = "friends(limit: 2147483647)"
    let fragments = repeated(400) { number in " fragment F\(number) on Dog { id name }" }
    return [
      ("maxDepth", chain(400) { $0 }), ("maxDepth", chain(400) { "\($0) count" }),
      ("maxDepth", "{ human { ...F } } fragment F on Human { ...G } fragment G on Human \(pets)"),
      ("maxCost", chain(20) { "\($0) a: text ... { \($0) }" }),
      ("maxAliases", chain(20) { "a: count ... { \($0) } ... { \($0) } ... { \($0) }" }),
      ("maxAliases", "{\(repeated(101) { " a\($0): count" })}"), ("maxCost", "{ pets(first: 20001) { id } }"),
      ("maxCost", "query($n: Int = 20001) { pets(first: $n) { id } }"),
      ("maxCost", "{ pets(first: 2147483647) { ... on Dog { \(friends) { \(friends) { id } } } } }"),
      ("maxCost", "{ human { pets(limit: 200) { ... on Dog { friends(limit: 200) { id } } } } }"),
      ("introspection", "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"),
      (
        "introspection",
        "{ __type(name: \"Dog\") { ...T } } fragment T on __Type { fields { type { ...U } } } "
          + "fragment U on __Type { interfaces { possibleTypes { name } } }"
      ),
      ("comparisons", "{\(nested(" count", 2_000))}"),
      ("comparisons", "{ dog { \(repeated(400) { " ...F\($0)" }) } }\(fragments)"),
    ]
  }

  /// What would go on for ever, were it not for what can't be configured.
  static var endless: [String] {
    let all = nested("...F", 1)
    var texts = [
      chain(5_000) { $0 }, chain(60) { "... { \($0) } ... { \($0) }" }, chain(60) { "\($0) dog { id } \($0)" },
    ]
    // Every fragment spreads every other.
    texts.append(
      "{ ...F0 } "
        + repeated(300) { number in
          "fragment F\(number) on Query { count \(repeated(300) { " \(all)\($0)" }) } "
        })
    // Fields of one key inside each other, which differ only at the bottom.
    let friends = nested("{ friends(limit: 1) { id } friends(limit: 1) ", 90, "{ x: id x: name }", "}")
    texts.append("{ dog \(friends) }")
    let pairs = repeated(80) { number in
      let next = "friends { ...F\(number + 1) ...G\(number + 1) }"
      return "fragment F\(number) on Dog { \(next) } fragment G\(number) on Dog { \(next) } "
    }
    texts.append("{ dog { ...F0 ...G0 } } \(pairs) fragment F80 on Dog { x: id } fragment G80 on Dog { x: name }")
    // Many operations over many fragments, with variables.
    texts.append(repeated(1_000) { "query Q\($0)($v: Int) { ...F0 } " } + chain(1_000) { "\($0) text(int: $v)" })
    texts.append("query(\(repeated(20_000) { "$v\($0): Int " })) { count }")
    texts.append("{ text(\(repeated(20_000) { "a\($0): 1 " })) }")
    texts.append("{ count\(nested(" @skip(if: true)", 20_000)) }")
    texts.append(nested("query Q { count } ", 5_000))
    texts.append("{ human(anything: {\(nested("a: 1 ", 20_000))}) { name } }")
    let long = String(repeating: "x", count: 90)
    texts.append("{ dog { x: id \(repeated(3_000) { " \(long)\($0)" }) } }")
    texts.append("{ a: text(string: \"\(String(repeating: "é", count: 200_000))\") a: text }")
    return texts
  }

  /// As deep as can be in every way at once.
  static func deepest(_ depth: Int) -> String {
    let value = nested("[", depth / 2) + nested("{inner:", depth / 2, "$v", "}") + nested("]", depth / 2)
    let type = nested("[", depth, "Int", "]")
    let names = "{name(surname:\(value)) name(surname:\(value))}"
    let fields = nested("{... on Human", depth - 1, names, "}")
    let inner = nested("{friends", depth - 3, "{id}", "}")
    return "query($v:\(type)) \(fields) fragment F on Dog {friends \(inner) friends \(inner)} "
      + "fragment G on Dog {...F friends \(inner)}"
  }
}
