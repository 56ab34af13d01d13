/// Where something stands in a document: both count from 1, columns in Unicode scalars (October 2021, section 7.1.2).
public struct SourceLocation: Hashable, Sendable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
