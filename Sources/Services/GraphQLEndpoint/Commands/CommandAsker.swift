import BankSupport
import Definitions
import Foundation
import GraphQLRuntime
import KafkaRuntime

/// Sends a command and waits for the bank's answer to it.
struct CommandAsker: Sendable {
  let sender: CommandSender
  let waiters: AnswerWaiters
  let timeoutMillis: Int

  /// - Throws: `GraphQLError` with code `TIMEOUT`, or `UNAVAILABLE`; `CancellationError`.
  func ask(_ command: ConfirmMoneyTransfer, _ ticket: AnswerWaiters.Ticket) async throws -> Answer {
    try await ask(
      try sender.record(command), ticket, again: "ask again with the same uuid, the money moves once")
  }

  /// - Throws: `GraphQLError` with code `TIMEOUT`, or `UNAVAILABLE`.
  func ask(_ command: ConfirmAccountCreation, _ ticket: AnswerWaiters.Ticket) async throws -> Answer {
    try await ask(try sender.record(command), ticket, again: "ask again with the same username and password")
  }

  private func ask(_ record: KafkaRecord, _ ticket: AnswerWaiters.Ticket, again: String) async throws -> Answer {
    // Not waited for: the answer may come before the acknowledgement, and a broker that is away shows as a time-out. It
    // ends by itself, after the producer's own time-out.
    Task { [sender] in await sender.send(record) }
    if let answer = await ticket.answer(timeoutMillis: timeoutMillis) { return answer }
    // First: at a stop the tasks are cancelled too, and who asked is to ask again.
    try waiters.checkOpen()
    try Task.checkCancellation()
    throw GraphQLError("the bank has not answered within \(timeoutMillis) ms: \(again)", code: "TIMEOUT")
  }
}
