/// What was asked for can't be: exit status 2, and nothing was written.
public struct LoadTestProblem: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }

  /// Ctrl-C came first.
  static let stopped = LoadTestProblem("stopped before anything was measured")
}
