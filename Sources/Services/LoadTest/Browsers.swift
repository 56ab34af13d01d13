import BankSupport
import LoadRuns

/// Browsers of a run, and the driver that they hang on.
struct Browsers {
  private(set) var clients: [BrowserClient] = []
  private let driver: BrowserDriver
  var version: String { clients.first?.version ?? "unknown" }

  /// Opens the page in each; ends early when the task is cancelled.
  static func start(_ settings: LoadTestSettings, _ bank: BankUnderTest, folder: String) async throws -> Browsers {
    let driver = try BrowserDriver(folder: folder)
    var browsers = Browsers(driver: driver)
    do {
      try await withTaskCancellationHandler {
        try await browsers.open(settings, bank)
      } onCancel: {
        // What waits for an answer of the driver has it then.
        Task { await driver.stop() }
      }
      return browsers
    } catch {
      for client in browsers.clients { await client.close() }
      await browsers.stop()
      throw error
    }
  }

  private init(driver: BrowserDriver) { self.driver = driver }

  private mutating func open(_ settings: LoadTestSettings, _ bank: BankUnderTest) async throws {
    try await driver.ready()
    for number in 0..<settings.clients {
      try Task.checkCancellation()
      let window = try await driver.open(number)
      do {
        let client = try await BrowserClient.make(number: number, driver: window, pagePort: bank.run.ports.page)
        if settings.ratePerSecond > 0 { await client.countFromSchedule() }
        clients.append(client)
      } catch {
        await window.close()
        throw error
      }
    }
  }

  func stop() async { await driver.stop() }
}

/// A chromedriver.
struct BrowserDriver: Sendable {
  private static let startSeconds = 20.0
  private static let stopSeconds = 5.0

  private let process: ServiceProcess
  private let port: Int
  private let browser: String
  private let folder: String

  /// - Parameter folder: for its log and for what browsers keep.
  init(folder: String) throws {
    let programs = try ["chromedriver", "chromium"].map { name in
      guard let path = Versions.find(name) else {
        throw LoadTestProblem("no \(name) on PATH: \"make setup-test\" installs it, or use --client graphql")
      }
      return path
    }
    port = try Self.freePort()
    browser = programs[1]
    self.folder = folder
    process = try ServiceProcess(
      [programs[0], "--port=\(port)"], logPath: "\(folder)/chromedriver.log", name: "chromedriver", environment: [:],
      signal: "TERM")
  }

  /// Waits until it answers.
  func ready() async throws {
    let deadline = ContinuousClock.now + .seconds(Self.startSeconds)
    while Loopback.get(port, "/status")?.status != 200 {
      guard process.isRunning, ContinuousClock.now < deadline else {
        throw LoadTestProblem("chromedriver does not answer")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// A window of a browser of its own.
  func open(_ number: Int) async throws -> WebDriver {
    try await WebDriver.open(port: port, browser: browser, profile: "\(folder)/browser-\(number)")
  }

  func stop() async { await process.stop(seconds: Self.stopSeconds) }

  private static func freePort() throws -> Int {
    for _ in 0..<50 {
      let port = Int.random(in: 30_000...32_000)
      if Loopback.isFree(port) { return port }
    }
    throw LoadTestProblem("no free port for chromedriver between 30000 and 32000")
  }
}
