import JSONText

/// What a request may cost at most. Past a limit there is an error that names it, with `extensions.code` `LIMIT`.
public struct GraphQLLimits: Hashable, Sendable {
  /// Of the document in bytes of UTF-8.
  public var maxDocumentBytes = 65_536
  /// Of the document, comments left out.
  public var maxTokens = 5_000
  /// How deep selection sets may nest, fragments followed, and likewise values and types; ``deepest`` at most.
  public var maxDepth = 30
  /// Fields with an alias in an operation, fragments followed.
  public var maxAliases = 100
  /// Fields of an operation, fragments followed, a list's fields counted as often as its limit argument says.
  public var maxCost = 20_000
  /// Errors that are reported; after the last one a line says that there are more.
  public var maxErrors = 50
  /// Of the variables as JSON in bytes.
  public var maxVariablesBytes = 65_536
  /// Documents whose parsing and validation is remembered.
  public var maxCachedDocuments = 1_000
  /// Fields of one query that wait at the same time, beside the first.
  public var maxConcurrentFields = 8

  public init() {}

  /// No configured ``maxDepth`` goes past this: what walks over a document calls itself once a level.
  public static let deepest = 64
}

extension GraphQLError {
  /// Names the limit that was passed.
  static func overLimit(_ message: String, _ locations: [SourceLocation] = []) -> GraphQLError {
    GraphQLError(message, locations: locations, extensions: [JSONValue.Member("code", .string("LIMIT"))])
  }
}
