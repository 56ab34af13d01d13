/// How much a transaction sees of the others'. See "Transaction Isolation" in Postgres' documentation.
public enum PostgresIsolation: String, Sendable {
  case readCommitted = "read committed"
  case repeatableRead = "repeatable read"
  case serializable = "serializable"
}

/// A message that came by NOTIFY.
public struct PostgresNotification: Hashable, Sendable {
  public var channel: String
  public var payload: String
  /// Process id of the server's process that notified; equal to one's own connection's for one's own.
  public var processID: Int32

  public init(channel: String, payload: String, processID: Int32) {
    self.channel = channel
    self.payload = payload
    self.processID = processID
  }
}

/// The connection's use inside `run` and `transaction`, where blocking is allowed. Valid only in the closure.
///
/// A result is held in memory as a whole: put a LIMIT on what may be large.
public final class PostgresSession {
  private let link: Link
  private let wake: WakePipe
  private var statements: StatementCache
  private var isInTransaction = false
  private var savepoints = 0
  /// The call that is being served; it knows whether its caller was cancelled.
  private var job: (any JobState)?

  init(link: Link, wake: WakePipe, maxPreparedStatements: Int) {
    self.link = link
    self.wake = wake
    statements = StatementCache(limit: max(1, maxPreparedStatements))
  }

  var isBroken: Bool { link.isBroken }
  var socket: Int32 { link.socket }
  var canceller: Canceller { link.canceller }
  /// Process id of the server's process, as in `pg_stat_activity.pid`.
  public var processID: Int32 { link.processID }

  // MARK: Statements

  /// Runs a statement.
  /// - Returns: how many rows it inserted, updated, deleted or selected
  /// - Throws: `PostgresError` of kind `server` with SQLSTATE, `connectionLost`, `encoding` or `cancelled`
  @discardableResult
  public func execute(_ sql: SQL) throws(PostgresError) -> Int {
    try perform(sql).affectedRows
  }

  /// All rows of a statement, each as a generated row; the statement selects `\(columns: Row.self)`.
  public func query<Row: PostgresRow>(_ sql: SQL, as type: Row.Type) throws(PostgresError) -> [Row] {
    let result = try perform(sql)
    let count = result.rowCount
    let columns = ResultHandle.columnCount(result.pointer)
    var rows: [Row] = []
    rows.reserveCapacity(count)
    for row in 0..<count {
      do {
        rows.append(try Row(row: PostgresRowReader(result: result.pointer, row: row, columnCount: columns)))
      } catch {
        throw error.with(statement: sql.text)
      }
    }
    return rows
  }

  /// The only column of all rows of a statement.
  public func query<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type) throws(PostgresError) -> [Value] {
    var values: [Value] = []
    try forEach(sql) { row throws(PostgresError) in values.append(try row.decode(0)) }
    return values
  }

  /// All rows of a statement, each as a tuple of its columns.
  public func query<each Column: PostgresDecodable>(
    _ sql: SQL, as types: repeat (each Column).Type
  ) throws(PostgresError) -> [(repeat each Column)] {
    let result = try perform(sql)
    let count = result.rowCount
    let columns = ResultHandle.columnCount(result.pointer)
    var rows: [(repeat each Column)] = []
    rows.reserveCapacity(count)
    for index in 0..<count {
      let row = PostgresRowReader(result: result.pointer, row: index, columnCount: columns)
      var next = 0
      do {
        rows.append((repeat try row.decode(Self.advance(&next), as: (each Column).self)))
      } catch {
        throw error.with(statement: sql.text)
      }
    }
    return rows
  }

  /// The first row, or nil when there is none.
  public func first<Row: PostgresRow>(_ sql: SQL, as type: Row.Type) throws(PostgresError) -> Row? {
    try query(sql, as: type).first
  }

  /// The only column of the first row, or nil when there is no row.
  public func first<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type) throws(PostgresError) -> Value? {
    try query(sql, as: type).first
  }

  /// The first row as a tuple of its columns, or nil when there is none.
  public func first<each Column: PostgresDecodable>(
    _ sql: SQL, as types: repeat (each Column).Type
  ) throws(PostgresError) -> (repeat each Column)? {
    try query(sql, as: repeat each types).first
  }

  /// Calls `body` with each row, for results that are folded rather than kept.
  public func forEach(
    _ sql: SQL, _ body: (borrowing PostgresRowReader) throws(PostgresError) -> Void
  ) throws(PostgresError) {
    let result = try perform(sql)
    let columns = ResultHandle.columnCount(result.pointer)
    for row in 0..<result.rowCount {
      do {
        try body(PostgresRowReader(result: result.pointer, row: row, columnCount: columns))
      } catch {
        throw error.with(statement: sql.text)
      }
    }
  }

  /// Runs any number of statements that take no parameters, such as DDL; a text from a file is `SQL(unsafe: text)`.
  ///
  /// Outside of a transaction they are one transaction by themselves, unless they hold BEGIN and COMMIT.
  /// - Parameter isSecret: keeps the text out of errors
  public func script(_ sql: SQL, isSecret: Bool = false) throws(PostgresError) {
    try check(sql)
    guard sql.parameters.values.isEmpty else {
      throw PostgresError(
        .usage, "a script takes no parameters: use execute, or splice with \\(literal:) and \\(identifier:)",
        statement: sql.text)
    }
    _ = try send { () throws(PostgresError) in try link.execute(sql.text, statement: isSecret ? nil : sql.text) }
  }

  /// Sets the password of a role. It goes out as a SCRAM-SHA-256 verifier: neither the wire, nor the server's log,
  /// nor an error ever holds the password.
  public func setPassword(_ password: String, ofRole role: String) throws(PostgresError) {
    let verifier = try link.verifier(password: password, role: role)
    try script("alter role \(identifier: role) password \(literal: verifier)", isSecret: true)
  }

  // MARK: Transactions

  /// The closure is the transaction: it commits when `body` returns and rolls back when it throws.
  ///
  /// - Throws: what `body` throws; `commitOutcomeUnknown` when the connection broke during COMMIT; `rolledBack` when
  ///   `body` swallowed the error of a statement; `server` when COMMIT was refused, which has rolled back
  @discardableResult
  public func transaction<Value>(
    isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false, _ body: (PostgresSession) throws -> Value
  ) throws -> Value {
    guard !isInTransaction else {
      throw PostgresError(.usage, "a transaction is open already: use savepoint inside of it")
    }
    // Without "read write": a database that was made read-only is meant to stay so.
    let begin = "begin isolation level \(isolation.rawValue)\(readOnly ? " read only" : "")"
    _ = try send { () throws(PostgresError) in try link.execute(begin, statement: begin) }
    isInTransaction = true
    defer { isInTransaction = false }
    let value: Value
    do {
      value = try body(self)
      try checkCancelled()
    } catch {
      rollBack()
      throw error
    }
    try commit(readOnly: readOnly)
    return value
  }

  /// A part of a transaction that can fail alone: what `body` did is undone when it throws, and the error goes on.
  @discardableResult
  public func savepoint<Value>(_ body: (PostgresSession) throws -> Value) throws -> Value {
    guard isInTransaction else { throw PostgresError(.usage, "a savepoint needs a transaction around it") }
    savepoints += 1
    defer { savepoints -= 1 }
    let name = "savepoint_\(savepoints)"
    _ = try send { () throws(PostgresError) in try link.execute("savepoint \(name)", statement: nil) }
    do {
      let value = try body(self)
      _ = try send { () throws(PostgresError) in try link.execute("release \(name)", statement: nil) }
      return value
    } catch {
      if !link.isBroken {
        _ = try link.execute("rollback to \(name); release \(name)", statement: nil)
      }
      throw error
    }
  }

  /// Sends the statements of `body` without waiting for the answer of each, and takes all answers when `body` returns:
  /// one round trip, and the server works while `body` goes on. Only in a transaction.
  ///
  /// Where a statement fails those behind it don't run. What several prepare for one another has to come from the
  /// database itself: `body` sees no answers.
  /// - Throws: what `body` throws, else the first failure
  public func pipeline<Value>(_ body: (PostgresPipeline) throws -> Value) throws -> Value {
    guard isInTransaction else { throw PostgresError(.usage, "a pipeline needs a transaction around it") }
    try checkUsable()
    let pipeline = try PostgresPipeline(
      link, prepared: { self.statements.newName(for: $0) }, retire: { self.statements.retire($0) })
    let value: Value
    do {
      value = try body(pipeline)
    } catch {
      try? pipeline.finish()
      throw error
    }
    do {
      try pipeline.finish()
    } catch let error as PostgresError {
      throw asCancellation(error)
    }
    return value
  }

  private func commit(readOnly: Bool) throws(PostgresError) {
    if link.isBroken {
      throw PostgresError(.connectionLost, "the connection to Postgres at \(link.place) was lost before COMMIT")
    }
    let tag: String
    do {
      tag = try link.execute("commit", statement: "commit").commandTag
    } catch {
      if error.kind == .connectionLost && !readOnly {
        throw error.with(
          kind: .commitOutcomeUnknown,
          message: "\(error.message) during COMMIT: look whether it happened before trying again")
      }
      throw asCancellation(error)
    }
    if tag != "COMMIT" {
      throw PostgresError(
        .rolledBack, "the transaction was rolled back: a statement in it failed and its error was not passed on")
    }
  }

  /// Leaves the connection without a transaction, or broken. Errors are not of interest: the caller has one already.
  private func rollBack() {
    guard !link.isBroken, link.transactionState != .idle else { return }
    _ = try? link.execute("rollback", statement: "rollback").commandTag
  }

  // MARK: Notifications

  /// Asks for the notifications of a channel, from the commit of the transaction on.
  public func listen(_ channel: String) throws(PostgresError) {
    try script("listen \(identifier: channel)")
  }

  /// Sends a notification, at the commit of the transaction.
  /// - Parameter payload: less than 8000 bytes
  public func notify(_ channel: String, payload: String = "") throws(PostgresError) {
    _ = try perform("select pg_notify(\(channel), \(payload))")
  }

  /// Blocks until a notification is there; nil after the time.
  public func waitForNotification(timeoutMillis: Int) throws(PostgresError) -> PostgresNotification? {
    try checkCancelled()
    let job = self.job
    let notification = try link.waitForNotification(timeoutMillis: timeoutMillis, wake: wake) {
      job?.isCancelled ?? false
    }
    if notification == nil { try checkCancelled() }
    return notification
  }

  // MARK: Inside

  /// Serves one call. Leaves no transaction open.
  func serve<Value>(_ job: any JobState, _ body: (PostgresSession) throws -> Value) throws -> Value {
    self.job = job
    defer { self.job = nil }
    let result = Result { try body(self) }
    guard !link.isBroken, link.transactionState != .idle else { return try result.get() }
    rollBack()
    _ = try result.get()
    throw PostgresError(
      .usage, "the closure left a transaction open, which was rolled back: use transaction { } instead of BEGIN")
  }

  /// True when the server is there, as far as one can tell without asking it.
  func isAlive() -> Bool { link.isAlive() }

  private func perform(_ sql: SQL) throws(PostgresError) -> ResultHandle {
    try check(sql)
    // A plan is refused once after its tables changed; outside of a transaction a new one does.
    do {
      return try performOnce(sql)
    } catch {
      guard Self.isStalePlan(error) else { throw error }
      statements.retire(sql)
      if link.transactionState != .idle { throw error }
    }
    return try performOnce(sql)
  }

  private func performOnce(_ sql: SQL) throws(PostgresError) -> ResultHandle {
    try send { () throws(PostgresError) in
      let name = try statements.name(for: sql, link)
      return try link.execute(prepared: name, sql)
    }
  }

  private func check(_ sql: SQL) throws(PostgresError) {
    if let failure = sql.parameters.failure { throw failure.with(statement: sql.text) }
  }

  private func send(_ body: () throws(PostgresError) -> ResultHandle) throws(PostgresError) -> ResultHandle {
    try checkUsable()
    do {
      return try body()
    } catch {
      throw asCancellation(error)
    }
  }

  private func checkUsable() throws(PostgresError) {
    try checkCancelled()
    if link.isBroken {
      throw PostgresError(.connectionLost, "the connection to Postgres at \(link.place) is lost: connect again")
    }
  }

  private func checkCancelled() throws(PostgresError) {
    if job?.isCancelled ?? false { throw PostgresError.cancelledCaller }
  }

  private func asCancellation(_ error: PostgresError) -> PostgresError {
    error.isQueryCancelled && (job?.isCancelled ?? false) ? error.with(kind: .cancelled) : error
  }

  /// 0A000 "cached plan must not change result type", or 26000 after somebody deallocated the statement.
  private static func isStalePlan(_ error: PostgresError) -> Bool {
    (error.sqlState == "0A000" && error.routine == "RevalidateCachedQuery") || error.sqlState == "26000"
  }

  private static func advance(_ index: inout Int) -> Int {
    defer { index += 1 }
    return index
  }
}

extension PostgresError {
  static let cancelledCaller = PostgresError(.cancelled, "the caller's task was cancelled")
}

/// Names of the statements that the server has prepared, by text and parameter types.
struct StatementCache {
  private struct Key: Hashable {
    var text: String
    var oids: [UInt32]
  }

  private struct Entry {
    var name: String
    var lastUse: UInt64
  }

  let limit: Int
  private var entries: [Key: Entry] = [:]
  /// Still prepared on the server, to be freed when no failed transaction is in the way.
  private var retired: [String] = []
  private var uses: UInt64 = 0

  init(limit: Int) {
    self.limit = limit
  }

  mutating func name(for sql: SQL, _ link: Link) throws(PostgresError) -> String {
    uses += 1
    let key = Key(text: sql.text, oids: sql.parameters.values.map(\.oid))
    if let name = entries[key]?.name {
      entries[key]?.lastUse = uses
      return name
    }
    let name = "s\(uses)"
    try link.prepare(name: name, text: sql.text, oids: key.oids)
    makeRoom()
    entries[key] = Entry(name: name, lastUse: uses)
    for name in retired { _ = try link.execute("deallocate \(name)", statement: nil).commandTag }
    retired.removeAll()
    return name
  }

  /// As ``name(for:_:)`` for a pipeline, in which the caller prepares what is new.
  mutating func newName(for sql: SQL) -> (name: String, isNew: Bool) {
    uses += 1
    let key = Key(text: sql.text, oids: sql.parameters.values.map(\.oid))
    if let name = entries[key]?.name {
      entries[key]?.lastUse = uses
      return (name, false)
    }
    makeRoom()
    let name = "s\(uses)"
    entries[key] = Entry(name: name, lastUse: uses)
    return (name, true)
  }

  private mutating func makeRoom() {
    guard entries.count >= limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
    retired.append(oldest.value.name)
    entries[oldest.key] = nil
  }

  mutating func retire(_ sql: SQL) {
    let key = Key(text: sql.text, oids: sql.parameters.values.map(\.oid))
    // Not freed on the server: after 26000 it is gone, and a wrong DEALLOCATE would fail the next transaction.
    entries[key] = nil
  }
}
