import Synchronization

/// A document that was found valid, and what can be kept of it.
final class ValidDocument: Sendable {
  let operations: [OperationDefinition]
  let fragments: [String: FragmentDefinition]
  /// Of operations without variables, by name: each of their requests has the same plan.
  private let plans = Mutex<[String: OperationPlan]>([:])

  init(_ document: Document) {
    operations = document.definitions.compactMap { if case .operation(let operation) = $0 { operation } else { nil } }
    let fragments = document.definitions.compactMap { definition -> (String, FragmentDefinition)? in
      if case .fragment(let fragment) = definition { (fragment.name.text, fragment) } else { nil }
    }
    self.fragments = Dictionary(fragments, uniquingKeysWith: { first, _ in first })
  }

  func plan(of operation: OperationDefinition, _ make: () -> OperationPlan) -> OperationPlan {
    guard operation.variables.isEmpty else { return make() }
    let name = operation.name?.text ?? ""
    if let plan = plans.withLock({ $0[name] }) { return plan }
    let plan = make()
    plans.withLock { $0[name] = plan }
    return plan
  }
}

/// Valid documents by text, those that were used last: in two generations, of which the older one goes when the younger
/// one is full.
final class DocumentCache: Sendable {
  /// Texts of both generations together; what is kept of a document is a small multiple of its text.
  static let maxBytes = 4 << 20

  /// A text by its bytes: `String` takes texts for equal that Unicode calls equivalent, but values in them differ.
  private struct Key: Hashable {
    let text: String

    static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  private struct Generations {
    var young: [Key: ValidDocument] = [:]
    var youngBytes = 0
    var old: [Key: ValidDocument] = [:]

    mutating func insert(_ text: Key, _ document: ValidDocument, maxCount: Int, maxBytes: Int) {
      let bytes = text.text.utf8.count
      guard maxCount > 0, bytes <= maxBytes, young[text] == nil else { return }
      if young.count >= maxCount || youngBytes + bytes > maxBytes {
        old = young
        young = [:]
        youngBytes = 0
      }
      young[text] = document
      youngBytes += bytes
    }
  }

  private let generations = Mutex(Generations())
  private let maxYoungCount: Int

  init(limits: GraphQLLimits) { maxYoungCount = limits.maxCachedDocuments / 2 }

  func document(of text: String) -> ValidDocument? {
    let text = Key(text: text)
    return generations.withLock { generations in
      if let document = generations.young[text] { return document }
      guard let document = generations.old.removeValue(forKey: text) else { return nil }
      generations.insert(text, document, maxCount: maxYoungCount, maxBytes: Self.maxBytes / 2)
      return document
    }
  }

  func insert(_ text: String, _ document: ValidDocument) {
    generations.withLock {
      $0.insert(Key(text: text), document, maxCount: maxYoungCount, maxBytes: Self.maxBytes / 2)
    }
  }

  /// Documents that are kept.
  var count: Int { generations.withLock { $0.young.count + $0.old.count } }
}
