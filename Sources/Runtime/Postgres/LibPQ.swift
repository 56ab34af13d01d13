internal import CPq

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The one place that calls libpq on a connection. Not thread safe: the connection's queue owns it.
final class Link {
  /// The longest wait of one poll; a cancelled caller is noticed by the pipe long before.
  static let maxPollMillis: Int32 = 1000

  /// A server cancels a statement at its time-out and says so; one that is silent for this much longer is gone.
  static let graceMillis = 5_000

  /// Reads of what an idle server sent; one takes up to 16 KB.
  private static let maxUnaskedReads = 100

  private let conn: OpaquePointer
  let place: String
  /// Safe to use from any thread while the link lives.
  let canceller: Canceller
  let socket: Int32
  let processID: Int32
  private(set) var isBroken = false
  /// How long a statement may take before the connection is given up; nil for no limit.
  var answerTimeoutMillis: Int?
  /// Why the server said it closes the connection; it comes as a notice when no statement is under way.
  private var farewell: PostgresError?

  private init(conn: OpaquePointer, place: String) {
    self.conn = conn
    self.place = place
    canceller = Canceller(PQgetCancel(conn))
    socket = PQsocket(conn)
    processID = PQbackendPID(conn)
    PQsetErrorVerbosity(conn, PQERRORS_DEFAULT)
    PQsetNoticeReceiver(conn, noticeReceiver, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    PQfinish(conn)
  }

  // MARK: Connecting

  /// Blocks until there is a connection, the time is over, or `isCancelled` holds after the pipe woke it.
  static func connect(
    _ configuration: PostgresConfiguration, wake: WakePipe, isCancelled: () -> Bool
  ) throws(PostgresError) -> Link {
    let place = configuration.place
    let conn = try start(configuration)
    var keep = false
    defer { if !keep { PQfinish(conn) } }
    let deadline = Clock.millis() + Int64(configuration.connectTimeoutSeconds) * 1000
    var events = Int16(POLLOUT)
    while true {
      let (isReady, isWoken) = wake.wait(
        for: PQsocket(conn), events: events, timeoutMillis: min(deadline - Clock.millis(), Int64(maxPollMillis)))
      if isWoken && isCancelled() {
        throw PostgresError(.cancelled, "the caller was cancelled while connecting to Postgres at \(place)")
      }
      if Clock.millis() >= deadline {
        throw PostgresError(
          .connectFailed,
          "no connection to Postgres at \(place) after \(configuration.connectTimeoutSeconds) s: is it reachable?")
      }
      if !isReady { continue }
      switch PQconnectPoll(conn) {
      case PGRES_POLLING_OK:
        keep = true
        return Link(conn: conn, place: place)
      case PGRES_POLLING_READING: events = Int16(POLLIN)
      case PGRES_POLLING_WRITING: events = Int16(POLLOUT)
      default: throw connectError(conn, place: place)
      }
    }
  }

  private static func start(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
    let parameters = configuration.parameters
    if parameters.contains(where: { $0.keyword.utf8.contains(0) || $0.value.utf8.contains(0) }) {
      throw PostgresError(.connectFailed, "a setting of the connection to Postgres holds a zero byte")
    }
    var keywords: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.keyword)) } + [nil]
    var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.value)) } + [nil]
    defer { for text in keywords + values { free(UnsafeMutableRawPointer(mutating: text)) } }
    guard let conn = PQconnectStartParams(&keywords, &values, 0) else {
      throw PostgresError(.connectFailed, "no memory for a connection to Postgres at \(configuration.place)")
    }
    if PQstatus(conn) == CONNECTION_BAD {
      defer { PQfinish(conn) }
      throw connectError(conn, place: configuration.place)
    }
    // libpq keeps the SQLSTATE of a refusal to itself, except in verbose messages.
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE)
    return conn
  }

  private static func connectError(_ conn: OpaquePointer, place: String) -> PostgresError {
    let lines = String(cString: PQerrorMessage(conn)).split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
    var report = PostgresError.Report()
    var message: [String] = []
    for line in lines {
      var parts = line.split(separator: ": ", omittingEmptySubsequences: false).map { String($0) }
      let state = parts.lastIndex { part in
        let code = part.drop { $0 == " " }
        return code.utf8.count == 5 && code.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
          && code.first?.isNumber == true
      }
      if let state, state > 0 {
        report.sqlState = String(parts.remove(at: state).drop { $0 == " " })
      }
      message.append(parts.joined(separator: ": "))
    }
    let text = message.joined(separator: "; ")
    report.hint = encryptionHint(text)
    return PostgresError(.connectFailed, "no connection to Postgres at \(place): \(text)", report: report)
  }

  /// What to do where the two sides do not agree on TLS, by the words of libpq 14 and up, or of the server; nil for other
  /// refusals.
  private static func encryptionHint(_ text: String) -> String? {
    let hints = [
      (
        "certificate verify failed",
        "set PGSSLROOTCERT (sslrootcert) to the file with the root certificate that signed the server's"
      ),
      (
        "does not match host name",
        "connect by a name that the server's certificate has; it has to be the host of the connection, letter for letter"
      ),
      (
        "root certificate file",
        "set PGSSLROOTCERT (sslrootcert) to a file that is there, with the root certificate that signed the server's"
      ),
      (
        "server does not support SSL",
        "switch TLS on in the server (ssl = on), or do without it: PGSSLMODE=disable (sslmode)"
      ),
      (
        "no encryption",
        "the server may take TLS only: set PGSSLMODE=verify-full and PGSSLROOTCERT (sslmode, sslrootcert)"
      ),
    ]
    return hints.first { text.contains($0.0) }?.1
  }

  // MARK: Statements

  /// The simple protocol: any number of statements, no parameters, text results.
  func execute(_ text: String, statement: String?) throws(PostgresError) -> ResultHandle {
    guard !text.utf8.contains(0) else {
      throw PostgresError(.encoding, "the statement holds a zero byte", statement: statement)
    }
    return try collect(PQsendQuery(conn, text), statement: statement)
  }

  func prepare(name: String, text: String, oids: [UInt32]) throws(PostgresError) {
    guard !text.utf8.contains(0) else {
      throw PostgresError(.encoding, "the statement holds a zero byte", statement: text)
    }
    _ = try collect(PQsendPrepare(conn, name, text, Int32(oids.count), oids), statement: text)
  }

  func execute(prepared name: String, _ sql: SQL) throws(PostgresError) -> ResultHandle {
    try collect(send(prepared: name, sql), statement: sql.text)
  }

  private func send(prepared name: String, _ sql: SQL) -> Int32 {
    let values = sql.parameters.values
    let count = values.count
    return sql.parameters.bytes.withUnsafeBufferPointer { buffer -> Int32 in
      if count == 0 { return PQsendQueryPrepared(conn, name, 0, nil, nil, nil, 1) }
      return buffer.withMemoryRebound(to: CChar.self) { bytes in
        withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { pointers in
          withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
            for (index, value) in values.enumerated() {
              // A value of no bytes still needs an address: a null pointer means NULL.
              let address = bytes.baseAddress.map { $0 + value.offset } ?? emptyValue
              pointers[index] = value.length < 0 ? nil : address
              numbers[index] = Int32(max(value.length, 0))
              numbers[count + index] = 1
            }
            let lengths = numbers.baseAddress
            return PQsendQueryPrepared(
              conn, name, Int32(count), pointers.baseAddress, lengths, lengths.map { $0 + count }, 1)
          }
        }
      }
    }
  }

  // MARK: Pipeline

  /// From here on statements are sent without waiting for their answers.
  func enterPipeline() throws(PostgresError) {
    guard PQenterPipelineMode(conn) == 1 else { throw failure(nil, statement: nil) }
  }

  func pipeline(prepare name: String, _ sql: SQL) throws(PostgresError) {
    guard !sql.text.utf8.contains(0) else {
      throw PostgresError(.encoding, "the statement holds a zero byte", statement: sql.text)
    }
    let oids = sql.parameters.values.map(\.oid)
    guard PQsendPrepare(conn, name, sql.text, Int32(oids.count), oids) == 1 else {
      throw failure(nil, statement: sql.text)
    }
  }

  /// The server begins with it at once. Blocks while the server takes no more; reads its answers meanwhile.
  func pipeline(prepared name: String, _ sql: SQL) throws(PostgresError) {
    guard send(prepared: name, sql) == 1, PQflush(conn) >= 0 else { throw failure(nil, statement: sql.text) }
  }

  /// Nothing more comes; the answers can be taken.
  func syncPipeline() throws(PostgresError) {
    guard PQpipelineSync(conn) == 1 else { throw failure(nil, statement: nil) }
  }

  /// Blocks for the answer to the oldest statement that has none yet; nil when one before it failed, so that it did
  /// not run.
  func pipelineResult(statement: String) throws(PostgresError) -> ResultHandle? {
    if let timeoutMillis = answerTimeoutMillis, !isReady(until: Clock.millis() + Int64(timeoutMillis)) {
      throw silence(statement: statement)
    }
    guard let result = PQgetResult(conn) else { throw failure(nil, statement: statement) }
    let kept = ResultHandle(result)
    // Nothing ends the results of a connection that is lost.
    while PQstatus(conn) == CONNECTION_OK, let more = PQgetResult(conn) { PQclear(more) }
    switch PQresultStatus(result) {
    case PGRES_PIPELINE_ABORTED where PQstatus(conn) == CONNECTION_OK: return nil
    case PGRES_TUPLES_OK where PQstatus(conn) == CONNECTION_OK: return kept
    case PGRES_COMMAND_OK where PQstatus(conn) == CONNECTION_OK: return kept
    default: throw failure(result, statement: statement)
    }
  }

  /// After the last answer. A connection on which that fails is of no more use.
  func leavePipeline() {
    guard !isBroken else { return }
    while let result = PQgetResult(conn) {
      let isEnd = PQresultStatus(result) == PGRES_PIPELINE_SYNC
      PQclear(result)
      if isEnd || PQstatus(conn) != CONNECTION_OK { break }
    }
    if PQexitPipelineMode(conn) != 1 { isBroken = true }
  }

  /// Blocks until the server is done with what was sent, and keeps the first failure or else the last result.
  ///
  /// PQexec keeps the last one, which after a server's goodbye is libpq's own, without the server's SQLSTATE.
  private func collect(_ sent: Int32, statement: String?) throws(PostgresError) -> ResultHandle {
    guard sent == 1 else { throw failure(nil, statement: statement) }
    var kept: OpaquePointer?
    var isFailed = false
    let deadline = answerTimeoutMillis.map { Clock.millis() + Int64($0) }
    while true {
      if let deadline, !isReady(until: deadline) {
        PQclear(kept)
        throw silence(statement: statement)
      }
      guard let result = PQgetResult(conn) else { break }
      let status = PQresultStatus(result)
      if isFailed {
        PQclear(result)
      } else {
        PQclear(kept)
        kept = result
        isFailed = status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY
      }
      // A copy would go on for ever; PQexec ends it.
      if status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH {
        PQclear(PQexec(conn, ""))
        break
      }
    }
    guard let kept else { throw failure(nil, statement: statement) }
    let result = ResultHandle(kept)
    switch PQresultStatus(kept) {
    case _ where !isFailed && PQstatus(conn) == CONNECTION_OK:
      return result
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      throw PostgresError(
        .usage, "COPY from and to the client is not supported: use unnest() of arrays", statement: statement)
    default:
      throw failure(kept, statement: statement)
    }
  }

  /// Blocks until PQgetResult does not; false when the time is over first.
  private func isReady(until deadline: Int64) -> Bool {
    while PQisBusy(conn) == 1 {
      var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let rest = deadline - Clock.millis()
      guard rest > 0 else { return false }
      // What went wrong PQgetResult tells.
      if poll(&descriptor, 1, Int32(clamping: rest)) > 0, PQconsumeInput(conn) == 0 { return true }
    }
    return true
  }

  /// The server, or what stands before it, takes the connection and answers nothing: keepalives do not see that.
  private func silence(statement: String?) -> PostgresError {
    isBroken = true
    return PostgresError(
      .connectionLost,
      "the connection to Postgres at \(place) was given up: no answer within \(answerTimeoutMillis ?? 0) ms",
      statement: statement)
  }

  private func failure(_ result: OpaquePointer?, statement: String?) -> PostgresError {
    var report = result.map { Self.report($0) } ?? PostgresError.Report()
    var message = result.flatMap { Self.field($0, .message) } ?? String(cString: PQerrorMessage(conn))
    message = message.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: " ")
    // After a fatal error the server closes the connection, which libpq has not always seen yet.
    guard PQstatus(conn) == CONNECTION_BAD || Self.isFatal(report) else {
      return PostgresError(.server, message, report: report, statement: statement)
    }
    isBroken = true
    if result == nil { readFarewell() }
    if report.sqlState.isEmpty, let farewell {
      report.sqlState = farewell.sqlState
      message = farewell.message
    }
    return PostgresError(
      .connectionLost, "the connection to Postgres at \(place) was lost: \(message)", report: report,
      statement: statement)
  }

  /// Where sending failed, why the server went may be read and not yet looked at.
  private func readFarewell() {
    for _ in 0..<Self.maxUnaskedReads where farewell == nil {
      guard let result = PQgetResult(conn) else { return }
      note(result)
      PQclear(result)
    }
  }

  fileprivate static func field(_ result: OpaquePointer, _ field: ReportField) -> String? {
    PQresultErrorField(result, Int32(field.rawValue.value)).map { String(cString: $0) }
  }

  fileprivate static func report(_ result: OpaquePointer) -> PostgresError.Report {
    PostgresError.Report(
      sqlState: field(result, .sqlState) ?? "",
      severity: field(result, .severity) ?? "",
      detail: field(result, .detail), hint: field(result, .hint),
      context: field(result, .context), schema: field(result, .schema),
      table: field(result, .table), column: field(result, .column),
      constraint: field(result, .constraint),
      position: field(result, .position).flatMap { Int($0) },
      routine: field(result, .routine))
  }

  private static func isFatal(_ report: PostgresError.Report) -> Bool {
    report.severity == "FATAL" || report.severity == "PANIC"
  }

  fileprivate func note(_ result: OpaquePointer) {
    let report = Self.report(result)
    guard Self.isFatal(report) else { return }
    farewell = PostgresError(.server, Self.field(result, .message) ?? "", report: report)
  }

  // MARK: State

  enum TransactionState {
    case idle, inTransaction, failed, unknown
  }

  var transactionState: TransactionState {
    switch PQtransactionStatus(conn) {
    case PQTRANS_IDLE: .idle
    case PQTRANS_INTRANS: .inTransaction
    case PQTRANS_INERROR: .failed
    default: .unknown
    }
  }

  /// What the server sends for the password of a role to be stored; the password itself never leaves.
  func verifier(password: String, role: String) throws(PostgresError) -> String {
    guard !password.utf8.contains(0), !role.utf8.contains(0) else {
      throw PostgresError(.encoding, "a password or the name of a role holds a zero byte")
    }
    guard let verifier = PQencryptPasswordConn(conn, password, role, "scram-sha-256") else {
      throw failure(nil, statement: nil)
    }
    defer { PQfreemem(verifier) }
    return String(cString: verifier)
  }

  // MARK: Notifications

  /// The oldest notification, or nil after the time; nil too when the pipe woke it and was shut or `isCancelled` holds.
  func waitForNotification(
    timeoutMillis: Int, wake: WakePipe, isCancelled: () -> Bool
  ) throws(PostgresError) -> PostgresNotification? {
    let deadline = Clock.millis() + Int64(clamping: timeoutMillis)
    while true {
      if let notification = nextNotification() { return notification }
      let rest = deadline - Clock.millis()
      if rest < 0 || wake.isShut || isCancelled() { return nil }
      let (isReady, _) = wake.wait(
        for: socket, events: Int16(POLLIN), timeoutMillis: min(rest, Int64(Self.maxPollMillis)))
      if isReady && PQconsumeInput(conn) == 0 { throw failure(nil, statement: nil) }
      if rest == 0 && !isReady { return nil }
    }
  }

  private func nextNotification() -> PostgresNotification? {
    guard let notification = PQnotifies(conn) else { return nil }
    defer { PQfreemem(notification) }
    return PostgresNotification(
      channel: String(cString: notification.pointee.relname), payload: String(cString: notification.pointee.extra),
      processID: notification.pointee.be_pid)
  }

  /// Reads what came while nobody asked; false when the server is gone or said that it goes.
  func isAlive() -> Bool {
    for _ in 0..<Self.maxUnaskedReads where !isBroken && farewell == nil && WakePipe.isReadable(socket) {
      // PQisBusy is what looks at the bytes that PQconsumeInput read.
      if PQconsumeInput(conn) == 0 || PQstatus(conn) == CONNECTION_BAD { isBroken = true } else { PQisBusy(conn) }
    }
    if farewell != nil { isBroken = true }
    return !isBroken
  }
}

/// Codes of a report's fields; Swift does not see libpq's macros for them.
private enum ReportField: Unicode.Scalar {
  case severity = "V"
  case sqlState = "C"
  case message = "M"
  case detail = "D"
  case hint = "H"
  case position = "P"
  case context = "W"
  case schema = "s"
  case table = "t"
  case column = "c"
  case constraint = "n"
  case routine = "R"
}

/// Address for values of no bytes. Immortal and never written.
private nonisolated(unsafe) let emptyValue: UnsafePointer<CChar> = {
  let byte = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
  byte.initialize(to: 0)
  return UnsafePointer(byte)
}()

/// libpq calls this on the thread that uses the connection; without it notices would go to standard error.
private nonisolated func noticeReceiver(_ link: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
  guard let link, let result else { return }
  Unmanaged<Link>.fromOpaque(link).takeUnretainedValue().note(result)
}
