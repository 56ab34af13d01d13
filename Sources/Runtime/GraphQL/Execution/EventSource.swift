/// The source stream of a subscription, its type erased (October 2021, section 6.2.3.1).
struct EventSource: Sendable {
  /// The response stream (6.2.3.2): what each event is mapped to, and what an error becomes.
  let responses:
    @Sendable (
      _ responder: EventResponder, _ failure: @escaping @Sendable (any Error) -> GraphQLError
    ) -> any AsyncSequence<GraphQLResponse, any Error> & Sendable

  init<Events: AsyncSequence & Sendable>(_ events: Events) where Events.Element: GraphQLOutput {
    responses = { responder, failure in ResponseStream(events: events, responder: responder, failure: failure) }
  }
}

/// What an event is mapped to. Where nothing waits there is no change of executor either.
enum EventResponder: Sendable {
  case sync(@Sendable (GraphQLOutputValue) -> GraphQLResponse)
  case async(@Sendable (GraphQLOutputValue) async -> GraphQLResponse)
}

/// Asks for one event when the response to the one before was taken: a slow reader holds up its source, nothing is
/// kept here. There is no task: cancellation of the reader is the source's.
private struct ResponseStream<Events: AsyncSequence & Sendable>: AsyncSequence, Sendable
where Events.Element: GraphQLOutput {
  typealias Element = GraphQLResponse
  typealias Failure = any Error

  let events: Events
  let responder: EventResponder
  let failure: @Sendable (any Error) -> GraphQLError

  func makeAsyncIterator() -> Iterator {
    Iterator(events: events.makeAsyncIterator(), responder: responder, failure: failure)
  }

  struct Iterator: AsyncIteratorProtocol {
    var events: Events.AsyncIterator
    let responder: EventResponder
    let failure: @Sendable (any Error) -> GraphQLError
    var hasEnded = false

    mutating func next() async throws -> GraphQLResponse? { try await next(isolation: nil) }

    mutating func next(isolation actor: isolated (any Actor)?) async throws -> GraphQLResponse? {
      guard !hasEnded else { return nil }
      do {
        if let event = try await events.next(isolation: actor), !Task.isCancelled {
          switch responder {
          case .sync(let respond): return respond(event.graphQLValue)
          case .async(let respond): return await respond(event.graphQLValue)
          }
        }
        hasEnded = true
        return nil
      } catch is CancellationError {
        hasEnded = true
        return nil
      } catch {
        hasEnded = true
        throw failure(error)
      }
    }
  }
}
