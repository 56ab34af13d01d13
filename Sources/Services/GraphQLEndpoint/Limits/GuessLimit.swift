import BankSupport
import GraphQLRuntime
import JSONText

/// Slows down who guesses a secret. Right ones cost nothing.
///
/// Counted are the guesses from one address at one account, those from one address, and, with a much higher limit, those
/// at one account: whoever only knows an account's name can't lock its owner out from elsewhere.
///
/// A guess is taken before the secret is looked at and given back when it was right, so that many at once are no way
/// around the limit.
struct GuessLimit: Sendable {
  /// Such as "passwords".
  let secrets: String
  /// By account and address.
  let pairs: RateLimit
  let accounts: RateLimit
  let addresses: RateLimit
  let metrics: Metrics

  /// - Throws: `GraphQLError` with code `RATE_LIMITED` while account or address are locked.
  func check(account: String, address: String?) throws(GraphQLError) {
    let lockedMillis = buckets(account, address).map { $0.limit.lockedMillis($0.key) }.max() ?? 0
    guard lockedMillis > 0 else { return }
    throw refusal(lockedMillis)
  }

  /// Takes a guess, which is to be given back when it was right.
  ///
  /// - Throws: as `check`; nothing is taken then.
  func take(account: String, address: String?) throws(GraphQLError) {
    let buckets = buckets(account, address)
    for (index, bucket) in buckets.enumerated() {
      let lockedMillis = bucket.limit.take(bucket.key)
      guard lockedMillis > 0 else { continue }
      for taken in buckets[..<index] { taken.limit.giveBack(taken.key) }
      throw refusal(lockedMillis)
    }
  }

  /// Gives a guess back that was taken: it was right, or is none.
  func giveBack(account: String, address: String?) {
    for bucket in buckets(account, address) { bucket.limit.giveBack(bucket.key) }
  }

  private func buckets(_ account: String, _ address: String?) -> [(limit: RateLimit, key: String)] {
    guard let address else { return [(accounts, account)] }
    // An address has no blank in it, so no two pairs have one key.
    return [(pairs, "\(address) \(account)"), (addresses, address), (accounts, account)]
  }

  private func refusal(_ lockedMillis: Int64) -> GraphQLError {
    metrics.add(to: "bank_rate_limited_total", ["kind": secrets])
    let seconds = (lockedMillis + 999) / 1_000
    return GraphQLError(
      "too many wrong \(secrets): try again in \(seconds) s",
      extensions: [
        JSONValue.Member("code", .string("RATE_LIMITED")), JSONValue.Member("retryAfterSeconds", .integer(seconds)),
      ])
  }
}
