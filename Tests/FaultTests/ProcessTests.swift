import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import PostgresRuntime
import TestBank
import Testing

/// Item "clock, SIGTERM, zombie": what a process may go through without dying.
@Suite("Faults: clock, end and freeze of a handler", .serialized)
struct ProcessTests {
  // MARK: Clock

  private static let hourSeconds = 3_600

  @Test(
    "a handler whose clock jumps an hour forward and back, beside one with the right time",
    .enabled(if: FaultSize.isFull))
  func wrongClock() async throws {
    let bank = try await TestBank.startForProcesses()
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let clock = directory.appending(path: "clock")
    func setClock(_ seconds: Int) throws {
      try (seconds < 0 ? "\(seconds)" : "+\(seconds)").write(to: clock, atomically: true, encoding: .utf8)
    }
    try setClock(0)
    let repairs = try Self.repairs(in: directory)
    let faketime = try Self.libfaketime()
    func startWrong() throws -> ServiceProcess {
      try ServiceProcess(
        .commandHandler, bank,
        environment: [
          "LD_PRELOAD": "\(repairs) \(faketime)", "FAKETIME_TIMESTAMP_FILE": clock.path, "FAKETIME_NO_CACHE": "1",
          // A clock that is set leaves the monotonic one alone.
          "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        ])
    }
    var wrong = try startWrong()
    // The library leaves its shared memory behind.
    var numbers = [wrong.id]
    defer {
      for number in numbers {
        for name in ["faketime_shm_", "sem.faketime_sem_"] { unlink("/dev/shm/\(name)\(number)") }
      }
    }
    // The first, so that it is the one that publishes.
    let accounts = try await openFundedAccounts(8, cents: 10_000_000, bank)
    let right = try ServiceProcess(.commandHandler, bank)
    let endpoint = try ServiceProcess(.graphQLEndpoint, bank)
    try await right.well()
    let load = try await Load(bank, accounts)
    var inFlight = 0
    // Set back, it ends to be started again, as the Kafka client's waits would last as long.
    func expectRestart() async throws {
      #expect(try await wrong.end(timeoutSeconds: 30) == .exited(1))
      #expect(wrong.log.contains("the clock was set back by 3"), "\(wrong.log.suffix(2_000))")
      inFlight += try await load.inFlight()
      wrong = try startWrong()
      numbers.append(wrong.id)
    }
    let jumps = [Self.hourSeconds, 0, -Self.hourSeconds, 0]
    for (jump, before) in zip(jumps, [0] + jumps) {
      try setClock(jump)
      // It looks once a second.
      try await Task.sleep(for: .seconds(2))
      if jump < before { try await expectRestart() }
      // Both go on, as the database's clock decides on leases.
      for handler in [wrong, right] {
        let before = await handler.metric(Self.confirmed) ?? 0
        try await explained(bank, [wrong, right]) {
          try await eventually("both go on \(jump) s off, of \(load.sent)", timeoutSeconds: 60) {
            await handler.metric(Self.confirmed) ?? 0 > before + 50
          }
        }
      }
    }
    try await load.stop()
    try await bank.drain(timeoutSeconds: 60)
    #expect(try await bank.decidedCount() == load.sent)
    // The same in silence, when nothing that comes ends a wait.
    try setClock(Self.hourSeconds)
    try await Task.sleep(for: .seconds(3))
    try setClock(0)
    try await expectRestart()
    try await eventually("both have five partitions", timeoutSeconds: 60) { try await owners(bank) == [5, 5] }
    try await bank.send(mixedTransfers(300, accounts))
    try await bank.drain(timeoutSeconds: 60)
    #expect(try await bank.decidedCount() == load.sent + 300)
    // It did have the wrong time: its events say so, while it was the one that publishes.
    let now = Int64(Date().timeIntervalSince1970)
    let seconds = try await bank.records("balance_changed").map { $0.timestampMillis / 1_000 - now }
    #expect(seconds.max() ?? 0 > 3_000)
    try await expectProjected(bank)
    for service in [wrong, right, endpoint] {
      #expect(try await service.stop() == .exited(0), "\(service.log.suffix(2_000))")
    }
    try await faultHeld("clock an hour forward and back", injected: jumps.count + 2, inFlight: inFlight, bank: bank)
  }

  private static let confirmed = #"bank_commands_total{service="command-handler",outcome="confirmed"}"#

  /// Debian's package faketime has it.
  private static func libfaketime() throws -> String {
    let root = "/usr/lib"
    let folders = try FileManager.default.contentsOfDirectory(atPath: root)
    let paths = folders.sorted().map { "\(root)/\($0)/faketime/libfaketimeMT.so.1" }
    guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw TestBankError("no libfaketime in \(root)/*/faketime: install faketime (scripts/setup test)")
    }
    return path
  }

  /// A library for what libfaketime does wrong. It leaves C11's waits alone, which librdkafka uses: each wait of a clock
  /// that is an hour ahead would last an hour, as no real clock does. A deadline stands on the wall clock, so a wait that
  /// has begun lasts longer when the clock is set back: that is looked at here once in 20 ms. And it moves deadlines of
  /// timers on the steady clock, so that those of a clock that is behind would never come.
  private static func repairs(in directory: URL) throws -> String {
    let source = directory.appending(path: "repairs.c")
    let library = directory.appending(path: "repairs.so").path
    try """
    #define _GNU_SOURCE
    #include <errno.h>
    #include <pthread.h>
    #include <sys/syscall.h>
    #include <sys/timerfd.h>
    #include <threads.h>
    #include <time.h>
    #include <unistd.h>
    int timerfd_settime(int timer, int flags, const struct itimerspec *value, struct itimerspec *old) {
      return syscall(SYS_timerfd_settime, timer, flags, value, old);
    }
    static int is_before(struct timespec a, struct timespec b) {
      return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
    }
    int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *deadline) {
      for (;;) {
        struct timespec wall, slice;
        clock_gettime(CLOCK_REALTIME, &wall);
        if (!is_before(wall, *deadline)) return thrd_timedout;
        long long left = (deadline->tv_sec - wall.tv_sec) * 1000000000LL + deadline->tv_nsec - wall.tv_nsec;
        clock_gettime(CLOCK_MONOTONIC, &slice);
        slice.tv_nsec += left < 20000000 ? left : 20000000;
        if (slice.tv_nsec >= 1000000000) { slice.tv_sec++; slice.tv_nsec -= 1000000000; }
        int status = pthread_cond_clockwait(
            (pthread_cond_t *)condition, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, &slice);
        if (status != ETIMEDOUT) return status == 0 ? thrd_success : thrd_error;
      }
    }
    """.write(to: source, atomically: true, encoding: .utf8)
    let compiler = try ChildProcess(
      "/usr/bin/env", ["clang", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source.path],
      environment: [:], log: directory.appending(path: "clang.log").path)
    compiler.waitForEnd()
    guard compiler.ended == .exited(0) else {
      throw TestBankError(try String(contentsOf: directory.appending(path: "clang.log"), encoding: .utf8))
    }
    return library
  }

  // MARK: SIGTERM

  @Test("SIGTERM under full load: what is committed is published, exit 0 within 10 s")
  func stoppedUnderLoad() async throws {
    let stops = FaultSize.of(short: 1, full: 5)
    let bank = try await TestBank.startForProcesses()
    let first = try ServiceProcess(.commandHandler, bank)
    let accounts = try await openFundedAccounts(8, cents: 100_000_000, bank)
    #expect(try await first.stop(timeoutSeconds: 10) == .exited(0))
    var sent = try await bank.decidedCount()
    var inFlight = 0
    for _ in 0..<stops {
      let before = try await bank.decidedCount()
      try await bank.send(mixedTransfers(3_000, accounts))
      sent += 3_000
      let handler = try ServiceProcess(.commandHandler, bank)
      try await eventually("it is at work", timeoutSeconds: 60) { try await bank.decidedCount() > before }
      handler.signal(SIGTERM)
      inFlight += sent - (try await bank.decidedCount())
      #expect(try await handler.end(timeoutSeconds: 10) == .exited(0), "\(handler.log)")
      #expect(try await bank.count("select count(*) from outbox where sent_at is null") == 0)
      #expect(try await bank.count("select count(*) from partition_lease where expires_at > clock_timestamp()") == 0)
    }
    let last = try ServiceProcess(.commandHandler, bank)
    try await bank.drain(timeoutSeconds: 60)
    #expect(try await last.stop() == .exited(0))
    // Each has one answer, so nothing was handled twice.
    let answers = try await bank.records("money_transfer_confirmed").count + bank.records("money_transfer_failed").count
    #expect(try await bank.count("select count(*) from cmt") == Int64(answers))
    try await faultHeld("SIGTERM under full load", injected: stops, inFlight: inFlight, bank: bank)
  }

  // MARK: Freeze

  @Test(
    "a frozen handler that goes on after another took over writes nothing",
    .enabled(if: FaultSize.isFull))
  func zombie() async throws {
    for step in FaultSize.of(
      short: [HandlerStep.batchRead], full: [.batchRead, .balancesLocked, .outboxWritten, .offsetsMoved])
    {
      let bank = try await TestBank.startForProcesses()
      let heir = try ServiceProcess(.commandHandler, bank)
      let accounts = try await openFundedAccounts(4, cents: 1_000_000, bank)
      // The second, so that the heir has the lock of the publisher.
      let zombie = try ServiceProcess(.commandHandler, bank, failpoint: "\(step)=stop")
      try await eventually("both have five partitions") { try await owners(bank) == [5, 5] }
      let count = 300
      let before = try await bank.decidedCount()
      try await bank.send(mixedTransfers(count, accounts))
      try await eventually("it is frozen at \(step)", timeoutSeconds: 60) { zombie.isStopped }
      let inFlight = before + count - (try await bank.decidedCount())
      // Its leases run out, its transaction is ended by the server, and the heir has all of it.
      try await explained(bank, [heir, zombie]) { try await bank.drain(timeoutSeconds: 60) }
      #expect(try await bank.decidedCount() == before + count)
      let written = try await everything(bank)
      zombie.signal(SIGCONT)
      try await eventually("it is one of two again", timeoutSeconds: 60) { try await owners(bank) == [5, 5] }
      // It goes through what it had in hand before it takes anything new.
      #expect(try await zombie.stop() == .exited(0))
      #expect(try await everything(bank) == written, "\(step): \(zombie.log)")
      #expect(try await heir.stop() == .exited(0))
      try await faultHeld("freeze and takeover: \(step)", injected: 1, inFlight: inFlight, bank: bank)
    }
  }

  @Test(
    "a frozen publisher holds up what is published, not what is decided; once it goes on everything drains",
    .enabled(if: FaultSize.isFull))
  func frozenPublisher() async throws {
    let count = FaultSize.of(short: 300, full: 3_000)
    let bank = try await TestBank.startForProcesses()
    let publisher = try ServiceProcess(.commandHandler, bank)
    let accounts = try await openFundedAccounts(4, cents: 1_000_000, bank)
    let other = try ServiceProcess(.commandHandler, bank)
    try await eventually("both have five partitions") { try await owners(bank) == [5, 5] }
    publisher.signal(SIGSTOP)
    let before = try await bank.decidedCount()
    try await bank.send(mixedTransfers(count, accounts))
    try await eventually("the other decides all of it", timeoutSeconds: 60) {
      try await bank.decidedCount() == before + count
    }
    #expect(try await bank.count("select count(*) from outbox where sent_at is null") > 0)
    publisher.signal(SIGCONT)
    try await bank.drain(timeoutSeconds: 60)
    for handler in [publisher, other] { #expect(try await handler.stop() == .exited(0)) }
    try await faultHeld("freeze of the publisher", injected: 1, inFlight: count, bank: bank)
  }

  /// What throws says how things stand, with the last words of the handlers.
  private func explained(_ bank: TestBank, _ handlers: [ServiceProcess], _ body: () async throws -> Void) async throws {
    do { try await body() } catch {
      var text = "\(error)\n\(try await bank.standing())"
      for handler in handlers {
        let isStopped = handler.isStopped
        text += "\n-- \(handler.id), \(isStopped ? "stopped" : "running"):\n\(handler.log.suffix(2_000))"
        if isStopped { continue }
        let metrics = await handler.metrics().split(separator: "\n")
        text += "\n" + metrics.filter { $0.contains("total{") || $0.contains("lag") }.joined(separator: "\n")
      }
      throw TestBankError(text)
    }
  }

  /// How many partitions each handler has.
  private func owners(_ bank: TestBank) async throws -> [Int] {
    try await bank.database { session in
      try session.query(
        """
        select count(*) from partition_lease where topic not like 'handler/%' and expires_at > clock_timestamp()
        group by owner
        """, as: Int.self)
    }
  }

  /// All that a handler could have written, but for leases.
  private func everything(_ bank: TestBank) async throws -> [String] {
    try await bank.database { session in
      try session.query(
        """
        select 'cmt ' || t::text from cmt t union all select 'cac ' || t::text from cac t
        union all select 'leg ' || t::text from leg t union all select 'balance ' || t::text from balance t
        union all select 'conflict ' || t::text from conflict t union all select concat_ws(' ', 'outbox', id, sent_at) from outbox
        union all select concat_ws(' ', topic, partition, next_offset) from consumed_offset
        order by 1
        """, as: String.self)
    }
  }
}
