import Definitions
import Foundation

/// What a command asks for.
public enum CommandBody: Sendable, Hashable {
  /// A new account; `candidate` is the IBAN and token it gets when the IBAN is free.
  case accountCreation(ConfirmAccountCreation, candidate: AccountNumbers)
  case transfer(ConfirmMoneyTransfer)
}

/// The random part of a new account, drawn before the decision so that the decision itself is repeatable.
public struct AccountNumbers: Sendable, Hashable {
  public var iban: String
  public var token: String

  public init(iban: String, token: String) {
    self.iban = iban
    self.token = token
  }
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
