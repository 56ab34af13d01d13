import Definitions
import Foundation

/// A transfer as a client asks for it, not looked at yet.
package struct TransferInput: Sendable {
  package var uuid: String
  package var token: String
  /// In cents; this or `amountCents`.
  package var amount: Int?
  package var amountCents: String?
  package var from: String
  package var to: String
  package var descr: String

  package init(
    uuid: String, token: String, amount: Int? = nil, amountCents: String? = nil, from: String, to: String,
    descr: String
  ) {
    self.uuid = uuid
    self.token = token
    self.amount = amount
    self.amountCents = amountCents
    self.from = from
    self.to = to
    self.descr = descr
  }

  static let maxTokenCharacters = 100
  static let maxPartyCharacters = 140
  static let maxDescrCharacters = 140

  /// What is wrong, in words for who asked.
  struct Refusal: Error, Hashable { var reason: String }

  /// The command; what the bank itself decides, such as whether an amount is positive, is left to it.
  func command() throws(Refusal) -> ConfirmMoneyTransfer {
    guard let id = UUID(uuidString: uuid) else {
      throw Refusal(reason: "uuid is not one: it has to look like \(UUID().uuidString.lowercased())")
    }
    try Self.check("token", token, max: Self.maxTokenCharacters)
    try Self.check("from", from, max: Self.maxPartyCharacters)
    try Self.check("to", to, max: Self.maxPartyCharacters)
    try Self.check("descr", descr, max: Self.maxDescrCharacters, mayBeBlank: true)
    return ConfirmMoneyTransfer(
      id: id, token: token, amount: try cents(), from: from, to: to, description: descr)
  }

  private func cents() throws(Refusal) -> Int64 {
    switch (amount, amountCents) {
    case (let amount?, nil): return Int64(amount)
    case (nil, let text?):
      let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
      guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        throw Refusal(reason: "amount_cents is not a whole number of cents, such as 1250")
      }
      guard let cents = Int64(text) else {
        throw Refusal(reason: "amount_cents is out of range: \(Int64.min) to \(Int64.max)")
      }
      return cents
    case (nil, nil): throw Refusal(reason: "there is no amount: give amount or amount_cents")
    case (_?, _?): throw Refusal(reason: "there are two amounts: give amount or amount_cents, not both")
    }
  }

  private static func check(
    _ name: String, _ text: String, max: Int, mayBeBlank: Bool = false
  ) throws(Refusal) {
    if !mayBeBlank, text.allSatisfy(\.isWhitespace) { throw Refusal(reason: "\(name) is blank") }
    // Scalars, not characters: one character may be any number of them.
    if text.unicodeScalars.count > max { throw Refusal(reason: "\(name) has more than \(max) characters") }
    if text.unicodeScalars.contains("\0") { throw Refusal(reason: "\(name) has the character zero in it") }
  }
}
