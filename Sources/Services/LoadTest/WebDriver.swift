import BankSupport
import Foundation
import Glibc
import JSONText

/// A headless Chromium, driven through chromedriver by W3C WebDriver (w3.org/TR/webdriver2).
final class WebDriver: Sendable {
  private static let elementKey = "element-6066-11e4-a52e-4f735466cecf"
  /// Starting a browser on a busy machine takes its time.
  private static let startSeconds = 60
  static let scriptMillis = 70_000

  private let port: Int
  private let session: String
  private let blocking: Blocking
  /// Of the browser.
  let version: String

  private init(port: Int, session: String, version: String, blocking: Blocking) {
    self.port = port
    self.session = session
    self.version = version
    self.blocking = blocking
  }

  /// Opens a window of a browser of its own.
  ///
  /// - Parameters:
  ///   - port: of a chromedriver.
  ///   - browser: the program.
  ///   - profile: a folder for what the browser keeps.
  static func open(port: Int, browser: String, profile: String) async throws -> WebDriver {
    let blocking = Blocking("webdriver")
    let arguments = [
      "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
      "--lang=en", "--disable-background-networking", "--window-size=1280,900", "--user-data-dir=\(profile)",
    ]
    let options = JSONValue.object([
      .init("binary", .string(browser)), .init("args", .array(arguments.map { .string($0) })),
    ])
    let wanted = JSONValue.object([
      .init("browserName", .string("chrome")), .init("goog:chromeOptions", options),
      .init("timeouts", .object([.init("script", .integer(Int64(scriptMillis)))])),
    ])
    let body = JSONValue.object([.init("capabilities", .object([.init("alwaysMatch", wanted)]))])
    let value = try await blocking.run {
      try call("POST", port, "/session", body, timeoutMillis: startSeconds * 1000)
    }
    guard case .string(let session)? = value["sessionId"] else {
      throw LoadTestProblem("chromedriver opened no browser: \(value.text)")
    }
    var version = "unknown"
    if case .string(let text)? = value["capabilities"]?["browserVersion"] { version = text }
    return WebDriver(port: port, session: session, version: version, blocking: blocking)
  }

  func goTo(_ address: String) async throws {
    try await ask("POST", "/url", .object([.init("url", .string(address))]))
  }

  /// Clicks as a person does: where the element is, when it can be hit.
  func click(_ selector: String) async throws {
    try await ask("POST", "/element/\(try await find(selector))/click", .object([]))
  }

  /// Empties a field and types into it.
  func fill(_ selector: String, _ text: String) async throws {
    let element = try await find(selector)
    try await ask("POST", "/element/\(element)/clear", .object([]))
    try await ask("POST", "/element/\(element)/value", .object([.init("text", .string(text))]))
  }

  /// Waits until a selector finds something.
  func wait(for selector: String, seconds: Double) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try await script("return document.querySelector(arguments[0]) !== null", .string(selector)) != .bool(true) {
      guard ContinuousClock.now < deadline else {
        let shown = try await script("return document.body.innerText.slice(0, 500)")
        throw LoadTestProblem("no \(selector) on the page within \(Int(seconds)) s; it shows: \(shown.text)")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  func script(_ text: String, _ arguments: JSONValue...) async throws -> JSONValue {
    try await ask("POST", "/execute/sync", Self.scriptBody(text, arguments))
  }

  /// A script whose last argument is a function that takes its result.
  func asyncScript(_ text: String, _ arguments: JSONValue...) async throws -> JSONValue {
    try await ask("POST", "/execute/async", Self.scriptBody(text, arguments))
  }

  /// Closes the browser.
  func close() async {
    _ = try? await ask("DELETE", "", nil)
  }

  private func find(_ selector: String) async throws -> String {
    let body = JSONValue.object([.init("using", .string("css selector")), .init("value", .string(selector))])
    guard case .string(let element)? = try await ask("POST", "/element", body)[Self.elementKey] else {
      throw LoadTestProblem("the page has no \(selector)")
    }
    return element
  }

  @discardableResult
  private func ask(_ method: String, _ path: String, _ body: JSONValue?) async throws -> JSONValue {
    let (port, session) = (port, session)
    return try await blocking.run {
      try Self.call(method, port, "/session/\(session)\(path)", body, timeoutMillis: Self.scriptMillis + 10_000)
    }
  }

  private static func scriptBody(_ text: String, _ arguments: [JSONValue]) -> JSONValue {
    .object([.init("script", .string(text)), .init("args", .array(arguments))])
  }

  private static func call(
    _ method: String, _ port: Int, _ path: String, _ body: JSONValue?, timeoutMillis: Int
  ) throws -> JSONValue {
    guard let reply = Loopback.request(method, port, path, json: body?.text, timeoutMillis: timeoutMillis) else {
      throw LoadTestProblem("chromedriver does not answer to \(method) \(path)")
    }
    guard let json = try? JSONValue(parsing: reply.body), let value = json["value"] else {
      throw LoadTestProblem("chromedriver answers what is no WebDriver: \(reply.body.prefix(200))")
    }
    guard reply.status == 200 else {
      var words = value.text
      if case .string(let message)? = value["message"] { words = message }
      throw LoadTestProblem("chromedriver, \(method) \(path): \(words.prefix(300))")
    }
    return value
  }
}
