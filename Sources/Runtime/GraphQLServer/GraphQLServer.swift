import GraphQLRuntime
import Hummingbird
import HummingbirdCore

/// GraphQL on one port, for any `GraphQLService`:
///
/// - HTTP: `POST` and `GET /graphql` (GraphQL over HTTP);
/// - WebSocket: `/graphql` and `/graphql-ws`, sub-protocols `graphql-transport-ws` and the legacy `graphql-ws`;
/// - server-sent events: `POST` and `GET /graphql/stream` (GraphQL over SSE, distinct connections mode);
/// - `/graphiql`, a page to try all that.
///
/// Use it with a Hummingbird application: ``mount(on:)`` adds the routes, ``server`` is what the application listens
/// with. Open WebSockets end with 1001 and streams end when the application stops.
///
/// Cross-site requests need no token here: a page of another site can send without a preflight only forms, plain text
/// and GET. Bodies that are not `application/json` are refused with 415, a GET that a browser sends for such a page and
/// a WebSocket from a foreign origin with 403, and no cookie is ever looked at.
///
/// A name that somebody has pointed here (DNS rebinding) does not make a page one of this server: see ``mount(on:)``.
///
/// GET never executes a mutation. Queries and subscriptions it does execute: resolvers that do more than read have to
/// look at ``ClientInfo/isGet``.
public struct GraphQLServer<Service: GraphQLService>: Sendable {
  let service: Service
  let limits: GraphQLServerLimits
  let origins: AllowedOrigins
  let graphiQL: GraphiQLPage
  let hooks: GraphQLServerHooks
  let context: @Sendable (ClientInfo) -> Service.Context
  let connections: OpenConnections
  private let httpConnections: OpenConnections

  /// - Parameters:
  ///   - service: the schema with its resolvers.
  ///   - origins: other sites whose pages may ask.
  ///   - graphiQL: what `/graphiql` answers.
  ///   - context: what resolvers get; called for each HTTP request, and once for a WebSocket after `connection_init`.
  public init(
    service: Service, limits: GraphQLServerLimits = GraphQLServerLimits(), origins: AllowedOrigins = .only([]),
    graphiQL: GraphiQLPage = .off, hooks: GraphQLServerHooks = GraphQLServerHooks(),
    context: @escaping @Sendable (ClientInfo) -> Service.Context
  ) {
    self.service = service
    self.limits = limits
    self.origins = origins
    self.graphiQL = graphiQL
    self.hooks = hooks
    self.context = context
    connections = OpenConnections(limit: limits.maxConnections, hooks: hooks)
    httpConnections = OpenConnections(limit: limits.maxHTTPConnections, hooks: hooks)
  }

  /// What the application that has the routes listens with: HTTP/1.1 whose connections may become WebSockets.
  public var server: HTTPServerBuilder {
    HTTPServerBuilder { responder in
      UpgradableChannel(
        responder: responder, gate: UpgradeGate(origins: origins, connections: connections, hooks: hooks),
        httpConnections: httpConnections,
        configuration: WebSocketConfiguration(
          limits: limits, hooks: hooks, isStopping: { connections.isStopping }, stops: { connections.stop() },
          operations: { client in operations(of: client) }))
    }
  }

  /// Says that the application is about to stop: from now on no operation over a WebSocket or stream is told to be
  /// complete or failed, since what ends now ends because the server does. Clients see 1001, or a stream that breaks off,
  /// and know by that to come again.
  ///
  /// To be called before what resolvers read from is closed. It is also noticed when the application stops.
  public func prepareToStop() { connections.stop() }

  /// Adds the routes. All routes that are added to the router from now on get CORS headers, and 421 for a `Host` that
  /// is no IP address, not localhost and not of an allowed origin.
  public func mount<Context: RequestContext>(on router: Router<Context>) {
    router.add(middleware: HostCheck<Context>(origins: origins, hooks: hooks))
    router.add(middleware: CORS<Context>(origins: origins))
    let http = HTTPEndpoint(server: self)
    router.on("/graphql", method: .get) { request, _ in await http.answer(request) }
    router.on("/graphql", method: .post) { request, _ in await http.answer(request) }
    let stream = StreamEndpoint(server: self)
    router.on("/graphql/stream", method: .get) { request, _ in await stream.answer(request) }
    router.on("/graphql/stream", method: .post) { request, _ in await stream.answer(request) }
    for path in ["/graphql", "/graphql/stream"] {
      for method in [HTTPRequest.Method.put, .delete, .patch, .head] {
        router.on(RouterPath(path), method: method) { _, _ in
          http.refusal(
            MalformedRequest("\(method) is not served here, GET and POST are", status: 405, code: "METHOD"),
            allow: "GET, POST, OPTIONS")
        }
      }
    }
    router.on("/graphql-ws", method: .get) { _, _ in
      var answer = http.refusal(MalformedRequest("open a WebSocket here, on a new connection", status: 426))
      answer.headers[.connection] = "upgrade"
      answer.headers[.upgrade] = "websocket"
      return answer
    }
    graphiQL.mount(on: router)
  }

  /// A stream of server-sent events that counts against `maxConnections`, gets comments while it is silent, is dropped
  /// when the client reads too slowly, and ends when the client goes or the server stops.
  ///
  /// - Parameter events: reading it is cancelled when the stream ends first; an error ends the stream.
  /// - Returns: status 503 when `maxConnections` are open.
  public func eventStream<Events: AsyncSequence & Sendable>(_ events: Events) -> Response
  where Events.Element == ServerSentEvent {
    stream { sink in
      do {
        for try await event in events where !sink.send(event.text) { return }
      } catch {
        // The stream ends here; its client sees that and may come again.
      }
    }
  }

  func stream(_ source: @escaping @Sendable (EventStream.Sink) async -> Void) -> Response {
    guard let place = connections.take(.eventStream) else {
      hooks.requestAnswered(.eventStream, 503)
      return Response(status: .serviceUnavailable, headers: [.retryAfter: "5"])
    }
    hooks.requestAnswered(.eventStream, 200)
    return EventStream(limits: limits, hooks: hooks, place: place).response(source)
  }
}
