import Foundation
import GraphQLRuntime
import Synchronization

/// Those who wait for the bank's answer to a command.
final class AnswerWaiters: Sendable {
  /// One who waits. Letting it go ends the waiting.
  final class Ticket: Sendable {
    let command: UUID
    fileprivate let number: Int
    private let answers: AsyncStream<Answer>
    private let waiters: AnswerWaiters

    fileprivate init(command: UUID, number: Int, answers: AsyncStream<Answer>, waiters: AnswerWaiters) {
      self.command = command
      self.number = number
      self.answers = answers
      self.waiters = waiters
    }

    deinit { waiters.remove(self) }

    /// The answer; nil when there was none within the time, or the task was cancelled.
    func answer(timeoutMillis: Int) async -> Answer? {
      let timer = Task {
        try await Task.sleep(for: .milliseconds(timeoutMillis))
        waiters.remove(self)
      }
      defer { timer.cancel() }
      for await answer in answers { return answer }
      return nil
    }
  }

  private struct State {
    var waiting: [UUID: [Int: AsyncStream<Answer>.Continuation]] = [:]
    var count = 0
    var lastNumber = 0
    var isClosed = false
  }

  private let maxWaiting: Int
  private let state = Mutex(State())

  init(maxWaiting: Int) { self.maxWaiting = maxWaiting }

  var count: Int { state.withLock { $0.count } }

  /// Lets all go without an answer; nobody waits from now on.
  func close() {
    let waiting = state.withLock { state in
      defer {
        state.waiting = [:]
        state.count = 0
        state.isClosed = true
      }
      return state.waiting.values.flatMap(\.values)
    }
    for continuation in waiting { continuation.finish() }
  }

  /// Whether it was closed, in words for who asked.
  func checkOpen() throws(GraphQLError) {
    if state.withLock({ $0.isClosed }) { throw Self.closed }
  }

  private static let closed = GraphQLError(
    "the endpoint is stopping: ask again soon, and for a transfer with the same uuid", code: "UNAVAILABLE")

  /// Begins to wait; an answer that comes from now on is not missed.
  func wait(for command: UUID) throws(GraphQLError) -> Ticket {
    let (answers, continuation) = AsyncStream.makeStream(of: Answer.self, bufferingPolicy: .bufferingOldest(1))
    let number = try state.withLock { (state) throws(GraphQLError) in
      if state.isClosed { throw Self.closed }
      guard state.count < maxWaiting else {
        throw GraphQLError(
          "\(maxWaiting) requests wait for the bank's answer, which is the most: try again later", code: "OVERLOADED")
      }
      state.count += 1
      state.lastNumber += 1
      state.waiting[command, default: [:]][state.lastNumber] = continuation
      return state.lastNumber
    }
    return Ticket(command: command, number: number, answers: answers, waiters: self)
  }

  /// Gives each answer to those who wait for it.
  func resolve(_ answers: [CommandAnswer]) {
    for answer in answers {
      let waiting = state.withLock { state in
        let waiting = state.waiting.removeValue(forKey: answer.command)
        state.count -= waiting?.count ?? 0
        return waiting
      }
      for continuation in (waiting ?? [:]).values {
        continuation.yield(answer.answer)
        continuation.finish()
      }
    }
  }

  fileprivate func remove(_ ticket: Ticket) {
    let continuation = state.withLock { state in
      let continuation = state.waiting[ticket.command]?.removeValue(forKey: ticket.number)
      if continuation != nil { state.count -= 1 }
      if state.waiting[ticket.command]?.isEmpty == true { state.waiting[ticket.command] = nil }
      return continuation
    }
    continuation?.finish()
  }
}
