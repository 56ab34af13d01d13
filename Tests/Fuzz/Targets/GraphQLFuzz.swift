import GraphQLRuntime

extension FuzzTarget {
  /// Lexer, parser and validation. The first byte chooses a document to be executed, or a schema file.
  public static let graphql = FuzzTarget(name: "graphql") { bytes in
    guard let (choice, rest) = chosen(bytes) else { return }
    let text = String(decoding: rest, as: UTF8.self)
    if choice % 4 == 3 { checkSchema(text) } else { checkDocument(text) }
  }

  /// What is parsed prints as a document that prints the same, and validation ends within its limit of errors.
  private static func checkDocument(_ text: String) {
    let document: Document
    do throws(GraphQLError) {
      document = try Document(parsing: text)
    } catch {
      check(error.locations.count <= 1, "a syntax error with several places: \(error)")
      let lines = text.utf8.reduce(1) { $0 + ($1 == 0x0A || $1 == 0x0D ? 1 : 0) }
      check(error.locations.allSatisfy { $0.line <= lines }, "a place beyond the text: \(error)")
      return
    }
    let printed = document.description
    if !printed.isEmpty {
      // Printed it may be longer: names of aliases and spaces between tokens.
      var limits = GraphQLLimits()
      limits.maxDocumentBytes *= 16
      guard let again = try? Document(parsing: printed, limits: limits) else {
        fatalError("does not read what it printed: \(printed)")
      }
      check(again.description == printed, "prints another document: \(printed)")
    }
    guard let fuzzSchema else { fatalError("the schema is wrong") }
    let errors = fuzzSchema.validate(document)
    check(errors.count <= GraphQLLimits().maxErrors + 10, "\(errors.count) errors")
    for operation in document.operations where errors.isEmpty {
      let cost = fuzzSchema.costError(
        of: operation, fragments: document.fragmentsByName, variables: [:], limits: GraphQLLimits())
      check(cost == nil, "a valid document costs too much: \(printed)")
    }
  }

  /// A schema printed and read again prints the same.
  private static func checkSchema(_ text: String) {
    guard let schema = try? GraphQLSchema(sdl: text) else { return }
    let printed = schema.sdl
    guard let again = try? GraphQLSchema(sdl: printed) else { fatalError("does not read what it printed: \(printed)") }
    check(again.sdl == printed, "prints another schema: \(printed)")
  }

  private static let fuzzSchema = try? GraphQLSchema(
    sdl: """
      directive @d(a: [I]) repeatable on FIELD | QUERY | VARIABLE_DEFINITION
      type Query implements N { a(b: Int, c: I, d: [E!] = [A], e: String!): Query f(first: Int = 10): [U!] g: Int n: ID }
      type Mutation { g: Int }
      type Subscription { g: Int n: N }
      interface N { n: ID }
      union U = Query | T
      type T implements N { n: ID t(s: S): Float }
      enum E { A B }
      scalar S
      input I { a: Int b: I c: [Boolean!]! = [] d: ID! }
      """)
}
