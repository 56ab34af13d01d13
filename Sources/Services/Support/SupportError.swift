/// What went wrong and what to do next, in words for the person at the terminal.
public struct SupportError: Error, Hashable, Sendable, CustomStringConvertible {
  public let message: String
  public var description: String { message }

  public init(_ message: String) { self.message = message }
}
