import JSONText
import LoadRuns
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// One WebSocket to the endpoint, by either sub-protocol.
final class GraphQLSocket: Sendable {
  /// A longer message ends the connection.
  private static let messageLimitBytes = 1 << 20

  enum Event: Sendable {
    /// The whole payload: `data`, `errors`.
    case next(JSONValue)
    case error(String)
    case complete
    case closed(String)
  }

  typealias Sink = @Sendable (Event, ContinuousClock.Instant) -> Void

  private struct State {
    var sinks: [String: Sink] = [:]
    var lastID = 0
    /// Set when it has ended.
    var closed: String?
    var isReady = false
  }

  private let channel: any Channel
  private let subprotocol: LoadTestSettings.Subprotocol
  private let state: SharedState

  /// What the connection's handler and its owner share.
  private final class SharedState: Sendable {
    let mutex = Mutex(State())
  }

  private init(_ channel: any Channel, _ subprotocol: LoadTestSettings.Subprotocol, _ state: SharedState) {
    self.channel = channel
    self.subprotocol = subprotocol
    self.state = state
  }

  /// Connects and shakes hands; ends early when the task is cancelled.
  ///
  /// - Parameter limitSeconds: for all of it.
  /// - Throws: ``LoadTestProblem`` that names the port.
  static func connect(
    group: any EventLoopGroup, port: Int, subprotocol: LoadTestSettings.Subprotocol, limitSeconds: Double = 10
  ) async throws -> GraphQLSocket {
    let state = SharedState()
    let deadline = ContinuousClock.now + .seconds(limitSeconds)
    let place = "the GraphQL endpoint at 127.0.0.1:\(port)"
    let silence = LoadTestProblem("\(place) does not answer within \(limitSeconds) s")
    let channel: (any Channel)?
    do {
      channel = try await upgraded(
        group, port: port, subprotocol: subprotocol, state: state, limitSeconds: limitSeconds, silence: silence)
    } catch let error where !(error is LoadTestProblem || error is CancellationError) {
      let refusal = (error as? NIOConnectionError)?.connectionErrors.first?.error
      throw LoadTestProblem("cannot connect to \(place): \(refusal ?? error)")
    }
    guard let channel else { throw LoadTestProblem("\(place) answers, but not as a bank's does") }
    let socket = GraphQLSocket(channel, subprotocol, state)
    do {
      socket.send([.init("type", .string("connection_init")), .init("payload", .object([]))])
      while !state.mutex.withLock({ $0.isReady }) {
        if let reason = state.mutex.withLock({ $0.closed }) { throw LoadTestProblem("\(place) hung up: \(reason)") }
        guard ContinuousClock.now < deadline else { throw silence }
        try await Task.sleep(for: .milliseconds(5))
      }
      return socket
    } catch {
      await socket.close()
      throw error
    }
  }

  /// The channel as a WebSocket; nil where the server answers something else.
  private static func upgraded(
    _ group: any EventLoopGroup, port: Int, subprotocol: LoadTestSettings.Subprotocol, state: SharedState,
    limitSeconds: Double, silence: LoadTestProblem
  ) async throws -> (any Channel)? {
    // Of two ends the first counts: waiting for the future alone would wait as long as the server is silent.
    let end = group.next().makePromise(of: (any Channel)?.self)
    let timer = group.next().scheduleTask(in: .milliseconds(Int64(limitSeconds * 1_000))) { end.fail(silence) }
    defer { timer.cancel() }
    return try await withTaskCancellationHandler {
      let upgrade: EventLoopFuture<(any Channel)?>
      do {
        upgrade = try await ClientBootstrap(group: group).connectTimeout(.seconds(5))
          .connect(host: "127.0.0.1", port: port) { channel in
            end.futureResult.whenFailure { _ in channel.close(promise: nil) }
            return channel.eventLoop.makeCompletedFuture {
              try configure(channel, port: port, subprotocol: subprotocol, state: state)
            }
          }
      } catch {
        end.fail(error)
        throw error
      }
      upgrade.cascade(to: end)
      return try await end.futureResult.get()
    } onCancel: {
      end.fail(CancellationError())
    }
  }

  /// Starts an operation; `sink` hears of it on the connection's thread, with the time when the message came.
  @discardableResult
  func start(_ query: String, _ variables: [JSONValue.Member], sink: @escaping Sink) -> String {
    let (id, closed) = state.mutex.withLock { state in
      state.lastID += 1
      let id = String(state.lastID)
      if state.closed == nil { state.sinks[id] = sink }
      return (id, state.closed)
    }
    if let closed {
      sink(.closed(closed), .now)
      return id
    }
    send([
      .init("id", .string(id)), .init("type", .string(subprotocol == .legacy ? "start" : "subscribe")),
      .init("payload", .object([.init("query", .string(query)), .init("variables", .object(variables))])),
    ])
    return id
  }

  /// The first answer to a question.
  func ask(_ query: String, _ variables: [JSONValue.Member], timeout: Duration) async throws -> JSONValue {
    let (answers, continuation) = AsyncStream.makeStream(of: Event.self)
    start(query, variables) { event, _ in continuation.yield(event) }
    let timer = Task {
      try await Task.sleep(for: timeout)
      continuation.finish()
    }
    defer { timer.cancel() }
    for await event in answers {
      switch event {
      case .next(let payload): return payload
      case .error(let text), .closed(let text): throw LoadTestProblem("the endpoint says: \(text)")
      case .complete: throw LoadTestProblem("the endpoint gave no answer")
      }
    }
    throw LoadTestProblem("the endpoint gave no answer within \(timeout)")
  }

  func close() async {
    state.mutex.withLock { $0.sinks.removeAll() }
    try? await channel.close()
  }

  private func send(_ members: [JSONValue.Member]) {
    Self.send(.object(members), on: channel)
  }

  private static func send(_ message: JSONValue, on channel: any Channel) {
    let frame = WebSocketFrame(
      fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(string: message.text))
    channel.writeAndFlush(frame, promise: nil)
  }

  /// - Returns: what gives the upgraded channel, or nil where the server does not upgrade.
  private static func configure(
    _ channel: any Channel, port: Int, subprotocol: LoadTestSettings.Subprotocol, state: SharedState
  ) throws -> EventLoopFuture<(any Channel)?> {
    let upgrader = NIOTypedWebSocketClientUpgrader<(any Channel)?>(maxFrameSize: messageLimitBytes) { channel, _ in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(Handler(state: state))
        return channel
      }
    }
    var headers = HTTPHeaders()
    headers.add(name: "Host", value: "127.0.0.1:\(port)")
    headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol.rawValue)
    let path = subprotocol == .legacy ? "/graphql-ws" : "/graphql"
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
    let configuration = NIOTypedHTTPClientUpgradeConfiguration<(any Channel)?>(
      upgradeRequestHead: head, upgraders: [upgrader]
    ) { channel in
      channel.close(promise: nil)
      return channel.eventLoop.makeSucceededFuture(nil)
    }
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
      configuration: .init(upgradeConfiguration: configuration))
  }

  /// Hands messages to those who wait for them, on the event loop, so that the time is that of the message.
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let state: SharedState
    private var closing = "the connection broke"

    init(state: SharedState) { self.state = state }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let now = ContinuousClock.now
      var frame = unwrapInboundIn(data)
      var payload = frame.unmaskedData
      switch frame.opcode {
      case .text:
        guard frame.fin, let bytes = payload.readBytes(length: payload.readableBytes),
          let message = try? JSONValue(parsing: bytes)
        else { return end(context, "a message that is no JSON") }
        handle(message, now, context)
      case .ping:
        frame = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: payload)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
      case .connectionClose:
        let code = payload.readInteger(as: UInt16.self).map { "code \($0) " } ?? ""
        end(context, "closed with \(code)\(payload.readString(length: payload.readableBytes) ?? "")")
      default: break
      }
    }

    func channelInactive(context: ChannelHandlerContext) {
      let sinks = state.mutex.withLock { state in
        state.closed = closing
        defer { state.sinks.removeAll() }
        return Array(state.sinks.values)
      }
      for sink in sinks { sink(.closed(closing), .now) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, "\(error)") }

    private func end(_ context: ChannelHandlerContext, _ reason: String) {
      closing = reason
      context.close(promise: nil)
    }

    private func handle(_ message: JSONValue, _ now: ContinuousClock.Instant, _ context: ChannelHandlerContext) {
      guard case .string(let type)? = message["type"] else { return end(context, "a message without type") }
      var id = ""
      if case .string(let text)? = message["id"] { id = text }
      switch type {
      case "connection_ack": state.mutex.withLock { $0.isReady = true }
      case "connection_error": end(context, message["payload"]?.text ?? "connection_error")
      case "ping": GraphQLSocket.send(.object([.init("type", .string("pong"))]), on: context.channel)
      case "next", "data": sink(id, ends: false)?(.next(message["payload"] ?? .null), now)
      case "error": sink(id, ends: true)?(.error(message["payload"]?.text ?? "error"), now)
      case "complete": sink(id, ends: true)?(.complete, now)
      default: break
      }
    }

    private func sink(_ id: String, ends: Bool) -> Sink? {
      state.mutex.withLock { ends ? $0.sinks.removeValue(forKey: id) : $0.sinks[id] }
    }
  }
}
