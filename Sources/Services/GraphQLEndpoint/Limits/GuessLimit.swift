import BankSupport
import GraphQLRuntime
import JSONText

/// Slows down who guesses a secret, by the account that it belongs to and by the address that the guesses come from.
/// Right ones cost nothing.
struct GuessLimit: Sendable {
  /// Such as "passwords".
  let secrets: String
  let accounts: RateLimit
  let addresses: RateLimit
  let metrics: Metrics

  /// - Throws: `GraphQLError` with code `RATE_LIMITED` while account or address are locked.
  func check(account: String, address: String?) throws(GraphQLError) {
    let lockedMillis = max(accounts.lockedMillis(account), address.map { addresses.lockedMillis($0) } ?? 0)
    guard lockedMillis > 0 else { return }
    metrics.add(to: "bank_rate_limited_total", ["kind": secrets])
    let seconds = (lockedMillis + 999) / 1_000
    throw GraphQLError(
      "too many wrong \(secrets): try again in \(seconds) s",
      extensions: [
        JSONValue.Member("code", .string("RATE_LIMITED")), JSONValue.Member("retryAfterSeconds", .integer(seconds)),
      ])
  }

  func failed(account: String, address: String?) {
    accounts.failed(account)
    if let address { addresses.failed(address) }
  }
}
