import GraphQLRuntime

/// What becomes of an operation over a WebSocket or stream.
enum OperationEvent: Sendable {
  case next(GraphQLResponse)
  /// It did not begin, or broke off; the last event.
  case failed([GraphQLError])
  case complete

  var isLast: Bool { if case .next = self { false } else { true } }
}

/// Runs operations of one client, whose context it holds; `send` returns false when nobody listens any more.
typealias Operations =
  @Sendable (_ request: GraphQLRequest, _ send: @Sendable (OperationEvent) -> Bool) async -> Void

extension GraphQLServer {
  /// Begins with a client, whose context is made here.
  func operations(of client: ClientInfo) -> Operations {
    let context = context(client)
    return { request, send in
      hooks.subscriptionsChanged(1)
      defer { hooks.subscriptionsChanged(-1) }
      let operation: PreparedOperation
      do throws(GraphQLRequestError) { operation = try service.prepare(request) } catch {
        _ = send(.failed(error.errors))
        return
      }
      await run(operation, context: context, send)
    }
  }

  private func run(
    _ operation: PreparedOperation, context: Service.Context, _ send: @Sendable (OperationEvent) -> Bool
  ) async {
    guard operation.kind == .subscription else {
      if send(.next(await service.execute(operation, context: context))) { _ = send(.complete) }
      return
    }
    switch await service.subscribe(operation, context: context) {
    case .failed(let response): _ = send(.failed(response.errors))
    case .responses(let responses):
      do {
        for try await response in responses where !send(.next(response)) { return }
        _ = send(.complete)
      } catch let error as GraphQLError {
        _ = send(.failed([error]))
      } catch is CancellationError {
        // The client went or completed it, so there is nobody to tell.
      } catch {
        _ = send(.failed([GraphQLError("internal error", code: "INTERNAL")]))
      }
    }
  }
}

extension [GraphQLError] {
  /// A response that has nothing else.
  var response: GraphQLResponse { GraphQLResponse(data: nil, errors: self) }
}
