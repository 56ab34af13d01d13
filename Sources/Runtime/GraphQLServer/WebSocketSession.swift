import GraphQLRuntime
import HTTPTypes
import JSONText
import NIOCore
import NIOHTTP1
import Synchronization

/// What a WebSocket needs of the server.
struct WebSocketConfiguration: Sendable {
  let limits: GraphQLServerLimits
  let hooks: GraphQLServerHooks
  /// The server ends: operations that end now were not done.
  let isStopping: @Sendable () -> Bool
  /// Called when it is seen to end.
  let stops: @Sendable () -> Void
  /// Begins with a client that was let in.
  let operations: @Sendable (ClientInfo) -> Operations
}

/// The messages of one WebSocket, in either sub-protocol: what the client asks for is run in a task each, what they
/// say is queued.
final class WebSocketSession: Sendable {
  private struct State {
    /// Nil until `connection_init`.
    var operations: Operations?
    /// What the client knows of: the serial number tells an operation from one that had the same id before.
    var running: [String: Int] = [:]
    /// All whose task has not ended, also those that the client has completed: they count against the limit, since a
    /// client could otherwise begin without end what does not stop at once.
    var tasks: [Int: Task<Void, Never>] = [:]
    var lastSerial = 0
    var hasEnded = false
  }

  let outbox: Outbox
  /// Nil when the client offered none that is known; such a WebSocket is closed at once.
  let subProtocol: SubProtocol?
  private let channel: any Channel
  /// Nil when it has left the channel; until then the two hold each other.
  private let handler: NIOLoopBoundBox<WebSocketHandler?>
  private let headers: HTTPFields
  private let configuration: WebSocketConfiguration
  private let place: OpenConnections.Place
  private let state = Mutex(State())

  /// Called on the channel's event loop, before anything is read.
  static func start(
    on channel: any Channel, head: HTTPRequestHead, place: OpenConnections.Place, configuration: WebSocketConfiguration
  ) throws -> WebSocketSession {
    let session = WebSocketSession(channel: channel, head: head, place: place, configuration: configuration)
    let handler = WebSocketHandler(session: session, limits: configuration.limits)
    session.handler.value = handler
    try channel.pipeline.syncOperations.addHandler(handler)
    return session
  }

  private init(
    channel: any Channel, head: HTTPRequestHead, place: OpenConnections.Place, configuration: WebSocketConfiguration
  ) {
    self.channel = channel
    self.place = place
    self.configuration = configuration
    subProtocol = SubProtocol.choose(head.headers)
    var headers = HTTPFields()
    for (name, value) in head.headers {
      guard let name = HTTPField.Name(name) else { continue }
      headers.append(HTTPField(name: name, value: value))
    }
    self.headers = headers
    let handler = NIOLoopBoundBox<WebSocketHandler?>(nil, eventLoop: channel.eventLoop)
    self.handler = handler
    let loop = channel.eventLoop
    let hooks = configuration.hooks
    outbox = Outbox(
      limits: configuration.limits, wake: { loop.execute { handler.value?.drain() } },
      overflow: {
        hooks.slowClientDropped(.webSocket)
        loop.execute { handler.value?.close(.slow) }
      })
  }

  /// Waits until the connection is closed and its operations have ended; being cancelled closes it with 1001.
  func run() async {
    await withTaskCancellationHandler {
      // An error of closing: it is closed all the same.
      _ = try? await channel.closeFuture.get()
    } onCancel: {
      configuration.stops()
      let handler = handler
      channel.eventLoop.execute { handler.value?.close(.goingAway) }
    }
    for task in end() { await task.value }
  }

  /// Takes no more and cancels what runs.
  @discardableResult
  func end() -> [Task<Void, Never>] {
    outbox.close()
    let tasks = state.withLock { state in
      state.hasEnded = true
      return Array(state.tasks.values)
    }
    for task in tasks { task.cancel() }
    return tasks
  }

  func serverStops() { configuration.stops() }
  func handlerWasRemoved() { handler.value = nil }

  var isInitialised: Bool { state.withLock { $0.operations != nil } }

  // MARK: what the client says

  /// Called on the event loop.
  ///
  /// - Throws: why the WebSocket has to be closed.
  func receive(_ text: [UInt8]) throws(CloseReason) {
    guard let subProtocol else { return }
    switch try ClientMessage(text, as: subProtocol) {
    case .connectionInit(let payload): try initialise(payload, subProtocol)
    case .ping(let payload): outbox.appendText(ServerMessage.pong(payload))
    case .pong: break
    case .subscribe(let id, let request): try subscribe(id: id, request, subProtocol)
    case .complete(let id):
      state.withLock { state in state.running.removeValue(forKey: id).flatMap { state.tasks[$0] } }?.cancel()
    case .terminate: throw .normal
    }
  }

  private func initialise(_ payload: JSONValue?, _ subProtocol: SubProtocol) throws(CloseReason) {
    if isInitialised { throw .tooManyInits }
    let client = ClientInfo(
      transport: .webSocket, remoteAddress: channel.remoteAddress?.ipAddress, headers: headers,
      connectionParams: payload)
    let operations = configuration.operations(client)
    state.withLock { $0.operations = operations }
    outbox.appendText(ServerMessage.ack)
    if subProtocol == .legacy { outbox.appendText(ServerMessage.keepAlive) }
  }

  private func subscribe(id: String, _ request: GraphQLRequest, _ subProtocol: SubProtocol) throws(CloseReason) {
    enum Outcome { case started, unauthorized, duplicate, tooMany }
    let limit = configuration.limits.maxSubscriptionsPerConnection
    let outcome = state.withLock { state -> Outcome in
      guard let operations = state.operations else { return .unauthorized }
      if state.hasEnded { return .started }
      if let running = state.running[id] {
        if subProtocol == .transport { return .duplicate }
        // The legacy protocol lets a client begin anew with an id.
        state.tasks[running]?.cancel()
        state.running[id] = nil
      }
      guard state.tasks.count < limit else { return .tooMany }
      state.lastSerial += 1
      let serial = state.lastSerial
      let prefix = ServerMessage.nextPrefix(id: id, subProtocol)
      state.tasks[serial] = Task {
        let last = Mutex<String?>(nil)
        await operations(request) { event in
          switch event {
          case .next(let response): return !Task.isCancelled && self.outbox.appendText(prefix, response.utf8, "}")
          case .failed(let errors): last.withLock { $0 = ServerMessage.error(id: id, errors, subProtocol) }
          case .complete: last.withLock { $0 = ServerMessage.complete(id: id) }
          }
          return true
        }
        self.ended(id: id, serial: serial, saying: last.withLock { $0 })
      }
      state.running[id] = serial
      return .started
    }
    switch outcome {
    case .started: break
    case .unauthorized: throw .unauthorized
    case .duplicate: throw .duplicate(id)
    case .tooMany:
      let error = GraphQLError("at most \(limit) operations may be open on a connection", code: "LIMIT")
      outbox.appendText(ServerMessage.error(id: id, [error], subProtocol))
    }
  }

  // MARK: what operations say

  /// - Parameter last: nil when the operation was cancelled, so that nobody waits for a last message.
  private func ended(id: String, serial: Int, saying last: String?) {
    // Its place is given back first: after the message the client may use place and id again.
    let isKnown = state.withLock { state in
      state.tasks[serial] = nil
      guard state.running[id] == serial else { return false }
      state.running[id] = nil
      return true
    }
    // At the end of the server it is no end of the operation: the close code 1001 tells the client to come again.
    if isKnown, let last, !configuration.isStopping() { outbox.appendText(last) }
  }
}
