/// Which transactions someone wants to see; nil takes all.
package struct TransactionFilter: Sendable, Hashable {
  package var iban: String?
  /// In cents, of the change with its sign: a debit is negative.
  package var minCents: Int64?
  package var maxCents: Int64?
  package var direction: Direction?
  /// A part of the description; nil takes all.
  let lowercasedText: String?

  /// - Parameter descrIncludes: a part of the description, upper and lower case alike; an empty one takes all.
  package init(
    iban: String? = nil, minCents: Int64? = nil, maxCents: Int64? = nil, direction: Direction? = nil,
    descrIncludes: String? = nil
  ) {
    self.iban = iban
    self.minCents = minCents
    self.maxCents = maxCents
    self.direction = direction
    lowercasedText = descrIncludes.flatMap { $0.isEmpty ? nil : $0.lowercased() }
  }

  /// Whether the text of each row that there is has to be looked at for it.
  var searchesAllRows: Bool { iban == nil && lowercasedText != nil }

  package func takes(_ transaction: Transaction) -> Bool { takesButForText(transaction) && takesText(transaction) }

  func takesButForText(_ transaction: Transaction) -> Bool {
    if let iban, transaction.iban != iban { return false }
    if let minCents, transaction.changedByCents < minCents { return false }
    if let maxCents, transaction.changedByCents > maxCents { return false }
    if let direction, transaction.direction != direction { return false }
    return true
  }

  func takesText(_ transaction: Transaction) -> Bool {
    guard let lowercasedText else { return true }
    return transaction.lowercasedDescr.contains(lowercasedText)
  }
}
