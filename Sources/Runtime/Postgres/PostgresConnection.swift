internal import Dispatch
internal import Synchronization

/// One connection to Postgres. Its blocking calls run one after the other on a queue of its own, never on the threads
/// of Swift's concurrency.
///
///     let connection = try await PostgresConnection.connect(configuration)
///     let ibans = try await connection.run { session in
///       try session.query("select iban from balance where amount > \(limit)", as: String.self)
///     }
///
/// A caller whose task is cancelled while it waits leaves at once; while its statement runs the server is asked to
/// stop, and what the statement throws has the kind `cancelled`.
///
/// `@unchecked Sendable`: `session` is touched on `queue` only, everything else is constant or locked.
public final class PostgresConnection: @unchecked Sendable {
  /// How often a cancelled caller's statements are asked to stop, 100 ms apart: one request is lost when it comes
  /// between two statements.
  private static let maxCancelRequests = 50

  private let queue: DispatchQueue
  private let wake: WakePipe
  /// nil once closed.
  private var session: PostgresSession?
  private let canceller: Canceller
  private let socket: Int32
  /// The call that the server works for, so that a cancel request can't hit the next one.
  private let running = Mutex<(any JobState)?>(nil)
  private let flags = Mutex(Flags())
  public let configuration: PostgresConfiguration
  /// Process id of the server's process, as in `pg_stat_activity.pid`.
  public let processID: Int32

  private struct Flags {
    var isClosed = false
    var isBroken = false
  }

  private init(_ configuration: PostgresConfiguration, queue: DispatchQueue, wake: WakePipe, link: Link) {
    self.configuration = configuration
    self.queue = queue
    self.wake = wake
    canceller = link.canceller
    socket = link.socket
    processID = link.processID
    session = PostgresSession(link: link, wake: wake, maxPreparedStatements: configuration.maxPreparedStatements)
  }

  /// Connects.
  /// - Throws: `connectFailed` that names host, port, database and user (never the password), with SQLSTATE where the
  ///   server refused; `cancelled`
  public static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError) -> PostgresConnection {
    let queue = DispatchQueue(label: "postgres")
    let wake = try WakePipe()
    let job = Job<PostgresConnection>()
    do {
      return try await job.value(on: queue, wake: wake, cancel: nil) { job in
        let link = try Link.connect(configuration, wake: wake, isCancelled: { job.isCancelled })
        if configuration.statementTimeoutMillis > 0 {
          let statement = "set statement_timeout = \(configuration.statementTimeoutMillis)"
          link.answerTimeoutMillis = configuration.statementTimeoutMillis + Link.graceMillis
          _ = try link.execute(statement, statement: statement).commandTag
        }
        return PostgresConnection(configuration, queue: queue, wake: wake, link: link)
      }
    } catch let error as PostgresError {
      throw error
    } catch {
      throw PostgresError(.connectFailed, "no connection to Postgres at \(configuration.place): \(error)")
    }
  }

  deinit {
    // Saying goodbye to the server may block, and this may be a thread of Swift's concurrency.
    nonisolated(unsafe) let last = session
    queue.async { withExtendedLifetime(last) {} }
  }

  /// False once the connection is closed or known to be lost; then only a new one helps.
  public var isUsable: Bool {
    flags.withLock { !$0.isClosed && !$0.isBroken }
  }

  /// Runs `body`, which may block, on the connection's queue, after the calls before it.
  ///
  /// Each statement in `body` is a transaction of its own.
  /// - Throws: what `body` throws; `closed`; `cancelled`
  @discardableResult
  public func run<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    let job = Job<Value>()
    let cancel: @Sendable () -> Void = { self.requestCancel(of: job, attempt: 1) }
    return try await job.value(on: queue, wake: wake, cancel: cancel) { job in
      guard let session = self.session else {
        throw PostgresError(.closed, "the connection to Postgres at \(self.configuration.place) was closed")
      }
      self.running.withLock { $0 = job }
      defer {
        // Waits for a cancel request that is on its way.
        self.running.withLock { $0 = nil }
        if session.isBroken { self.flags.withLock { $0.isBroken = true } }
      }
      return try session.serve(job, body)
    }
  }

  /// The closure is the transaction: it commits when `body` returns and rolls back when it throws.
  ///
  /// - Throws: what `body` throws, and what `PostgresSession.transaction` does
  @discardableResult
  public func transaction<Value: Sendable>(
    isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await run { session in try session.transaction(isolation: isolation, readOnly: readOnly, body) }
  }

  /// Waits for a notification of the channels that were listened to; nil after the time. Calls on this connection
  /// wait meanwhile, so listen on a connection of its own.
  public func waitForNotification(timeoutMillis: Int) async throws -> PostgresNotification? {
    try await run { session in try session.waitForNotification(timeoutMillis: timeoutMillis) }
  }

  /// Asks the server to stop the statement that runs now, which then throws SQLSTATE 57014. Returns at once.
  public func cancel() {
    DispatchQueue.global().async {
      self.running.withLock { if $0 != nil { self.canceller.request() } }
    }
  }

  /// Ends the connection after the calls before it; what waits for a notification stops waiting. Later calls throw
  /// `closed`.
  public func close() async {
    let isFirst = flags.withLock { flags in
      defer { flags.isClosed = true }
      return !flags.isClosed
    }
    if isFirst { wake.shutDown() }
    await withCheckedContinuation { continuation in
      queue.async {
        self.session = nil
        continuation.resume()
      }
    }
  }

  /// Whether the server is there, without asking it: false after it closed the connection. For idle connections.
  func isAlive() async -> Bool {
    guard isUsable else { return false }
    guard WakePipe.isReadable(socket) else { return true }
    return (try? await run { session in session.isAlive() }) ?? false
  }

  private func requestCancel(of job: any JobState, attempt: Int) {
    DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(attempt == 1 ? 0 : 100)) {
      let isRunning = self.running.withLock { running in
        guard running === job else { return false }
        self.canceller.request()
        return true
      }
      if isRunning && attempt < Self.maxCancelRequests { self.requestCancel(of: job, attempt: attempt + 1) }
    }
  }
}
