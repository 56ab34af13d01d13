import AvroRuntime
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// What the bank answered to a command.
enum Answer: Sendable, Hashable {
  case accountOpened(iban: String, token: String)
  case accountRefused(reason: String)
  /// No reason: the money has moved.
  case transfer(reason: String?)
}

/// An answer and the command that it belongs to.
struct CommandAnswer: Sendable, Hashable {
  var command: UUID
  var answer: Answer
}

/// Reads answers out of the views of their values.
struct AnswerParser: Sendable {
  private let opened: TopicCodec<AccountCreationConfirmed>
  private let refused: TopicCodec<AccountCreationFailed>
  private let moved: TopicCodec<MoneyTransferConfirmed>
  private let unmoved: TopicCodec<MoneyTransferFailed>
  private let accounts: TopicCodec<AccountFeedback>
  private let transfers: TopicCodec<TransferFeedback>

  init(registry: RegistryClient) {
    opened = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    refused = TopicCodec(Topics.accountCreationFailed, registry: registry)
    moved = TopicCodec(Topics.moneyTransferConfirmed, registry: registry)
    unmoved = TopicCodec(Topics.moneyTransferFailed, registry: registry)
    accounts = TopicCodec(Topics.accountFeedback, registry: registry)
    transfers = TopicCodec(Topics.transferFeedback, registry: registry)
  }

  /// - Throws: `CodecError`; one without `deadLetterCause` says that the registry could not be asked.
  func parse(_ record: ConsumedRecord) async throws(CodecError) -> CommandAnswer {
    let value = record.value ?? []
    // Each closure ends before anything is waited for: what is lent to it never crosses an await.
    switch record.topic {
    case opened.topic.name:
      let known = try opened.withViewIfKnown(of: value, Self.opened)
      return if let known { known } else { try await opened.withView(of: value, Self.opened) }
    case refused.topic.name:
      let known = try refused.withViewIfKnown(of: value, Self.refused)
      return if let known { known } else { try await refused.withView(of: value, Self.refused) }
    case moved.topic.name:
      let known = try moved.withViewIfKnown(of: value, Self.moved)
      return if let known { known } else { try await moved.withView(of: value, Self.moved) }
    case unmoved.topic.name:
      let known = try unmoved.withViewIfKnown(of: value, Self.unmoved)
      return if let known { known } else { try await unmoved.withView(of: value, Self.unmoved) }
    case accounts.topic.name: return Self.answer(try await accounts.decode(value))
    default: return Self.answer(try await transfers.decode(value))
    }
  }

  private static func answer(_ feedback: AccountFeedback) -> CommandAnswer {
    switch feedback {
    case .accountCreationConfirmed(let value):
      CommandAnswer(command: value.id, answer: .accountOpened(iban: value.iban, token: value.token))
    case .accountCreationFailed(let value):
      CommandAnswer(command: value.id, answer: .accountRefused(reason: value.reason))
    }
  }

  private static func answer(_ feedback: TransferFeedback) -> CommandAnswer {
    switch feedback {
    case .moneyTransferConfirmed(let value): CommandAnswer(command: value.id, answer: .transfer(reason: nil))
    case .moneyTransferFailed(let value): CommandAnswer(command: value.id, answer: .transfer(reason: value.reason))
    }
  }

  private static func opened(_ view: borrowing AccountCreationConfirmed.View) throws(AvroError) -> CommandAnswer {
    CommandAnswer(
      command: view.id, answer: .accountOpened(iban: try view.iban.string(), token: try view.token.string()))
  }

  private static func refused(_ view: borrowing AccountCreationFailed.View) throws(AvroError) -> CommandAnswer {
    CommandAnswer(command: view.id, answer: .accountRefused(reason: try view.reason.string()))
  }

  private static func moved(_ view: borrowing MoneyTransferConfirmed.View) throws(AvroError) -> CommandAnswer {
    CommandAnswer(command: view.id, answer: .transfer(reason: nil))
  }

  private static func unmoved(_ view: borrowing MoneyTransferFailed.View) throws(AvroError) -> CommandAnswer {
    CommandAnswer(command: view.id, answer: .transfer(reason: try view.reason.string()))
  }
}
