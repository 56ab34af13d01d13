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

  /// Watches from now on for what will be wanted; the clock starts with the next click. Arguments: the selector of what is
  /// read, its wanted text, and whether it has to be in a row that is not there yet.
  private static let watch = """
    const [selector, wanted, inRow] = arguments;
    const list = document.querySelector("#transactions");
    const seen = new Set([...list.querySelectorAll("[data-event]")].map((row) => row.dataset.event));
    const probe = window.bankLoadTest = { start: null, millis: null, done: null, shown: "" };
    const observer = new MutationObserver(() => {
      const found = document.querySelector(selector);
      probe.shown = found ? found.textContent.trim() : "";
      if (probe.start === null || !found) return;
      if (inRow ? probe.shown !== wanted : !probe.shown.includes(wanted)) return;
      if (inRow && seen.has(found.closest("[data-event]").dataset.event)) return;
      probe.millis = performance.now() - probe.start;
      observer.disconnect();
      if (probe.done) probe.done(probe.millis);
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    document.addEventListener("click", () => { probe.start = performance.now(); }, { capture: true, once: true });
    """
  /// Gives milliseconds, or null when the time is over. Arguments: milliseconds from the click.
  private static let collect = """
    const [limit, done] = arguments;
    const probe = window.bankLoadTest;
    if (probe.millis !== null || probe.start === null) { done(probe.millis); return; }
    probe.done = done;
    setTimeout(() => done(null), Math.max(0, limit - (performance.now() - probe.start)));
    """

  private let driver: WebDriver
  nonisolated let version: String
  /// The interaction before, as a browser does one thing at a time.
  private var last: Task<Void, Never>?

  private init(_ driver: WebDriver) {
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
      let wanted = interaction.reason.map { "Not transferred: \($0)" } ?? interaction.shownEuros
      _ = try await driver.script(
        Self.watch, .string(interaction.kind.isRefused ? "#transfer-result" : Self.newest), .string(wanted),
        .bool(!interaction.kind.isRefused))
      // Filling the form is not waiting, unless there is a schedule.
      let late = max(.zero, due.duration(to: .now))
      let limit = isOpenLoop ? ContinuousClock.now.duration(to: deadline) : due.duration(to: deadline)
      try await driver.click(interaction.kind == .deposit ? "#deposit-\(interaction.cents)" : Self.transferButton)
      let limitMillis = Int64(limit / .milliseconds(1))
      switch try await driver.asyncScript(Self.collect, .integer(limitMillis)) {
      case .double(let millis): return InteractionOutcome(latency: total(millis, late, interaction))
      case .integer(let millis): return InteractionOutcome(latency: total(Double(millis), late, interaction))
      default: return InteractionOutcome()
      }
    } catch {
      return InteractionOutcome(failure: "\(error)")
    }
  }

  /// In an open loop what an interaction waited for those before it counts; else the browser's own figure stands alone.
  private func total(_ millis: Double, _ late: Duration, _ interaction: Interaction) -> Duration {
    .milliseconds(millis) + (isOpenLoop ? late : .zero)
  }

  private var isOpenLoop = false

  func countFromSchedule() { isOpenLoop = true }
}
