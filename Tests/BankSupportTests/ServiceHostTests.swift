import BankSupport
import Foundation
import FreePort
import Hummingbird
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite("Service host")
struct ServiceHostTests {
  private func get(
    _ port: Int, _ path: String, post body: String? = nil, headers: [String: String] = [:]
  ) async throws -> (Int, String) {
    var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
    request.timeoutInterval = 5
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    if let body {
      request.httpMethod = "POST"
      request.httpBody = Data(body.utf8)
    }
    for attempt in 0... {
      do {
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
      } catch  where attempt < 50 {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    return (0, "")
  }

  @Test("A service may add routes and middleware of its own; health and metrics stay as they are")
  func mounts() async throws {
    let port = try freePort()
    let host = ServiceHost(name: "test", port: port) { router in
      router.add(middleware: Refusing())
      router.get("/own") { _, _ in "never seen" }
    }
    try await host.run {
      host.health.ready()
      for (path, status) in [("/health", 200), ("/metrics", 200), ("/own", 403)] {
        let answer = try await get(port, path)
        #expect(answer.0 == status, "\(path)")
      }
    }
  }

  @Test("Health, metrics and routes are served while the body runs; the end of the body ends the host")
  func serves() async throws {
    let echo = HTTPRoute(.post, "/echo") { body in
      HTTPReply(status: body.isEmpty ? 400 : 200, body: String(decoding: body, as: UTF8.self))
    }
    let port = try freePort()
    let host = ServiceHost(name: "test", port: port, routes: [echo])
    try await host.run {
      let starting = try await get(port, "/health")
      #expect(starting == (503, #"{"reason":"starting","status":"unavailable"}"#) || starting.0 == 503)
      host.health.ready()
      #expect(try await get(port, "/health") == (200, #"{"status":"ok"}"#))
      host.metrics.add(3, to: "beats_total")
      #expect(try await get(port, "/metrics").1.contains("beats_total 3\n"))
      #expect(try await get(port, "/echo", post: "hello") == (200, "hello"))
      #expect(try await get(port, "/echo", post: "").0 == 400)
      #expect(try await get(port, "/nothing").0 == 404)
    }
    var isFree = false
    for _ in 0..<100 where !isFree {
      isFree = TestPort.bound(port) != nil
      if !isFree { try await Task.sleep(for: .milliseconds(50)) }
    }
    #expect(isFree, "the port is given back")
  }

  @Test("A page of another origin works no route of a service, by its own name or by one that it points here")
  func foreignPages() async throws {
    let routes = [
      HTTPRoute(.post, "/") { _ in HTTPReply(body: "changed") }, HTTPRoute(.get, "/") { _ in HTTPReply(body: "read") },
    ]
    let port = try freePort()
    let host = ServiceHost(name: "test", port: port, routes: routes)
    try await host.run {
      for (headers, read, changed) in [
        ([:], 200, 200), (["Origin": "http://127.0.0.1:\(port)"], 200, 200), (["Sec-Fetch-Site": "none"], 200, 200),
        (["Origin": "http://evil.example"], 200, 403), (["Origin": "null"], 200, 403),
        (["Origin": "http://127.0.0.1:1"], 200, 403), (["Sec-Fetch-Site": "cross-site"], 200, 403),
        (["Sec-Fetch-Site": "same-site"], 200, 403),
        (["Host": "evil.example", "Origin": "http://evil.example"], 421, 421), (["Host": "127.0.0.1.a.b"], 421, 421),
        (["Host": "localhost:1"], 200, 200), (["Host": "[::1]:1"], 200, 200),
      ] as [([String: String], Int, Int)] {
        let (got, posted) = (
          try await get(port, "/", headers: headers).0, try await get(port, "/", post: "x=y", headers: headers).0
        )
        #expect(got == read && posted == changed, "\(headers): \(got), \(posted)")
      }
      let health = try await get(port, "/health", headers: ["Host": "heartbeat"]).0
      #expect(health == 503, "not ready is all that is wrong")
    }
  }

  @Test("What the body throws comes out")
  func failure() async throws {
    let host = ServiceHost(name: "test", port: try freePort())
    await #expect(throws: SupportError("no money")) {
      try await host.run { throw SupportError("no money") }
    }
  }

  @Test("A port that is taken is an error that names it")
  func taken() async throws {
    let port = try freePort()
    let held = try #require(TestPort.bound(port))
    let host = ServiceHost(name: "test", port: port)
    let error = await #expect(throws: SupportError.self) {
      try await host.run { try await Task.sleep(for: .seconds(30)) }
    }
    withExtendedLifetime(held) {}
    #expect(error?.message.contains("cannot serve HTTP on 127.0.0.1:\(port)") == true)
  }
}

private struct Refusing: RouterMiddleware {
  func handle(
    _ request: Request, context: BasicRequestContext,
    next: (Request, BasicRequestContext) async throws -> Response
  ) async throws -> Response { Response(status: .forbidden) }
}
