import Foundation
import JSONText
import LoadRuns

/// A person at the page: clicks on the ids that docs/contracts.md promises ("The page"), and the browser's own clock from
/// the click to the row.
actor BrowserClient: LoadClient {
  private static let newest =
    "#transactions div:nth-child(1) div div:nth-child(1) p:nth-child(1) span:nth-child(2)"
  private static let transferFields = (1...3).map { "#transfer-form div:nth-child(\($0)) input" }
  private static let transferButton = "#transfer-form div:nth-child(4) div a"

  /// Watches from now on for what will be wanted; the clock starts with the next click. Arguments: the line that tells
  /// what became of it, how a refusal begins there, the refusal that is wanted or null, the amount, direction and other
  /// side of the row that is wanted else. Gives how many rows came since the time before that nobody asked for then.
  private static let watch = """
    const [line, refusal, wanted, amount, direction, other] = arguments;
    const list = document.querySelector("#transactions");
    const rows = [...list.querySelectorAll("[data-event]")].map((row) => row.dataset.event);
    const before = window.bankLoadTest;
    before?.observer.disconnect();
    const strange = before ? rows.filter((event) => !before.seen.has(event) && event !== before.event).length : 0;
    const text = () => document.querySelector(line)?.textContent.trim() ?? "";
    const probe = window.bankLoadTest = {
      start: null, millis: null, done: null, event: null, problem: null, seen: new Set(rows), last: text(),
    };
    const end = (problem) => {
      probe.millis = performance.now() - probe.start;
      probe.problem = problem;
      probe.observer.disconnect();
      if (probe.done) probe.done();
    };
    const look = () => {
      const now = text();
      const isNew = now !== probe.last;
      probe.last = now;
      if (probe.start === null) return;
      if (isNew && now.includes(refusal)) return end(wanted !== null && now.includes(wanted) ? null : now);
      if (wanted !== null) return;
      const found = document.querySelector(amount.selector);
      const row = found?.closest("[data-event]");
      if (!row || probe.seen.has(row.dataset.event) || found.textContent.trim() !== amount.text) return;
      probe.event = row.dataset.event;
      const isRight = found.closest("p").dataset.direction === direction
        && row.textContent.replace(/\\s/g, "").includes(other);
      end(isRight ? null : `a row that should be ${direction} with ${other}: ${row.textContent.trim()}`);
    };
    probe.observer = new MutationObserver(look);
    probe.observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    document.addEventListener("click", () => { probe.start = performance.now(); }, { capture: true, once: true });
    return strange;
    """
  /// Gives milliseconds, null when the time is over, or a text of what is wrong. Arguments: milliseconds from the click.
  private static let collect = """
    const [limit, done] = arguments;
    const probe = window.bankLoadTest;
    const tell = () => done(probe.problem ?? probe.millis);
    if (probe.millis !== null || probe.start === null) { tell(); return; }
    probe.done = tell;
    setTimeout(() => { probe.done = null; tell(); }, Math.max(0, limit - (performance.now() - probe.start)));
    """

  private let driver: WebDriver
  nonisolated let version: String
  /// Rows that may still come: of interactions whose row was not there in time.
  private var late = 0
  /// The interaction before, as a browser does one thing at a time.
  private var last: Task<Void, Never>?

  init(_ driver: WebDriver) {
    self.driver = driver
    version = driver.version
  }

  /// Opens the page and logs in.
  static func make(number: Int, driver: WebDriver, pagePort: Int) async throws -> BrowserClient {
    try await driver.goTo("http://127.0.0.1:\(pagePort)/")
    try await driver.wait(for: "#flex-main-menu a:nth-child(2)", seconds: 20)
    try await driver.click("#flex-main-menu a:nth-child(2)")
    try await driver.wait(for: "#login-form", seconds: 20)
    try await driver.fill("#login-form div:nth-child(1) input", "testuser \(number) \(UUID().uuidString)")
    try await driver.fill("#login-form div:nth-child(2) input", "a load test")
    try await driver.click("#login-form div:nth-child(3)")
    try await driver.wait(for: "#transfer-form", seconds: 20)
    return BrowserClient(driver)
  }

  func perform(
    _ interaction: Interaction, due: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> InteractionOutcome {
    let before = last
    let work = Task {
      await before?.value
      return await press(interaction, due: due, deadline: deadline)
    }
    last = Task { _ = await work.value }
    return await work.value
  }

  func close() async { await driver.close() }

  private func press(
    _ interaction: Interaction, due: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> InteractionOutcome {
    // Those before it have taken all of its time.
    guard ContinuousClock.now < deadline else { return InteractionOutcome() }
    do {
      if interaction.kind != .deposit {
        let texts = [String(interaction.cents), Interaction.company, interaction.description]
        for (field, text) in zip(Self.transferFields, texts) { try await driver.fill(field, text) }
      }
      let isDeposit = interaction.kind == .deposit
      let strange = try await driver.script(
        Self.watch, .string(isDeposit ? "#deposit-result" : "#transfer-result"),
        .string(isDeposit ? "not deposited: " : "Not transferred: "),
        interaction.reason.map { .string("Not transferred: \($0)") } ?? .null,
        .object([.init("selector", .string(Self.newest)), .init("text", .string(interaction.shownEuros))]),
        .string(isDeposit ? "CREDIT" : "DEBIT"), .string(isDeposit ? "cash" : Interaction.company))
      if case .integer(let count) = strange, count > 0 {
        late -= Int(count)
        if late < 0 {
          late = 0
          return InteractionOutcome(failure: "\(count) rows came that nobody asked for, or of what was refused")
        }
      }
      // Filling the form is not waiting, unless there is a schedule.
      let waited = max(.zero, due.duration(to: .now))
      let limit = isOpenLoop ? ContinuousClock.now.duration(to: deadline) : due.duration(to: deadline)
      try await driver.click(interaction.kind == .deposit ? "#deposit-\(interaction.cents)" : Self.transferButton)
      let limitMillis = Int64(limit / .milliseconds(1))
      let told = try await driver.asyncScript(Self.collect, .integer(limitMillis))
      switch told {
      case .double(let millis): return InteractionOutcome(latency: total(millis, late: waited))
      case .integer(let millis): return InteractionOutcome(latency: total(Double(millis), late: waited))
      case .string(let problem): return InteractionOutcome(failure: problem)
      default:
        if !interaction.kind.isRefused { late += 1 }
        return InteractionOutcome()
      }
    } catch {
      // It may have been pressed.
      if !interaction.kind.isRefused { late += 1 }
      return InteractionOutcome(failure: "\(error)")
    }
  }

  /// In an open loop what an interaction waited for those before it counts; else the browser's own figure stands alone.
  private func total(_ millis: Double, late: Duration) -> Duration {
    .milliseconds(millis) + (isOpenLoop ? late : .zero)
  }

  private var isOpenLoop = false

  func countFromSchedule() { isOpenLoop = true }
}
