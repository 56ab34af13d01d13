import PostgresRuntime
import TestPostgres
import Testing

@Suite struct PoolTests {
  @Test func manyCallersShareFewConnections() async throws {
    let server = try await TestPostgres.shared()
    let configuration = try await server.makeDatabase()
    let pool = PostgresPool(configuration, maxConnections: 3)
    try await pool.run { session in
      try session.script("create table counter (n int); insert into counter values (0)")
    }
    let processes = Locked(Set<Int32>())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<60 {
        group.addTask {
          try await pool.transaction { session in
            try session.execute("update counter set n = n + 1")
            let processID = session.processID
            processes.withLock { $0.formUnion([processID]) }
          }
        }
      }
      try await group.waitForAll()
    }
    let count = try await pool.run { session in try session.first("select n from counter", as: Int.self) }
    #expect(count == 60)
    #expect(processes.withLock { $0.count } <= 3)
    #expect(pool.counts.connections <= 3 && pool.counts.waiting == 0)
    await pool.close()
    #expect(pool.counts.connections == 0)
    #expect(try await postgresError { try await pool.run { _ in } }.kind == .closed)
  }

  @Test func callersAreServedInTheirOrder() async throws {
    let server = try await TestPostgres.shared()
    let pool = PostgresPool(server.configuration(), maxConnections: 1)
    let order = Locked<[Int]>([])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          try await pool.withConnection { _ in
            order.withLock { $0.append(number) }
            if number == 0 {
              while pool.counts.waiting < 7 { try await Task.sleep(for: .milliseconds(1)) }
            }
          }
        }
        // Wait until this one holds the connection or waits for it.
        while order.withLock({ $0.isEmpty }) || pool.counts.waiting < number, number < 7 {
          try await Task.sleep(for: .milliseconds(1))
        }
      }
      try await group.waitForAll()
    }
    #expect(order.withLock { $0 } == Array(0..<8))
    await pool.close()
  }

  @Test func waitingHasItsLimits() async throws {
    let server = try await TestPostgres.shared()
    let pool = PostgresPool(server.configuration(), maxConnections: 1, maxWaiting: 1, waitTimeoutMillis: 200)
    try await pool.withConnection { _ in
      let late = Task { try await pool.run { _ in } }
      while pool.counts.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
      let many = try await postgresError { try await pool.run { _ in } }
      #expect(many.kind == .poolExhausted && many.message.contains("1 callers wait"))
      let error = try await postgresError { try await late.value }
      #expect(error.kind == .poolExhausted && error.isTransient && error.message.contains("for 200 ms"))
      #expect(pool.counts.waiting == 0)
      let cancelled = Task { try await pool.run { _ in } }
      while pool.counts.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
      cancelled.cancel()
      #expect(try await postgresError { try await cancelled.value }.kind == .cancelled)
      #expect(pool.counts.waiting == 0)
    }
    try await pool.run { session in try session.execute("select 1") }
    await pool.close()
  }

  @Test func brokenConnectionsAreReplaced() async throws {
    let server = try await TestPostgres.shared()
    let configuration = server.configuration()
    let pool = PostgresPool(configuration, maxConnections: 2)
    // While idle: nobody sees an error.
    let first = try await pool.run { session in session.processID }
    try await terminate(first, configuration)
    let second = try await pool.run { session in
      try session.execute("select 1")
      return session.processID
    }
    #expect(first != second)
    // While in use: that caller does, the next does not.
    let error = try await postgresError {
      try await pool.run { session in
        let processID = session.processID
        try wait { try await terminate(processID, configuration) }
        try session.execute("select 1")
      }
    }
    #expect(error.isConnectionLost)
    let third = try await pool.run { session in
      try session.execute("select 1")
      return session.processID
    }
    #expect(third != second)
    await pool.close()
  }

  @Test func aPoolWithoutAServerGivesItsSlotsBack() async throws {
    let pool = PostgresPool(
      PostgresConfiguration(host: "127.0.0.1", port: 1, database: "bank", user: "handler"), maxConnections: 1)
    for _ in 0..<3 {
      #expect(try await postgresError { try await pool.run { _ in } }.kind == .connectFailed)
    }
    #expect(pool.counts.connections == 0)
    await pool.close()
  }

  @Test func closingLetsBorrowersFinishAndRefusesThoseWhoWait() async throws {
    let server = try await TestPostgres.shared()
    let pool = PostgresPool(server.configuration(), maxConnections: 1)
    let isInside = Locked(false)
    // Not the count of those who wait: closing makes it 0 again, perhaps before the borrower has looked.
    let isClosing = Locked(false)
    let borrower = Task {
      try await pool.withConnection { connection in
        isInside.withLock { $0 = true }
        while !isClosing.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
        try await Task.sleep(for: .milliseconds(100))
        return try await answers(connection)
      }
    }
    while !isInside.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
    let waiting = Task { try await pool.run { _ in } }
    while pool.counts.waiting == 0 { try await Task.sleep(for: .milliseconds(1)) }
    isClosing.withLock { $0 = true }
    await pool.close()
    #expect(try await borrower.value)
    #expect(try await postgresError { try await waiting.value }.kind == .closed)
    #expect(pool.counts.connections == 0)
  }
}
