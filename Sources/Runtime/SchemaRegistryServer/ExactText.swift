/// Text that is equal to other text only byte by byte.
///
/// `String` compares by Unicode's canonical equivalence: as a dictionary key it would take "é" in one code point and
/// in two for the same subject.
struct ExactText: Hashable, Sendable {
  let text: String

  init(_ text: String) {
    self.text = text
  }

  static func == (left: Self, right: Self) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    for byte in text.utf8 { hasher.combine(byte) }
  }

  /// The order of the bytes, which for UTF-8 is the order of the code points.
  static func precedes(_ left: Self, _ right: Self) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}
