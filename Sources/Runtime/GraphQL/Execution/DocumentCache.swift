import JSONText
import Synchronization

/// A document that was found valid, and what can be kept of it.
final class ValidDocument: Sendable {
  let operations: [OperationDefinition]
  let fragments: [String: FragmentDefinition]
  /// Of operations without variables, by name: each of their requests has the same plan.
  private let plans = Mutex<[String: OperationPlan]>([:])

  /// Field plans that are kept of one document.
  static let maxFieldPlans = 500
  /// About what one takes.
  private static let bytesPerFieldPlan = 256

  init(_ document: Document) {
    operations = document.definitions.compactMap { if case .operation(let operation) = $0 { operation } else { nil } }
    let fragments = document.definitions.compactMap { definition -> (String, FragmentDefinition)? in
      if case .fragment(let fragment) = definition { (fragment.name.text, fragment) } else { nil }
    }
    self.fragments = Dictionary(fragments, uniquingKeysWith: { first, _ in first })
  }

  /// - Returns: the plan, and how many bytes more are kept of the document with it. A plan that is large, or that grows
  ///   while it is executed, is made anew for each request.
  func plan(of operation: OperationDefinition, _ make: () -> OperationPlan) -> (plan: OperationPlan, newBytes: Int) {
    guard operation.variables.isEmpty else { return (make(), 0) }
    let name = operation.name?.text ?? ""
    if let plan = plans.withLock({ $0[name] }) { return (plan, 0) }
    let plan = make()
    guard let size = plan.root.size else { return (plan, 0) }
    let isKept = plans.withLock { plans in
      guard plans[name] == nil, Self.fieldPlans(plans) + size <= Self.maxFieldPlans else { return false }
      plans[name] = plan
      return true
    }
    return (plan, isKept ? size * Self.bytesPerFieldPlan : 0)
  }

  /// Of all plans that are kept.
  var fieldPlans: Int { plans.withLock { Self.fieldPlans($0) } }

  /// What the plans that are kept take.
  var planBytes: Int { fieldPlans * Self.bytesPerFieldPlan }

  private static func fieldPlans(_ plans: [String: OperationPlan]) -> Int {
    plans.values.reduce(0) { $0 + ($1.root.size ?? 0) }
  }
}

/// Valid documents by text, those that were used last: in two generations, of which the older one goes when the younger
/// one is full.
final class DocumentCache: Sendable {
  /// Texts and plans of both generations together; what is kept of a document beside its plans is a small multiple of
  /// its text.
  static let maxBytes = 4 << 20

  /// The text of a document, hashed when it is made: no hashing under the lock that all requests share.
  struct Key: Hashable, Sendable {
    let text: ExactText
    private let hash: Int

    init(_ text: String) {
      self.text = ExactText(text)
      hash = self.text.hashValue
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }
  }

  private struct Generations {
    var young: [Key: ValidDocument] = [:]
    var youngBytes = 0
    var old: [Key: ValidDocument] = [:]

    mutating func insert(_ text: Key, _ document: ValidDocument, maxCount: Int, maxBytes: Int) {
      let bytes = text.text.text.utf8.count + document.planBytes
      guard maxCount > 0, bytes <= maxBytes, young[text] == nil else { return }
      if young.count >= maxCount || youngBytes + bytes > maxBytes { growOld() }
      young[text] = document
      youngBytes += bytes
    }

    mutating func growOld() {
      old = young
      young = [:]
      youngBytes = 0
    }
  }

  private let generations = Mutex(Generations())
  private let maxYoungCount: Int

  init(limits: GraphQLLimits) { maxYoungCount = limits.maxCachedDocuments / 2 }

  func document(of text: Key) -> ValidDocument? {
    generations.withLock { generations in
      if let document = generations.young[text] { return document }
      guard let document = generations.old.removeValue(forKey: text) else { return nil }
      generations.insert(text, document, maxCount: maxYoungCount, maxBytes: Self.maxBytes / 2)
      return document
    }
  }

  func insert(_ text: Key, _ document: ValidDocument) {
    generations.withLock {
      $0.insert(text, document, maxCount: maxYoungCount, maxBytes: Self.maxBytes / 2)
    }
  }

  /// A document that is kept has become larger by so much.
  func add(bytes: Int) {
    guard bytes > 0 else { return }
    generations.withLock { generations in
      generations.youngBytes += bytes
      if generations.youngBytes > Self.maxBytes / 2 { generations.growOld() }
    }
  }

  /// Documents that are kept.
  var kept: [ValidDocument] { generations.withLock { Array($0.young.values) + Array($0.old.values) } }
}
