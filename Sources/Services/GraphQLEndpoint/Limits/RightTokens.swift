import BankSupport
import Synchronization

/// Tokens that the bank has taken or given out: whoever has one of them guesses nothing, and no limit on guesses locks
/// them out.
///
/// The memory is bounded; one that is forgotten is learned again by its next use. Hashes are kept, not tokens, so what the
/// time of a look-up may tell is of a hash, from which nothing follows for the token.
final class RightTokens: Sendable {
  private let maxCount: Int
  private let hashes = Mutex<Set<[UInt8]>>([])

  init(maxCount: Int) { self.maxCount = maxCount }

  func contains(_ token: String, account: String) -> Bool {
    let hash = Self.hash(token, account)
    return hashes.withLock { $0.contains(hash) }
  }

  func insert(_ token: String, account: String) {
    let hash = Self.hash(token, account)
    hashes.withLock { hashes in
      // Half of them, so that it is rare; whichever, as a set has no order.
      if hashes.count >= maxCount { hashes = Set(hashes.prefix(maxCount / 2)) }
      hashes.insert(hash)
    }
  }

  /// Whether it was among them.
  func remove(_ token: String, account: String) -> Bool {
    let hash = Self.hash(token, account)
    return hashes.withLock { $0.remove(hash) != nil }
  }

  var count: Int { hashes.withLock { $0.count } }

  private static func hash(_ token: String, _ account: String) -> [UInt8] {
    // Neither may have a zero in it, so no two pairs are one text.
    PayloadHash.sha256(Array("\(account)\0\(token)".utf8))
  }
}
