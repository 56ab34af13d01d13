import Dispatch
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Synchronization

/// Runs a service: its body beside an HTTP server with `/health`, `/metrics` and the service's own routes.
///
/// SIGTERM and SIGINT cancel the body's task; the body finishes what it has begun and returns (throwing
/// `CancellationError` is fine). After `stopLimitSeconds` the process ends without it, with exit status 1. A clock that is
/// set back ends it too, see `ClockWatch`.
public struct ServiceHost: Sendable {
  /// From the signal to the end of the process.
  public static let stopLimitSeconds = 9
  /// Of a request's body.
  public static let bodyLimitBytes = 65_536

  public let name: String
  public let metrics: Metrics
  public let health: Health
  let address: String
  let port: Int
  let routes: [HTTPRoute]
  let server: HTTPServerBuilder
  let mount: @Sendable (Router<BasicRequestContext>) -> Void

  /// - Parameters:
  ///   - name: such as `command-handler`; messages begin with it.
  ///   - address: what to bind; loopback unless told otherwise.
  ///   - port: 0 takes a free one.
  ///   - server: how connections are served, such as one that takes WebSockets too.
  ///   - mount: adds what ``HTTPRoute`` has no words for; middleware that it adds does not touch the other routes.
  public init(
    name: String, address: String = "127.0.0.1", port: Int, metrics: Metrics = Metrics(), health: Health = Health(),
    routes: [HTTPRoute] = [], server: HTTPServerBuilder = .http1(),
    mount: @escaping @Sendable (Router<BasicRequestContext>) -> Void = { _ in }
  ) {
    self.name = name
    self.address = address
    self.port = port
    self.metrics = metrics
    self.health = health
    self.routes = routes
    self.server = server
    self.mount = mount
  }

  /// Runs the body until it ends or a signal comes.
  ///
  /// - Parameter body: is cancelled when the process is asked to stop. It calls `health.ready()` when it works.
  /// - Throws: what the body or the server threw; the `bank` command prints it and exits with 1.
  public func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let signals = StopSignals()
    let ended = EndedFlag()
    defer {
      ended.set()
      signals.cancel()
    }
    try await withThrowingTaskGroup(of: Ended.self) { group in
      group.addTask { try await serve() }
      group.addTask {
        try await body()
        return .body
      }
      group.addTask {
        await signals.wait()
        return .signal
      }
      group.addTask { try await ClockWatch.run() }
      let first: Ended
      do { first = try await group.next() ?? .body } catch {
        limitStop(unless: ended, because: "\(error)")
        health.fail("\(error)")
        group.cancelAll()
        throw error
      }
      limitStop(unless: ended, because: "it was asked to stop")
      health.fail("stopping")
      group.cancelAll()
      // Cancelled by us: CancellationError is the answer that was asked for, anything else is a failure to tell.
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
      if first == .server { throw SupportError("\(name): the HTTP server on port \(port) ended") }
    }
  }

  private enum Ended: Sendable { case server, body, signal }

  /// From here on the process ends in time, whatever hangs.
  private func limitStop(unless ended: EndedFlag, because reason: String) {
    let message = "\(name): did not stop within \(Self.stopLimitSeconds) s, giving up: \(reason)\n"
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.stopLimitSeconds)) {
      if ended.isSet { return }
      FileHandle.standardError.write(Data(message.utf8))
      exit(1)
    }
  }

  private func serve() async throws -> Ended {
    var logger = Logger(label: name)
    // Below that it complains of each connection that is closed when the service stops; failing to bind is thrown.
    logger.logLevel = .critical
    let application = Application(
      router: router(), server: server,
      configuration: .init(address: .hostname(address, port: port), serverName: nil), logger: logger)
    do {
      try await application.run()
    } catch let error as CancellationError {
      throw error
    } catch {
      throw SupportError("\(name): cannot serve HTTP on \(address):\(port): \(error)")
    }
    return .server
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("/health") { _, _ in health.reply.response }
    router.get("/metrics") { _, _ in
      HTTPReply(contentType: "text/plain; version=0.0.4; charset=utf-8", body: metrics.text()).response
    }
    for route in routes {
      router.on(RouterPath(route.path), method: route.method == .get ? .get : .post) { request, _ in
        let refusal = RequestOrigin.refusal(
          of: request.headers, host: request.head.authority, isChange: route.method == .post)
        if let refusal { return refusal.response }
        let body = try await request.body.collect(upTo: Self.bodyLimitBytes)
        return await route.handler(Array(body.readableBytesView)).response
      }
    }
    mount(router)
    return router
  }
}

private final class EndedFlag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .acquiring) }
  func set() { flag.store(true, ordering: .releasing) }
}

/// What `GET /health` answers.
public final class Health: Sendable {
  private let reason = Mutex<String?>("starting")

  public init() {}

  /// From now on 200 `{"status":"ok"}`.
  public func ready() { reason.withLock { $0 = nil } }

  /// From now on 503 with the reason.
  public func fail(_ why: String) { reason.withLock { $0 = why } }

  /// Why it is not well; nil when it is.
  public var problem: String? { reason.withLock { $0 } }

  var reply: HTTPReply {
    guard let problem else { return HTTPReply(body: #"{"status":"ok"}"#) }
    let body = (try? JSONEncoder().encode(["status": "unavailable", "reason": problem])) ?? Data("{}".utf8)
    return HTTPReply(status: 503, body: String(decoding: body, as: UTF8.self))
  }
}

extension HTTPReply {
  fileprivate var response: Response {
    Response(
      status: .init(code: status), headers: [.contentType: contentType],
      body: .init(byteBuffer: ByteBuffer(string: body)))
  }
}
