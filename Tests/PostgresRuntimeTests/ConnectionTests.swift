import Dispatch
import Foundation
import LoopbackProxy
import PostgresRuntime
import TestPostgres
import Testing

@Suite struct ConnectionTests {
  @Test func refusalsNameThePlaceButNeverThePassword() async throws {
    let server = try await TestPostgres.shared()
    let secret = "s3cret-\(UUID().uuidString)"
    let wrong = try await postgresError {
      _ = try await PostgresConnection.connect(server.configuration(password: secret, overTCP: true))
    }
    #expect(wrong.kind == .connectFailed && wrong.sqlState == "28P01" && wrong.isAuthenticationFailure)
    #expect(!wrong.isTransient)
    for part in ["127.0.0.1:\(server.port)", "database postgres", "as owner", "password authentication failed"] {
      #expect(wrong.description.contains(part), "\(wrong)")
    }
    #expect(!wrong.description.contains(secret))
    #expect(!String(reflecting: server.configuration(password: secret)).contains(secret))
    let missing = try await postgresError {
      _ = try await PostgresConnection.connect(server.configuration(database: "nowhere"))
    }
    #expect(missing.isDatabaseMissing && missing.description.contains("database nowhere"))
    let user = try await postgresError {
      _ = try await PostgresConnection.connect(server.configuration(user: "nobody", password: secret))
    }
    #expect(user.isAuthenticationFailure && user.description.contains("as nobody"))
  }

  @Test func noServerIsTransientAndNamesThePlace() async throws {
    var configuration = PostgresConfiguration(
      host: "127.0.0.1", port: 1, database: "bank", user: "handler", password: "hush-hush")
    let refused = try await postgresError { _ = try await PostgresConnection.connect(configuration) }
    #expect(refused.kind == .connectFailed && refused.isTransient && refused.sqlState.isEmpty)
    #expect(refused.description.contains("127.0.0.1:1, database bank, as handler"))
    #expect(refused.description.contains("Connection refused"))
    #expect(!refused.description.contains("hush"))
    configuration.keywords = ["no_such_keyword": "1"]
    let keyword = try await postgresError { _ = try await PostgresConnection.connect(configuration) }
    #expect(keyword.description.contains("no_such_keyword"))
  }

  /// A listener that never answers.
  @Test func connectingEndsInTimeAndWithItsTask() async throws {
    let silent = try SilentListener()
    let configuration = PostgresConfiguration(
      host: "127.0.0.1", port: silent.port, database: "bank", user: "handler", connectTimeoutSeconds: 1)
    let late = try await postgresError { _ = try await PostgresConnection.connect(configuration) }
    #expect(late.kind == .connectFailed && late.description.contains("after 1 s"))
    var patient = configuration
    patient.connectTimeoutSeconds = 60
    let task = Task { [patient] in _ = try await PostgresConnection.connect(patient) }
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    task.cancel()
    let error = try await postgresError { try await task.value }
    #expect(error.kind == .cancelled)
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func passwordsWorkOverTCP() async throws {
    let server = try await TestPostgres.shared()
    let connection = try await PostgresConnection.connect(server.configuration(overTCP: true))
    #expect(try await answers(connection))
    await connection.close()
  }

  @Test func aPasswordIsSetWithoutBeingSeen() async throws {
    let server = try await TestPostgres.shared()
    let role = "role_\(UUID().uuidString)"
    let password = "a'b\\c \"d\" é"
    let owner = try await PostgresConnection.connect(server.configuration())
    try await owner.run { session in
      try session.script("create role \(identifier: role) login; set log_statement = 'all'")
      try session.setPassword(password, ofRole: role)
      let stored = try session.first("select rolpassword from pg_authid where rolname = \(role)", as: String.self)
      #expect(stored?.hasPrefix("SCRAM-SHA-256$") == true)
    }
    let connection = try await PostgresConnection.connect(
      server.configuration(user: role, password: password, overTCP: true))
    #expect(try await answers(connection))
    await connection.close()
    let error = try await postgresError {
      try await owner.run { session in try session.setPassword("hush-hush", ofRole: "nobody here") }
    }
    #expect(error.sqlState == "42704" && error.statement == nil)
    #expect(!error.description.contains("hush") && !error.description.contains("SCRAM"))
    try await owner.run { session in try session.script("drop role \(identifier: role)") }
    await owner.close()
    #expect(server.log.contains("alter role") && !server.log.contains("a'b"))
  }

  @Test func aLostConnectionIsNoticedAndSaysWhy() async throws {
    try await withDatabase { connection in
      try await terminate(connection.processID, connection.configuration)
      let error = try await postgresError { _ = try await answers(connection) }
      #expect(error.kind == .connectionLost && error.isConnectionLost && error.isTransient)
      #expect(error.sqlState == "57P01" && error.message.contains("administrator command"), "\(error)")
      #expect(!connection.isUsable)
      let again = try await postgresError { _ = try await answers(connection) }
      #expect(again.kind == .connectionLost && again.message.contains("connect again"))
    }
  }

  @Test func aServerThatIsGoneIsNoticedInAStatement() async throws {
    let server = try await TestPostgres.start()
    let connection = try await PostgresConnection.connect(server.configuration())
    let sleeping = Task { try await connection.run { session in _ = try session.execute("select pg_sleep(60)") } }
    try await Task.sleep(for: .milliseconds(200))
    await server.stop()
    let error = try await postgresError { try await sleeping.value }
    #expect(error.isConnectionLost)
    let refused = try await postgresError { _ = try await PostgresConnection.connect(server.configuration()) }
    #expect(refused.kind == .connectFailed && refused.isTransient)
    #expect(!FileManager.default.fileExists(atPath: server.directory.path))
  }

  @Test func cancellingATaskStopsItsStatement() async throws {
    try await withDatabase { connection in
      let start = ContinuousClock.now
      let task = Task { try await connection.run { session in _ = try session.execute("select pg_sleep(60)") } }
      let waiting = Task { try await connection.run { session in _ = try session.execute("select 1") } }
      try await Task.sleep(for: .milliseconds(200))
      // One that waits behind it leaves at once.
      waiting.cancel()
      let early = try await postgresError { try await waiting.value }
      #expect(early.kind == .cancelled)
      task.cancel()
      let error = try await postgresError { try await task.value }
      #expect(error.kind == .cancelled && error.isQueryCancelled)
      #expect(ContinuousClock.now - start < .seconds(30))
      #expect(try await answers(connection))
      let never = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await connection.run { session in _ = try session.execute("select 1") }
      }
      #expect(try await postgresError { try await never.value }.kind == .cancelled)
    }
  }

  /// No statement after the cancellation runs, and nothing of the transaction stays.
  @Test func cancellingBetweenStatementsEndsTheTransaction() async throws {
    try await withDatabase("create table item (id int)") { connection in
      let started = DispatchSemaphore(value: 0)
      let goOn = DispatchSemaphore(value: 0)
      let task = Task {
        try await connection.transaction { session in
          try session.execute("insert into item values (1)")
          started.signal()
          goOn.wait()
        }
      }
      await blocking { started.wait() }
      task.cancel()
      goOn.signal()
      #expect(try await postgresError { _ = try await task.value }.kind == .cancelled)
      let count = try await connection.run { session in try session.first("select count(*) from item", as: Int.self) }
      #expect(count == 0)
    }
  }

  @Test func statementsEndAtTheirTimeoutOrWhenAsked() async throws {
    let server = try await TestPostgres.shared()
    var configuration = server.configuration()
    configuration.statementTimeoutMillis = 50
    let connection = try await PostgresConnection.connect(configuration)
    let error = try await postgresError {
      try await connection.run { session in _ = try session.execute("select pg_sleep(60)") }
    }
    #expect(error.kind == .server && error.isQueryCancelled && error.message.contains("statement timeout"))
    await connection.close()
    let other = try await PostgresConnection.connect(server.configuration())
    let sleeping = Task { try await other.run { session in _ = try session.execute("select pg_sleep(60)") } }
    try await Task.sleep(for: .milliseconds(200))
    other.cancel()
    let asked = try await postgresError { try await sleeping.value }
    #expect(asked.kind == .server && asked.isQueryCancelled && asked.message.contains("user request"))
    await other.close()
  }

  @Test func aServerThatIsSilentIsGivenUp() async throws {
    let server = try await TestPostgres.shared()
    let proxy = try LoopbackProxy(to: .unixSocket(server.socketPath))
    var configuration = server.configuration()
    configuration.host = "127.0.0.1"
    configuration.port = proxy.port
    configuration.statementTimeoutMillis = 200
    let connection = try await PostgresConnection.connect(configuration)
    #expect(try await answers(connection))
    proxy.set { $0.blocked = [.toClient] }
    let start = ContinuousClock.now
    let error = try await postgresError { _ = try await answers(connection) }
    #expect(error.kind == .connectionLost && error.isTransient)
    #expect(error.message.contains("no answer within"))
    #expect(!connection.isUsable)
    // The time-out, and five seconds for the server to say that it was over.
    #expect(start.duration(to: .now) >= .milliseconds(5_200))
    await connection.close()
  }

  @Test func aServerThatIsSilentInAPipelineIsGivenUp() async throws {
    let server = try await TestPostgres.shared()
    let proxy = try LoopbackProxy(to: .unixSocket(server.socketPath))
    var configuration = server.configuration()
    configuration.host = "127.0.0.1"
    configuration.port = proxy.port
    configuration.statementTimeoutMillis = 200
    let connection = try await PostgresConnection.connect(configuration)
    let error = try await postgresError {
      try await connection.transaction { session in
        _ = try session.first("select 1", as: Int32.self)
        proxy.set { $0.blocked = [.toClient] }
        try session.pipeline { pipeline in
          try pipeline.execute("select 1") { _ in Issue.record("answered") }
          try pipeline.execute("select 2") { _ in Issue.record("answered") }
        }
      }
    }
    #expect(error.kind == .connectionLost && error.message.contains("no answer within"))
    #expect(!connection.isUsable)
    await connection.close()
  }

  @Test func callsAfterCloseAreRefused() async throws {
    let server = try await TestPostgres.shared()
    let connection = try await PostgresConnection.connect(server.configuration())
    await connection.close()
    await connection.close()
    #expect(!connection.isUsable)
    #expect(try await postgresError { _ = try await answers(connection) }.kind == .closed)
  }

  /// More than the cooperative pool has threads.
  @Test func connectionsBlockWithoutHoldingEachOtherUp() async throws {
    let server = try await TestPostgres.shared()
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask {
          let connection = try await PostgresConnection.connect(server.configuration())
          try await connection.run { session in try session.execute("select pg_sleep(1)") }
          await connection.close()
        }
      }
      try await group.waitForAll()
    }
    #expect(ContinuousClock.now - start < .seconds(12))
  }
}

@Suite struct NotificationTests {
  @Test func notificationsArriveInOrder() async throws {
    try await withDatabase { listener in
      let sender = try await PostgresConnection.connect(listener.configuration)
      try await listener.run { session in try session.listen("Out box") }
      let waiting = Task { try await listener.waitForNotification(timeoutMillis: 20_000) }
      try await Task.sleep(for: .milliseconds(50))
      try await sender.transaction { session in
        try session.notify("Out box", payload: "1")
        try session.notify("Out box", payload: "é")
        try session.notify("elsewhere")
      }
      let first = try #require(try await waiting.value)
      #expect(first == PostgresNotification(channel: "Out box", payload: "1", processID: sender.processID))
      #expect(try await listener.waitForNotification(timeoutMillis: 0)?.payload == "é")
      #expect(try await listener.waitForNotification(timeoutMillis: 0) == nil)
      let start = ContinuousClock.now
      #expect(try await listener.waitForNotification(timeoutMillis: 100) == nil)
      #expect(ContinuousClock.now - start >= .milliseconds(95))
      await sender.close()
    }
  }

  @Test func aWaitEndsWithItsTaskItsConnectionAndItsServer() async throws {
    let server = try await TestPostgres.shared()
    let configuration = server.configuration()
    let start = ContinuousClock.now
    let listener = try await PostgresConnection.connect(configuration)
    let cancelled = Task { try await listener.waitForNotification(timeoutMillis: 60_000) }
    try await Task.sleep(for: .milliseconds(100))
    cancelled.cancel()
    #expect(try await postgresError { _ = try await cancelled.value }.kind == .cancelled)
    let closed = Task { try await listener.waitForNotification(timeoutMillis: 60_000) }
    try await Task.sleep(for: .milliseconds(100))
    await listener.close()
    #expect(try await closed.value == nil)
    let lost = try await PostgresConnection.connect(configuration)
    let waiting = Task { try await lost.waitForNotification(timeoutMillis: 60_000) }
    try await Task.sleep(for: .milliseconds(100))
    try await terminate(lost.processID, configuration)
    let error = try await postgresError { _ = try await waiting.value }
    #expect(error.kind == .connectionLost && error.sqlState == "57P01", "\(error)")
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}

/// Accepts nothing: its connections stay in the backlog.
private final class SilentListener {
  let port: Int
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = self.descriptor
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && listen(descriptor, 8) == 0
          ? getsockname(descriptor, address, &size) : -1
      }
    }
    try #require(status == 0)
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit {
    close(descriptor)
  }
}
