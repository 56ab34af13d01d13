/// A text that is told apart by its bytes. `String` takes texts for equal that Unicode calls equivalent, such as "é"
/// in one and in two scalars, or "K" and the Kelvin sign: as names and values of JSON and GraphQL they differ.
public struct ExactText: Hashable, Sendable {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func == (left: ExactText, right: ExactText) -> Bool { left.text.isExactly(right.text) }

  public func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// The order of the bytes, which for UTF-8 is the order of the code points.
  public static func precedes(_ left: ExactText, _ right: ExactText) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

extension String {
  /// Whether both have the same bytes in UTF-8.
  public func isExactly(_ other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }
}
