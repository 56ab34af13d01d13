/// What a fuzzer calls with any bytes: it must neither crash nor hang, and it checks what must hold of what was read.
///
/// `scripts/fuzz` runs them under libFuzzer; `FuzzTests` runs them over the inputs that are kept.
public struct FuzzTarget: Sendable {
  public let name: String
  public let run: @Sendable (UnsafeRawBufferPointer) -> Void

  public static let all = [container, decoder, graphql, json, resolver, schema]
}

extension FuzzTarget {
  /// Splits off the first byte, which chooses among what a target knows.
  static func chosen(_ bytes: UnsafeRawBufferPointer) -> (choice: Int, rest: UnsafeRawBufferPointer)? {
    guard let first = bytes.first else { return nil }
    return (Int(first), UnsafeRawBufferPointer(rebasing: bytes[1...]))
  }
}

/// Ends the process with a message, for the fuzzer to find.
func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
