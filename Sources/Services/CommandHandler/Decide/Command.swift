import BankSupport
import Definitions
import Foundation

/// What a command asks for.
public enum CommandBody: Sendable, Hashable {
  /// A new account; `candidate` is the IBAN and token it gets when the IBAN is free.
  case accountCreation(ConfirmAccountCreation, candidate: AccountNumbers)
  case transfer(TransferCommand)
}

/// A ConfirmMoneyTransfer as the handler keeps it: what is asked of its parties again and again is known already.
public struct TransferCommand: Sendable, Hashable {
  public let id: UUID
  public let token: String
  /// In euro cents.
  public let amount: Int64
  public let from: Party
  public let to: Party
  public let description: String

  public init(id: UUID, token: String, amount: Int64, from: Party, to: Party, description: String) {
    self.id = id
    self.token = token
    self.amount = amount
    self.from = from
    self.to = to
    self.description = description
  }
}

/// Who pays or is paid, as a transfer names them.
public struct Party: Sendable, Hashable {
  /// An IBAN of this bank or another, `cash`, or any other text.
  public let text: String
  /// Whether it is a valid IBAN of this bank: nothing else can be an account here.
  public let isOwnIBAN: Bool

  public init(_ text: String) {
    var text = text
    isOwnIBAN = text.withUTF8(IBAN.isValid(utf8:))
    self.text = text
  }

  /// - Parameter isOwnIBAN: what `IBAN.isValid(utf8:)` says of the text's bytes.
  init(_ text: String, isOwnIBAN: Bool) {
    self.text = text
    self.isOwnIBAN = isOwnIBAN
  }
}

/// The random part of a new account, drawn before the decision so that the decision itself is repeatable.
public struct AccountNumbers: Sendable, Hashable {
  public var iban: String
  public var token: String

  public init(iban: String, token: String) {
    self.iban = iban
    self.token = token
  }

  /// From the system's generator.
  public static func random() -> AccountNumbers { AccountNumbers(iban: IBAN.random().text, token: Token.random()) }
}

/// A command as the decision sees it.
public struct Command: Sendable, Hashable {
  public var body: CommandBody
  /// SHA-256 of the command's Avro bytes; tells a repeat from another command under the same id.
  public var payloadHash: [UInt8]

  public init(_ body: CommandBody, payloadHash: [UInt8]) {
    self.body = body
    self.payloadHash = payloadHash
  }

  /// The id that the sender gave it.
  public var id: UUID {
    switch body {
    case .accountCreation(let command, _): command.id
    case .transfer(let command): command.id
    }
  }
}
