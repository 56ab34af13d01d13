/// Everything that is wrong with a schema file.
public struct GraphQLSchemaError: Error, Hashable, Sendable, CustomStringConvertible {
  public struct Problem: Hashable, Sendable {
    public var message: String
    public var location: SourceLocation
  }

  /// One or more, in the order of their places.
  public var problems: [Problem]

  /// A line for each: `3:14: there is no type Acount`.
  public var description: String {
    problems.map { "\($0.location.line):\($0.location.column): \($0.message)" }.joined(separator: "\n")
  }
}
