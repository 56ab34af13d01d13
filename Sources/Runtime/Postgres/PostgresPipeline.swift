/// Statements that are sent one behind the other. Valid only in the closure that gets it.
public final class PostgresPipeline {
  private struct Sent {
    let statement: String
    /// The statement that this one prepares.
    let prepares: SQL?
    let take: (borrowing ResultHandle) throws -> Void
  }

  private let link: Link
  private let prepared: (SQL) -> (name: String, isNew: Bool)
  private let retire: (SQL) -> Void
  private var sent: [Sent] = []

  init(
    _ link: Link, prepared: @escaping (SQL) -> (name: String, isNew: Bool), retire: @escaping (SQL) -> Void
  ) throws(PostgresError) {
    self.link = link
    self.prepared = prepared
    self.retire = retire
    try link.enterPipeline()
  }

  /// Sends a statement.
  /// - Parameter take: is called with how many rows it inserted, updated, deleted or selected, once that is known; what
  ///   it throws is thrown at the end
  public func execute(_ sql: SQL, _ take: @escaping (Int) throws -> Void = { _ in }) throws(PostgresError) {
    try send(sql) { result in try take(result.affectedRows) }
  }

  /// Sends a statement whose rows `take` is called with, one by one, once they are there.
  public func forEach(
    _ sql: SQL, _ take: @escaping (borrowing PostgresRowReader) throws(PostgresError) -> Void
  ) throws(PostgresError) {
    try send(sql) { result in
      let columns = ResultHandle.columnCount(result.pointer)
      for row in 0..<result.rowCount {
        do throws(PostgresError) {
          try take(PostgresRowReader(result: result.pointer, row: row, columnCount: columns))
        } catch {
          throw error.with(statement: sql.text)
        }
      }
    }
  }

  private func send(_ sql: SQL, _ take: @escaping (borrowing ResultHandle) throws -> Void) throws(PostgresError) {
    if let failure = sql.parameters.failure { throw failure.with(statement: sql.text) }
    let (name, isNew) = prepared(sql)
    if isNew {
      do {
        try link.pipeline(prepare: name, sql)
      } catch {
        retire(sql)
        throw error
      }
      sent.append(Sent(statement: sql.text, prepares: sql) { _ in })
    }
    try link.pipeline(prepared: name, sql)
    sent.append(Sent(statement: sql.text, prepares: nil, take: take))
  }

  /// Takes all answers and leaves the pipeline.
  /// - Throws: the first failure, of a statement or of what takes its answer
  func finish() throws {
    defer { link.leavePipeline() }
    try link.syncPipeline()
    var failure: (any Error)?
    for statement in sent {
      do {
        guard let result = try link.pipelineResult(statement: statement.statement) else {
          if let sql = statement.prepares { retire(sql) }
          continue
        }
        if failure == nil { try statement.take(result) }
      } catch {
        failure = failure ?? error
        if let sql = statement.prepares { retire(sql) }
        if link.isBroken { break }
      }
    }
    if let failure { throw failure }
  }
}
