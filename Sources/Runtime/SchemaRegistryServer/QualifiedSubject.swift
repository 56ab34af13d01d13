/// A subject as Confluent's registry reads it: `:.context:name`, or just the name in the default context. Each context
/// has ids of its own.
struct QualifiedSubject: Hashable, Sendable {
  static let defaultContext = "."

  /// Begins with a dot.
  var context: String
  /// Empty when only a context is named.
  var name: String

  init(context: String = QualifiedSubject.defaultContext, name: String) {
    self.context = context
    self.name = name
  }

  init(_ text: String) {
    guard text.hasPrefix(":."), let end = text.dropFirst().firstIndex(of: ":") else {
      self.init(name: text)
      return
    }
    self.init(
      context: String(text[text.index(after: text.startIndex)..<end]), name: String(text[text.index(after: end)...]))
  }

  var isInDefaultContext: Bool { context == Self.defaultContext }

  /// The one way to write it.
  var text: String { isInDefaultContext ? name : ":\(context):\(name)" }

  /// Under which settings of the whole context are kept; nil for the default one, whose are the global ones.
  var contextKey: String? { isInDefaultContext ? nil : ":\(context):" }
}
