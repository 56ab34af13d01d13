internal import Synchronization

/// A bounded number of connections that many callers share. Callers wait in the order in which they came; a connection
/// that broke is replaced by a new one.
///
///     let pool = PostgresPool(configuration, maxConnections: 4)
///     try await pool.transaction { session in try session.execute("update …") }
public final class PostgresPool: Sendable {
  /// Callers that may wait at once; the next one is refused with `poolExhausted`.
  public static let defaultMaxWaiting = 1000

  /// What a caller gets: a connection, or the right to make one.
  private enum Slot: Sendable {
    case connection(PostgresConnection)
    case empty
  }

  private struct Waiter {
    var id: UInt64
    var continuation: CheckedContinuation<Slot, any Error>
    var timer: Task<Void, Never>
  }

  private struct State {
    var idle: [PostgresConnection] = []
    /// Idle, in use, or being made.
    var slots = 0
    var waiters: [Waiter] = []
    /// Cancelled before they began to wait.
    var cancelled: Set<UInt64> = []
    var nextID: UInt64 = 0
    var isClosed = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  public let configuration: PostgresConfiguration
  public let maxConnections: Int
  public let maxWaiting: Int
  public let waitTimeoutMillis: Int
  private let state = Mutex(State())

  /// Connects when someone needs a connection, not here.
  /// - Parameters:
  ///   - maxConnections: 1 or more
  ///   - maxWaiting: callers that may wait at once
  ///   - waitTimeoutMillis: how long a caller waits for a free connection
  public init(
    _ configuration: PostgresConfiguration, maxConnections: Int, maxWaiting: Int = defaultMaxWaiting,
    waitTimeoutMillis: Int = 30_000
  ) {
    self.configuration = configuration
    self.maxConnections = max(1, maxConnections)
    self.maxWaiting = max(0, maxWaiting)
    self.waitTimeoutMillis = max(0, waitTimeoutMillis)
  }

  /// Connections that are open or being made, and callers that wait.
  public var counts: (connections: Int, waiting: Int) {
    state.withLock { ($0.slots, $0.waiters.count) }
  }

  /// Lends a connection to `body`, alone. Don't keep it: it goes back when `body` returns or throws.
  /// - Throws: what `body` throws; `poolExhausted`, `closed`, `cancelled`, or what connecting throws
  @discardableResult
  public func withConnection<Value: Sendable>(
    _ body: @Sendable (PostgresConnection) async throws -> Value
  ) async throws -> Value {
    let connection = try await borrow()
    do {
      let value = try await body(connection)
      giveBack(connection)
      return value
    } catch {
      giveBack(connection)
      throw error
    }
  }

  /// `PostgresConnection.run` on a free connection.
  @discardableResult
  public func run<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await withConnection { connection in try await connection.run(body) }
  }

  /// `PostgresConnection.transaction` on a free connection.
  @discardableResult
  public func transaction<Value: Sendable>(
    isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false,
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await withConnection { connection in
      try await connection.transaction(isolation: isolation, readOnly: readOnly, body)
    }
  }

  /// Refuses new callers and those that wait, lets those that have a connection finish, and closes all.
  public func close() async {
    let (idle, waiters) = state.withLock { state in
      state.isClosed = true
      defer {
        state.slots -= state.idle.count
        state.idle = []
        state.waiters = []
      }
      return (state.idle, state.waiters)
    }
    for waiter in waiters {
      waiter.timer.cancel()
      waiter.continuation.resume(throwing: closedError)
    }
    for connection in idle { await connection.close() }
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.slots == 0 { return true }
        state.closers.append(continuation)
        return false
      }
      if isDone { continuation.resume() }
    }
  }

  // MARK: Lending

  private func borrow() async throws -> PostgresConnection {
    if case .connection(let connection) = try await slot() {
      if await connection.isAlive() { return connection }
      // Its slot is kept for the new one.
      await connection.close()
    }
    do {
      return try await PostgresConnection.connect(configuration)
    } catch {
      free(.empty)
      throw error
    }
  }

  private func slot() async throws -> Slot {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    defer { state.withLock { state in _ = state.cancelled.remove(id) } }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer = state.withLock { state in take(&state, id: id, continuation) }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      refuse(id, with: .cancelledCaller, remember: true)
    }
  }

  /// An answer, or nil when the caller was put into the queue.
  private func take(
    _ state: inout State, id: UInt64, _ continuation: CheckedContinuation<Slot, any Error>
  ) -> Result<Slot, any Error>? {
    if state.cancelled.remove(id) != nil { return .failure(PostgresError.cancelledCaller) }
    if state.isClosed { return .failure(closedError) }
    // The one used last, so that the others can be seen to be idle, and its caches are warm.
    if let connection = state.idle.popLast() { return .success(.connection(connection)) }
    if state.slots < maxConnections {
      state.slots += 1
      return .success(.empty)
    }
    if state.waiters.count >= maxWaiting {
      return .failure(
        PostgresError(
          .poolExhausted,
          "all \(maxConnections) connections to Postgres at \(configuration.place) are in use and \(maxWaiting) "
            + "callers wait: do less at once or raise maxConnections"))
    }
    let timer = Task { [waitTimeoutMillis] in
      guard (try? await Task.sleep(for: .milliseconds(waitTimeoutMillis))) != nil else { return }
      refuse(id, with: self.timeoutError, remember: false)
    }
    state.waiters.append(Waiter(id: id, continuation: continuation, timer: timer))
    return nil
  }

  private func refuse(_ id: UInt64, with error: PostgresError, remember: Bool) {
    let waiter = state.withLock { state -> Waiter? in
      if let index = state.waiters.firstIndex(where: { $0.id == id }) { return state.waiters.remove(at: index) }
      if remember { state.cancelled.insert(id) }
      return nil
    }
    waiter?.timer.cancel()
    waiter?.continuation.resume(throwing: error)
  }

  private func giveBack(_ connection: PostgresConnection) {
    guard connection.isUsable else {
      free(.empty)
      return
    }
    if !free(.connection(connection)) {
      Task {
        await connection.close()
        free(.empty)
      }
    }
  }

  /// Hands a slot to the caller that waits longest, or keeps it. False when the pool is closed and the connection has
  /// to be closed first.
  @discardableResult
  private func free(_ slot: Slot) -> Bool {
    var waiter: Waiter?
    var closers: [CheckedContinuation<Void, Never>] = []
    let isTaken = state.withLock { state in
      if !state.waiters.isEmpty {
        waiter = state.waiters.removeFirst()
        return true
      }
      if case .connection(let connection) = slot {
        if state.isClosed { return false }
        state.idle.append(connection)
        return true
      }
      state.slots -= 1
      if state.isClosed && state.slots == 0 {
        closers = state.closers
        state.closers = []
      }
      return true
    }
    waiter?.timer.cancel()
    waiter?.continuation.resume(returning: slot)
    for closer in closers { closer.resume() }
    return isTaken
  }

  private var closedError: PostgresError {
    PostgresError(.closed, "the pool of connections to Postgres at \(configuration.place) was closed")
  }

  private var timeoutError: PostgresError {
    PostgresError(
      .poolExhausted,
      "all \(maxConnections) connections to Postgres at \(configuration.place) were in use for \(waitTimeoutMillis) "
        + "ms: do less at once or raise maxConnections")
  }
}
