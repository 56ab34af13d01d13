import AvroSchema
import Foundation
import Hummingbird
import Logging
import SchemaRegistryServer

import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Runs an embedded registry on a free port for as long as `body` runs, and waits until it has stopped.
///
/// `level` is none unless told: most tests are about other things than evolution.
@discardableResult
func withRegistry<Result: Sendable>(
  directory: String, limits: RegistryLimits = RegistryLimits(), level: CompatibilityMode = .none,
  configure: (inout EmbeddedRegistry) -> Void = { _ in },
  _ body: @escaping @Sendable (RegistryEndpoint) async throws -> Result
) async throws -> Result {
  let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  var registry = EmbeddedRegistry(
    directory: directory, host: "127.0.0.1", port: 0, limits: limits, defaultLevel: level,
    logger: logger,
    onReady: { port in continuation.yield(port) })
  configure(&registry)
  let scheme = registry.tls == nil ? "http" : "https"
  let server = Task { [registry] in
    defer { continuation.finish() }
    try await registry.run()
  }
  var ports = ready.makeAsyncIterator()
  guard let port = await ports.next() else {
    try await server.value
    throw RegistryDidNotStart()
  }
  let outcome: Swift.Result<Result, any Error>
  do {
    outcome = .success(try await body(RegistryEndpoint(url: "\(scheme)://127.0.0.1:\(port)")))
  } catch {
    outcome = .failure(error)
  }
  server.cancel()
  try await server.value
  return try outcome.get()
}

struct RegistryDidNotStart: Error {}

/// A directory of its own, removed afterwards.
@discardableResult
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  let directory = NSTemporaryDirectory() + "registry-\(UUID().uuidString)"
  defer { try? FileManager.default.removeItem(atPath: directory) }
  return try await body(directory)
}

/// Plain HTTP to a registry, without our client.
struct RegistryEndpoint: Sendable {
  var url: String

  struct Answer: Sendable {
    var status: Int
    var contentType: String
    var text: String

    var json: [String: any Sendable] {
      ((try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: any Sendable]) ?? [:]
    }
    var id: Int? { json["id"] as? Int }
    var version: Int? { json["version"] as? Int }
    var schema: String? { json["schema"] as? String }
    var errorCode: Int? { json["error_code"] as? Int }
    var message: String { json["message"] as? String ?? "" }
  }

  static let contentType = "application/vnd.schemaregistry.v1+json"

  func send(
    _ method: String, _ path: String, body: Data? = nil, contentType: String? = contentType, accept: String? = nil
  ) async throws -> Answer {
    guard let target = URL(string: url + path) else { throw URLError(.badURL) }
    var request = URLRequest(url: target)
    request.httpMethod = method
    request.httpBody = body
    if body != nil, let contentType { request.setValue(contentType, forHTTPHeaderField: "Content-Type") }
    if let accept { request.setValue(accept, forHTTPHeaderField: "Accept") }
    let (data, response) = try await URLSession.shared.data(for: request)
    guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
    return Answer(
      status: response.statusCode, contentType: response.value(forHTTPHeaderField: "Content-Type") ?? "",
      text: String(decoding: data, as: UTF8.self))
  }

  func get(_ path: String) async throws -> Answer {
    try await send("GET", path)
  }

  func post(_ path: String, schema: String) async throws -> Answer {
    try await send("POST", path, body: try JSONEncoder().encode(["schema": schema]))
  }

  func post(_ path: String, text: String) async throws -> Answer {
    try await send("POST", path, body: Data(text.utf8))
  }

  func put(_ path: String, _ text: String) async throws -> Answer {
    try await send("PUT", path, body: Data(text.utf8))
  }

  func delete(_ path: String) async throws -> Answer {
    try await send("DELETE", path)
  }

  /// All that it tells about itself, in lines that can be compared.
  func everything() async throws -> [String] {
    var paths = ["/schemas?deleted=true", "/schemas?deletedOnly=true", "/contexts", "/config", "/mode"]
    let subjects = try JSONDecoder().decode(
      [String].self, from: Data(try await get("/subjects?deleted=true").text.utf8))
    for subject in subjects {
      let name = try #require(subject.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      paths += ["/config/\(name)", "/mode/\(name)", "/subjects/\(name)/versions?deletedOnly=true"]
    }
    var lines: [String] = []
    for path in paths { lines.append("\(path) \(try await get(path).text)") }
    return lines
  }
}

enum Samples {
  static let heartbeat =
    #"{"type":"record","name":"Heartbeat","namespace":"nl.openweb.data","fields":[{"name":"beat","type":"long"}]}"#

  /// A record of `count` long fields.
  static func record(_ name: String, fields count: Int) -> String {
    let fields = (0..<count).map { #"{"name":"f\#($0)","type":"long"}"# }.joined(separator: ",")
    return #"{"type":"record","name":"\#(name)","fields":[\#(fields)]}"#
  }
}

/// A stand-in that answers as told, in turn, the last answer again and again; it notes what it was asked.
actor FakeRegistry {
  private var script: [(status: Int, body: String)]
  private(set) var requests: [String] = []
  private(set) var authorizations: [String] = []

  init(_ script: [(status: Int, body: String)]) {
    self.script = script
  }

  private func answer(_ request: String, authorization: String?) -> (status: Int, body: String) {
    requests.append(request)
    if let authorization { authorizations.append(authorization) }
    guard let next = script.first else { return (500, "") }
    if script.count > 1 { script.removeFirst() }
    return next
  }

  /// - Parameter pauseMillis: before each answer.
  func serve(
    pauseMillis: Int = 0, _ body: @escaping @Sendable (_ port: Int) async throws -> Void
  ) async throws {
    let (ready, continuation) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "fake")
    logger.logLevel = .critical
    let application = Application(
      responder: CallbackResponder<BasicRequestContext> { request, _ in
        let name = "\(request.method.rawValue) \(request.uri.string)"
        let answer = await self.answer(name, authorization: request.headers[.authorization])
        try await Task.sleep(for: .milliseconds(pauseMillis))
        return Response(
          status: .init(code: answer.status), body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
      },
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) }, logger: logger)
    let server = Task {
      defer { continuation.finish() }
      try await application.run()
    }
    var ports = ready.makeAsyncIterator()
    guard let port = await ports.next() else { throw RegistryDidNotStart() }
    let outcome = await Task { try await body(port) }.result
    server.cancel()
    _ = await server.result
    try outcome.get()
  }
}
