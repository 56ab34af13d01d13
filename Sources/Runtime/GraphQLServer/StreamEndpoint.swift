import GraphQLRuntime
import HTTPTypes
import Hummingbird

/// `/graphql/stream` by the GraphQL-over-SSE protocol, distinct connections mode: an operation is an HTTP request whose
/// answer is a stream of the events `next` and `complete`, for queries and mutations too.
///
/// What is wrong with the HTTP request is told by the status; what is wrong with the document comes as an event,
/// since `EventSource` shows no body of an answer that failed.
struct StreamEndpoint<Service: GraphQLService>: Sendable {
  let server: GraphQLServer<Service>

  func answer(_ request: Request) async -> Response {
    let http = HTTPEndpoint(server: server)
    guard Accept(request.headers[.accept]).best(of: ["text/event-stream"]) != nil else {
      return http.refusal(
        MalformedRequest("text/event-stream is what can be had here; for JSON ask /graphql", status: 406))
    }
    do throws(MalformedRequest) {
      let reader = RequestReader(limits: server.limits, origins: server.origins)
      guard case .single(let single) = try await reader.read(request) else {
        throw MalformedRequest("a stream takes one request, not an array")
      }
      if request.method == .get, let operation = try? server.service.prepare(single), operation.kind == .mutation {
        throw MalformedRequest.mutationByGet
      }
      let operations = server.operations(of: ClientInfo(.eventStream, request))
      return server.stream { sink in
        await operations(single) { event in
          if server.connections.isStopping, event.isLast { return false }
          return Self.send(event, to: sink)
        }
      }
    } catch {
      return http.refusal(error, allow: error.status == 405 ? "POST" : nil)
    }
  }

  /// JSON without white space has no line ends, so the data are one line.
  private static func send(_ event: OperationEvent, to sink: EventStream.Sink) -> Bool {
    let next: StaticString = "event: next\ndata: "
    return switch event {
    case .next(let response): sink.send(next, response.utf8, "\n\n")
    case .failed(let errors): sink.send(next, errors.response.utf8, "\n\nevent: complete\ndata:\n\n")
    case .complete: sink.send("event: complete\ndata:\n\n")
    }
  }
}
