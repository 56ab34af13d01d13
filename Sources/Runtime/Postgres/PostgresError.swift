/// What went wrong between a caller and Postgres.
///
/// `description` is for people and holds everything but bound values and passwords; `kind`, `sqlState` and the
/// questions below are for programs.
public struct PostgresError: Error, Sendable {
  /// Who noticed, and at which step.
  public enum Kind: Sendable, Hashable {
    /// The server refused a statement; `sqlState` says why.
    case server
    /// No connection could be made.
    case connectFailed
    /// The connection broke before or during a statement. What it did is rolled back, or never started.
    case connectionLost
    /// The connection broke during COMMIT: the transaction happened or it did not, and only looking tells.
    case commitOutcomeUnknown
    /// The body swallowed the error of a statement, so that COMMIT rolled back.
    case rolledBack
    /// A value that does not fit its Postgres type, such as a text with a zero byte.
    case encoding
    /// A column whose type, NULL or content does not fit the Swift type.
    case decoding
    /// The caller's task was cancelled.
    case cancelled
    /// The pool had no free connection in time, or too many were waiting.
    case poolExhausted
    /// The connection or the pool was closed.
    case closed
    /// The caller did something that the interface does not allow; the message says what to do instead.
    case usage
  }

  /// The fields of a server's report; see "Error and Notice Message Fields" in Postgres' documentation.
  struct Report: Sendable {
    var sqlState = ""
    var severity = ""
    var detail: String?
    var hint: String?
    var context: String?
    var schema: String?
    var table: String?
    var column: String?
    var constraint: String?
    var position: Int?
    var routine: String?
  }

  /// Boxed, so that a typed throw moves one pointer.
  private final class Contents: Sendable {
    let kind: Kind
    let message: String
    let report: Report
    let statement: String?

    init(kind: Kind, message: String, report: Report, statement: String?) {
      self.kind = kind
      self.message = message
      self.report = report
      self.statement = statement
    }
  }

  /// Statements are cut here in errors.
  static let maxStatementCharacters = 2000

  private let contents: Contents

  init(_ kind: Kind, _ message: String, report: Report = Report(), statement: String? = nil) {
    let cut = statement.map { text in
      text.count > Self.maxStatementCharacters ? text.prefix(Self.maxStatementCharacters) + "…" : text
    }
    contents = Contents(kind: kind, message: message, report: report, statement: cut)
  }

  func with(kind: Kind? = nil, message: String? = nil, statement: String? = nil) -> PostgresError {
    PostgresError(
      kind ?? self.kind, message ?? self.message, report: contents.report, statement: statement ?? self.statement)
  }

  public var kind: Kind { contents.kind }
  /// The server's primary message, or ours.
  public var message: String { contents.message }
  /// Five characters; empty when the error did not come from the server.
  public var sqlState: String { contents.report.sqlState }
  public var detail: String? { contents.report.detail }
  public var hint: String? { contents.report.hint }
  public var context: String? { contents.report.context }
  public var schema: String? { contents.report.schema }
  public var table: String? { contents.report.table }
  public var column: String? { contents.report.column }
  public var constraint: String? { contents.report.constraint }
  /// Character of the statement that the server points at, counted from 1.
  public var position: Int? { contents.report.position }
  /// The text with `$1`, `$2` …, never the bound values; nil for statements that hold a secret.
  public var statement: String? { contents.statement }
  /// Function in the server's source that reported.
  var routine: String? { contents.report.routine }
}

extension PostgresError {
  /// The connection is gone and a new one may work. `sqlState` is not empty where the server said goodbye.
  public var isConnectionLost: Bool { kind == .connectionLost || kind == .commitOutcomeUnknown }

  /// Another transaction was in the way: the same transaction from its start may succeed (40001).
  public var isSerializationFailure: Bool { sqlState == "40001" }
  /// Two transactions waited for each other: the same transaction from its start may succeed (40P01).
  public var isDeadlock: Bool { sqlState == "40P01" }
  /// A row with that key is there already (23505); `constraint` names the rule.
  public var isUniqueViolation: Bool { sqlState == "23505" }
  /// The server ended the session, because its client left a transaction open and idle for longer than
  /// `idle_in_transaction_session_timeout` (25P03).
  public var isIdleTooLong: Bool { sqlState == "25P03" }
  /// The statement was cancelled, by `cancel` or by the statement timeout (57014).
  public var isQueryCancelled: Bool { sqlState == "57014" }
  /// The database of the configuration is not there (3D000).
  public var isDatabaseMissing: Bool { sqlState == "3D000" }
  /// The server refused user or password (28000, 28P01).
  public var isAuthenticationFailure: Bool { sqlState.hasPrefix("28") }

  /// The same transaction may succeed when it is tried again from its start, on a new connection where this one is
  /// lost. False for `commitOutcomeUnknown`: there the caller has to look first.
  public var isTransient: Bool {
    switch kind {
    case .commitOutcomeUnknown: return false
    case .connectionLost, .poolExhausted: return true
    case .connectFailed:
      return sqlState.isEmpty || sqlState == "57P03" || sqlState == "53300" || sqlState.hasPrefix("08")
    default: break
    }
    if isSerializationFailure || isDeadlock { return true }
    // Insufficient resources, lock not available, server starting or stopping.
    return sqlState.hasPrefix("53") || sqlState == "55P03" || sqlState == "57P03"
  }
}

extension PostgresError: CustomStringConvertible {
  public var description: String {
    var text = message
    if !sqlState.isEmpty { text += " (SQLSTATE \(sqlState))" }
    if let detail { text += "\n  detail: \(detail)" }
    if let hint { text += "\n  hint: \(hint)" }
    if let context { text += "\n  context: \(context)" }
    if let constraint { text += "\n  constraint: \(constraint)" }
    if let statement { text += "\n  statement: \(statement)" }
    if let position { text += "\n  at character \(position)" }
    return text
  }
}
