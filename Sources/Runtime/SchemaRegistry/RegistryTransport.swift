import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// HTTP to one of several registries, with retries.
final class RegistryTransport: Sendable {
  struct Refusal: Hashable, Sendable {
    var request: String
    var status: Int
    /// The registry's own, or the status.
    var code: Int
    var message: String
  }

  enum Failure: Error, Hashable, Sendable {
    case refused(Refusal)
    case unreachable(urls: String, reason: String)
    case cancelled
  }

  /// A 200.
  struct Answer: Sendable {
    var request: String
    var body: Data

    func decoded<Value: Decodable>(_ type: Value.Type) throws(Failure) -> Value {
      do {
        return try JSONDecoder().decode(type, from: body)
      } catch {
        throw .refused(
          Refusal(request: request, status: 200, code: 200, message: "the body is not what was asked for: \(error)"))
      }
    }
  }

  private struct ErrorBody: Decodable {
    var code: Int?
    var message: String?

    enum CodingKeys: String, CodingKey {
      case code = "error_code"
      case message
    }
  }

  private let urls: [RegistryURL]
  private let settings: RegistryClient.Settings
  private let session: URLSession
  private let requests = Atomic<Int>(0)
  /// Index of the URL that answered last.
  private let preferred = Atomic<Int>(0)

  init(urls: [RegistryURL], settings: RegistryClient.Settings) {
    self.urls = urls
    self.settings = settings
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = Double(settings.timeoutMillis) / 1_000
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    session = URLSession(configuration: configuration)
  }

  deinit {
    session.finishTasksAndInvalidate()
  }

  var requestCount: Int { requests.load(ordering: .relaxed) }

  func get(_ path: String) async throws(Failure) -> Answer {
    try await send("GET", path, body: nil)
  }

  func post(_ path: String, body: some Encodable) async throws(Failure) -> Answer {
    try await send("POST", path, encoding: body)
  }

  func put(_ path: String, body: some Encodable) async throws(Failure) -> Answer {
    try await send("PUT", path, encoding: body)
  }

  func delete(_ path: String) async throws(Failure) -> Answer {
    try await send("DELETE", path, body: nil)
  }

  private func send(_ method: String, _ path: String, encoding body: some Encodable) async throws(Failure) -> Answer {
    let bytes: Data
    do {
      bytes = try JSONEncoder().encode(body)
    } catch {
      throw .refused(Refusal(request: "\(method) \(path)", status: 0, code: 0, message: "cannot be sent: \(error)"))
    }
    return try await send(method, path, body: bytes)
  }

  // MARK: Attempts

  private enum Attempt {
    case answer(Answer)
    case final(Failure)
    case again(reason: String)
  }

  private func send(_ method: String, _ path: String, body: Data?) async throws(Failure) -> Answer {
    let first = preferred.load(ordering: .relaxed)
    var reason = ""
    for attempt in 0..<max(1, settings.maxAttempts) {
      // The other URLs are tried at once; a pause comes before each round over all of them.
      if attempt > 0 && attempt % urls.count == 0 { try await pause(round: attempt / urls.count) }
      let index = (first + attempt) % urls.count
      switch await send(method, path, body: body, to: urls[index]) {
      case .answer(let answer):
        preferred.store(index, ordering: .relaxed)
        return answer
      case .final(let failure):
        throw failure
      case .again(let text):
        reason = text
      }
      if Task.isCancelled { throw .cancelled }
    }
    throw .unreachable(
      urls: urls.map(\.description).joined(separator: ", "), reason: "\(method) \(path): \(reason)")
  }

  private func pause(round: Int) async throws(Failure) {
    let ceiling = min(settings.maxPauseMillis, settings.firstPauseMillis << min(round - 1, 16))
    do {
      try await Task.sleep(for: .milliseconds(Int.random(in: (ceiling / 2)...max(1, ceiling))))
    } catch {
      throw .cancelled
    }
  }

  private func send(_ method: String, _ path: String, body: Data?, to url: RegistryURL) async -> Attempt {
    let name = "\(method) \(path)"
    guard let target = URL(string: url.base + path) else {
      return .final(.refused(Refusal(request: name, status: 0, code: 0, message: "not a URL")))
    }
    var request = URLRequest(url: target)
    request.httpMethod = method
    request.httpBody = body
    request.setValue("application/vnd.schemaregistry.v1+json, application/json", forHTTPHeaderField: "Accept")
    if body != nil {
      request.setValue("application/vnd.schemaregistry.v1+json", forHTTPHeaderField: "Content-Type")
    }
    if let authorization = url.authorization {
      request.setValue(authorization, forHTTPHeaderField: "Authorization")
    }
    requests.add(1, ordering: .relaxed)
    do {
      let (data, response) = try await session.data(for: request)
      guard let response = response as? HTTPURLResponse else { return .again(reason: "no HTTP answer") }
      return judge(name, status: response.statusCode, data)
    } catch {
      if Task.isCancelled { return .final(.cancelled) }
      return .again(reason: Self.reason(of: error))
    }
  }

  /// libcurl's words, with what to do where it does not trust the server.
  private static func reason(of error: any Error) -> String {
    let text = error.localizedDescription
    if text.contains("certificate problem") {
      return text + ": add the root that signed it to the system's, with update-ca-certificates"
    }
    if text.contains("certificate subject name") { return text + ": use a name that its certificate has" }
    return text
  }

  private func judge(_ request: String, status: Int, _ data: Data) -> Attempt {
    guard data.count <= settings.maxAnswerBytes else {
      return .final(
        .refused(Refusal(request: request, status: status, code: status, message: "the answer is too long")))
    }
    if status == 200 { return .answer(Answer(request: request, body: data)) }
    let error = try? JSONDecoder().decode(ErrorBody.self, from: data)
    let refusal = Refusal(
      request: request, status: status, code: error?.code ?? status,
      message: error?.message ?? String(decoding: data.prefix(200), as: UTF8.self))
    // 501 is an answer: what is not built does not come by asking again.
    if status == 429 || (status >= 500 && status != 501) {
      return .again(reason: "status \(status): \(refusal.message)")
    }
    return .final(.refused(refusal))
  }
}
