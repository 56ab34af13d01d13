extension Document {
  /// Parses a document of operations, fragments and type definitions (October 2021, section 2 and appendix B).
  ///
  /// - Throws: the first syntax error, with one location; or that a limit is passed, with `extensions.code` `LIMIT`.
  public init(parsing text: String, limits: GraphQLLimits = .init()) throws(GraphQLError) {
    var parser = try Parser(text, limits: limits)
    self = try parser.document()
  }
}

/// Recursive descent over one token, in one case two. Each level of nesting is counted against
/// ``GraphQLLimits/maxDepth``, which bounds the stack.
struct Parser {
  private var lexer: Lexer
  /// The one to be parsed next.
  private(set) var token: Token
  private var following: Token?
  private let maxDepth: Int
  private var depth = 0

  init(_ text: String, limits: GraphQLLimits) throws(GraphQLError) {
    lexer = try Lexer(text, limits: limits)
    maxDepth = min(limits.maxDepth, GraphQLLimits.deepest)
    token = try lexer.next()
  }

  // MARK: Tokens

  mutating func advance() throws(GraphQLError) {
    if let following {
      token = following
      self.following = nil
    } else {
      token = try lexer.next()
    }
  }

  /// The token behind the next one.
  mutating func lookAhead() throws(GraphQLError) -> Token {
    if let following { return following }
    let next = try lexer.next()
    following = next
    return next
  }

  func error(_ message: String, at place: Token? = nil) -> GraphQLError {
    GraphQLError("syntax error: \(message)", locations: [(place ?? token).location])
  }

  func unexpected(_ place: Token? = nil, expected: String) -> GraphQLError {
    error("expected \(expected), found \((place ?? token).shown)", at: place)
  }

  mutating func expect(_ kind: Token.Kind) throws(GraphQLError) {
    guard token.kind == kind else { throw unexpected(expected: kind.text) }
    try advance()
  }

  mutating func skip(_ kind: Token.Kind) throws(GraphQLError) -> Bool {
    guard token.kind == kind else { return false }
    try advance()
    return true
  }

  func isKeyword(_ keyword: String) -> Bool { token.kind == .name && token.text == keyword }

  mutating func expectKeyword(_ keyword: String) throws(GraphQLError) {
    guard isKeyword(keyword) else { throw unexpected(expected: "'\(keyword)'") }
    try advance()
  }

  mutating func skipKeyword(_ keyword: String) throws(GraphQLError) -> Bool {
    guard isKeyword(keyword) else { return false }
    try advance()
    return true
  }

  mutating func name() throws(GraphQLError) -> Name {
    guard token.kind == .name else { throw unexpected(expected: "a name") }
    let name = Name(token.text, at: token.location)
    try advance()
    return name
  }

  // MARK: Repetition and nesting

  typealias Rule<Node> = (inout Parser) throws(GraphQLError) -> Node

  /// What stands between two tokens, any number of times.
  mutating func any<Node>(
    _ open: Token.Kind, _ close: Token.Kind, _ rule: Rule<Node>
  ) throws(GraphQLError) -> [Node] {
    try expect(open)
    var nodes: [Node] = []
    while try !skip(close) { nodes.append(try rule(&self)) }
    return nodes
  }

  /// What stands between two tokens, once or more.
  mutating func many<Node>(
    _ open: Token.Kind, _ close: Token.Kind, _ rule: Rule<Node>
  ) throws(GraphQLError) -> [Node] {
    try expect(open)
    var nodes: [Node] = []
    repeat { nodes.append(try rule(&self)) } while try !skip(close)
    return nodes
  }

  /// Nothing, or what stands between two tokens, once or more.
  mutating func optionalMany<Node>(
    _ open: Token.Kind, _ close: Token.Kind, _ rule: Rule<Node>
  ) throws(GraphQLError) -> [Node] {
    token.kind == open ? try many(open, close, rule) : []
  }

  /// Once or more with a token between, which may also stand before the first.
  mutating func separated<Node>(by separator: Token.Kind, _ rule: Rule<Node>) throws(GraphQLError) -> [Node] {
    _ = try skip(separator)
    var nodes: [Node] = []
    repeat { nodes.append(try rule(&self)) } while try skip(separator)
    return nodes
  }

  /// Counts a level of what may hold itself.
  mutating func nested<Node>(_ rule: Rule<Node>) throws(GraphQLError) -> Node {
    guard depth < maxDepth else {
      throw .overLimit("the document nests deeper than \(maxDepth) levels (maxDepth)", [token.location])
    }
    depth += 1
    defer { depth -= 1 }
    return try rule(&self)
  }

  /// Parses what has levels of its own, such as an argument in a selection set.
  mutating func withOwnDepth<Node>(_ rule: Rule<Node>) throws(GraphQLError) -> Node {
    let outer = depth
    depth = 0
    defer { depth = outer }
    return try rule(&self)
  }
}
