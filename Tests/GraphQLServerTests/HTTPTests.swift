import GraphQLServer
import JSONText
import Testing

@Suite("GraphQL over HTTP")
struct HTTPTests {
  private static let json = ["Content-Type": "application/json"]

  /// Asks and returns the answer with its body as JSON.
  private func ask(
    _ port: Int, _ method: String = "POST", _ target: String = "/graphql", _ headers: [String: String] = json,
    body: String? = nil
  ) async throws -> (RawHTTP.Answer, JSONValue?) {
    let answer = try await RawHTTP.ask(port, method, target, headers, body: body)
    return (answer, try? JSONValue(parsing: answer.body))
  }

  private func code(_ json: JSONValue?) -> JSONValue? {
    guard case .array(let errors)? = json?["errors"] else { return nil }
    return errors.first?["extensions"]?["code"]
  }

  @Test(
    "The Content-Type has to be JSON in UTF-8",
    arguments: [
      ("application/json", 200), ("Application/JSON; Charset=\"UTF-8\"", 200), ("application/json;charset=utf8", 200),
      ("application/json; charset=utf-16", 415), ("application/json; charset=iso-8859-1", 415),
      ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("text/plain", 415),
      ("application/graphql", 415), ("application/graphql-response+json", 415), ("nonsense", 415), ("", 415),
    ])
  func contentTypes(type: String, status: Int) async throws {
    try await TestServer.with { port in
      let (answer, json) = try await ask(
        port, "POST", "/graphql", ["Content-Type": type], body: #"{"query":"{hello}"}"#)
      #expect(answer.status == status)
      #expect(status == 200 ? json?["data"] != nil : code(json) == .string("CONTENT_TYPE"))
    }
  }

  @Test(
    "Accept chooses by quality, then by the client's order; wildcards are taken",
    arguments: [
      ("application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"),
      ("application/graphql-response+json;q=0.5, application/json;q=0.9", "application/json"),
      ("application/graphql-response+json, application/json", "application/graphql-response+json"),
      ("application/json, application/graphql-response+json", "application/json"),
      (
        "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
        "application/graphql-response+json"
      ),
      ("text/html, */*;q=0.1", "application/json"), ("application/*", "application/json"),
      ("*/*, application/json;q=0", "application/graphql-response+json"), ("", "application/json"),
      ("text/html", nil), ("application/json;q=0", nil), ("text/event-stream", nil),
      ("application/json; charset=utf-16", nil),
    ] as [(String, String?)])
  func accept(header: String, type: String?) async throws {
    try await TestServer.with { port in
      var headers = Self.json
      headers["Accept"] = header
      let (answer, json) = try await ask(port, "POST", "/graphql", headers, body: #"{"query":"{hello}"}"#)
      #expect(answer.status == (type == nil ? 406 : 200))
      if let type { #expect(answer.headers["content-type"] == "\(type); charset=utf-8") }
      if type == nil { #expect(code(json) == .string("NOT_ACCEPTABLE")) }
      #expect(answer.headers["vary"]?.contains("Accept") == true)
    }
  }

  @Test("What is malformed gets 400 unless the client names application/json; what executes gets 200")
  func statuses() async throws {
    try await TestServer.with { port in
      for body in [
        "", "{", "[]", "1", "null", "[1,2", #"{"query":1}"#, "\u{FEFF}{}", #"{"query":"{hello}","query":""}"#,
      ] {
        let (answer, json) = try await ask(port, body: body)
        #expect(answer.status == 400, "\(body)")
        #expect(code(json) == .string("BAD_REQUEST"))
      }
      var headers = Self.json
      headers["Accept"] = "application/graphql-response+json"
      let (answer, json) = try await ask(port, "POST", "/graphql", headers, body: #"{"query":"{nothing}"}"#)
      #expect(answer.status == 200, "execution began, whatever came of it")
      #expect(json?["data"] == .null && code(json) == .string("WRONG"))
    }
  }

  @Test("GET takes everything from the URL and executes no mutation")
  func get() async throws {
    try await TestServer.with { port in
      let target =
        "/graphql?operationName=A&query=query+A%7Bvariable%7D&variables=%7B%22value%22%3A%22caf%C3%A9+1%22%7D&x=1"
      #expect(try await ask(port, "GET", target).1?["data"]?["variable"] == .string("café 1"))
      let (refused, json) = try await ask(port, "GET", "/graphql?query=mutation%7Bpublish%7D")
      #expect(refused.status == 405 && refused.headers["allow"] == "POST")
      #expect(code(json) == .string("MUTATION_BY_GET"))
      for query in [
        "", "?", "?query=%FF", "?query=%7Bhello%7D&query=%7Bhello%7D", "?query=%7Bhello%7D&variables=%7B",
        "?query=%7Bhello%7D&variables=1", "?query=%7Bhello%7D&extensions=%5B%5D", "?variables=%7B%7D",
      ] {
        let (answer, json) = try await ask(port, "GET", "/graphql\(query)")
        #expect(answer.status == 400 && json?["errors"] != nil, "\(query)")
      }
    }
  }

  @Test("A browser may not send a GET for a page of another site")
  func foreignGet() async throws {
    try await TestServer.with { port in
      for (headers, isAllowed) in [
        ([:], true), (["Origin": "https://evil.example"], false), (["Origin": "null"], false),
        (["Sec-Fetch-Site": "cross-site"], false), (["Sec-Fetch-Site": "Same-Site"], false),
        (["Sec-Fetch-Site": "same-origin"], true), (["Sec-Fetch-Site": "none"], true),
        (["Origin": "https://bank.example", "Sec-Fetch-Site": "cross-site"], true),
        (["Origin": "http://127.0.0.1:\(port)", "Sec-Fetch-Site": "same-origin"], true),
      ] as [([String: String], Bool)] {
        let (answer, json) = try await ask(port, "GET", "/graphql?query=%7Bwhoami%7D", headers)
        #expect(answer.status == (isAllowed ? 200 : 403), "\(headers)")
        if isAllowed { #expect(json?["data"]?["whoami"]?["method"] == .string("GET")) }
        if !isAllowed { #expect(code(json) == .string("FOREIGN_ORIGIN") && json?["data"] == nil) }
        let stream = try await RawHTTP.ask(
          port, "GET", "/graphql/stream?query=subscription%7Bwhoami%7D",
          headers.merging(["Accept": "text/event-stream"]) { $1 })
        #expect(stream.status == (isAllowed ? 200 : 403), "\(headers)")
        #expect(stream.body.contains("whoami") == isAllowed)
      }
    }
    try await TestServer.with(origins: .any) { port in
      let headers = ["Sec-Fetch-Site": "cross-site"]
      let answer = try await ask(port, "GET", "/graphql?query=%7Bhello%7D", headers).0
      #expect(answer.status == 200)
    }
  }

  @Test("A host name that is not this server's gets 421, so that nobody's name pointed here makes his page ours")
  func hostNames() async throws {
    try await TestServer.with { port in
      for (host, isOwn) in [
        ("evil.example", false), ("evil.example:\(port)", false), ("127.0.0.1.evil.example", false), ("", false),
        ("localhost.evil.example", false), ("[evil.example]", false), ("127.0.0.1", true), ("[::1]:1", true),
        ("LOCALHOST:\(port)", true), ("bank.example:99", true),
      ] {
        for target in ["/graphql?query=%7Bhello%7D", "/graphql/stream?query=%7Bhello%7D"] {
          let request = "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
          let answer = try RawHTTP.parse(try await RawHTTP.exchange(port, Array(request.utf8)))
          #expect(answer.status == (isOwn ? 200 : 421), "\(host) \(target)")
          #expect(answer.body.contains("world") == isOwn)
        }
      }
      let health = "GET /health HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n"
      #expect(try RawHTTP.parse(try await RawHTTP.exchange(port, Array(health.utf8))).status == 200)
      let upgrade = try await RawHTTP.ask(port, "GET", "/graphql-ws")
      #expect(upgrade.status == 426 && upgrade.headers["upgrade"] == "websocket")
    }
  }

  @Test("Other methods get 405 with what is allowed", arguments: ["PUT", "DELETE", "PATCH", "HEAD"])
  func methods(method: String) async throws {
    try await TestServer.with { port in
      for path in ["/graphql", "/graphql/stream"] {
        let (answer, _) = try await ask(port, method, path)
        #expect(answer.status == 405 && answer.headers["allow"] == "GET, POST, OPTIONS")
      }
    }
  }

  @Test("A subscription over plain HTTP is told where to go")
  func subscription() async throws {
    try await TestServer.with { port in
      for accept in ["application/json", "application/graphql-response+json", "*/*"] {
        var headers = Self.json
        headers["Accept"] = accept
        let (answer, json) = try await ask(port, "POST", "/graphql", headers, body: #"{"query":"subscription{three}"}"#)
        #expect(answer.status == 400 && code(json) == .string("SUBSCRIPTION_TRANSPORT"))
        #expect(answer.body.contains("graphql-transport-ws") && answer.body.contains("/graphql/stream"))
      }
    }
  }

  @Test("An array of requests is answered in its order, up to a limit")
  func batch() async throws {
    var limits = GraphQLServerLimits()
    limits.maxBatch = 3
    try await TestServer.with(limits: limits) { port in
      let (answer, json) = try await ask(port, body: #"[{"query":"{hello}"},{"query":1},{"query":"{nosuch}"}]"#)
      #expect(answer.status == 200)
      guard case .array(let items)? = json else { throw RawHTTP.Failure(what: "no array: \(answer.body)") }
      #expect(items.count == 3 && items[0]["data"]?["hello"] == .string("world"))
      #expect(items[1]["errors"] != nil && items[2]["errors"] != nil && items[2]["data"] == nil)
      let (refused, error) = try await ask(
        port, body: "[" + Array(repeating: #"{"query":"{hello}"}"#, count: 4).joined(separator: ",") + "]")
      #expect(refused.status == 400 && code(error) == .string("LIMIT"))
    }
  }

  @Test("A body over the limit gets 413, told or found out")
  func bodyLimit() async throws {
    var limits = GraphQLServerLimits()
    limits.maxBodyBytes = 1_000
    try await TestServer.with(limits: limits) { port in
      let large = #"{"query":"{hello}","x":""# + String(repeating: "x", count: 2_000) + #""}"#
      let (answer, json) = try await ask(port, body: large)
      #expect(answer.status == 413 && code(json) == .string("LIMIT"))
      let chunked = """
        POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
        Transfer-Encoding: chunked\r\n\r\n\(String(large.utf8.count, radix: 16))\r\n\(large)\r\n0\r\n\r\n
        """
      let found = try RawHTTP.parse(try await RawHTTP.exchange(port, Array(chunked.utf8)))
      #expect(found.status == 413)
    }
  }

  @Test("Resolvers see who asks")
  func clientInfo() async throws {
    try await TestServer.with { port in
      var headers = Self.json
      headers["AUTHORIZATION"] = "Bearer x"
      let who = try await ask(port, "POST", "/graphql", headers, body: #"{"query":"{whoami}"}"#).1?["data"]?["whoami"]
      #expect(who?["transport"] == .string("http") && who?["address"] == .string("127.0.0.1"))
      #expect(who?["method"] == .string("POST"))
      #expect(who?["authorization"] == .string("Bearer x") && who?["params"] == .null)
    }
  }

  @Test("Only allowed origins may read, and a preflight says what they may send")
  func cors() async throws {
    try await TestServer.with { port in
      for (origin, isAllowed) in [
        ("https://bank.example", true), ("HTTPS://BANK.example", true), ("http://127.0.0.1:\(port)", true),
        ("https://evil.example", false), ("https://bank.example.evil.example", false), ("null", false),
        ("http://bank.example", false),
      ] {
        let allowed = isAllowed ? origin : nil
        var headers = Self.json
        headers["Origin"] = origin
        let answer = try await ask(port, "POST", "/graphql", headers, body: #"{"query":"{hello}"}"#).0
        #expect(answer.headers["access-control-allow-origin"] == allowed, "\(origin)")
        #expect(answer.headers["vary"]?.contains("Origin") == true)
        headers = ["Origin": origin, "Access-Control-Request-Method": "POST"]
        for path in ["/graphql", "/graphql/stream"] {
          let preflight = try await ask(port, "OPTIONS", path, headers).0
          #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == allowed)
          #expect((preflight.headers["access-control-allow-headers"]?.contains("Content-Type") == true) == isAllowed)
        }
      }
      #expect(try await RawHTTP.ask(port, "GET", "/health").headers["vary"] == nil, "routes before it are untouched")
    }
    try await TestServer.with(origins: AllowedOrigins(" https://a.example , *")) { port in
      let answer = try await RawHTTP.ask(port, "GET", "/graphql?query=%7Bhello%7D", ["Origin": "https://b.example"])
      #expect(answer.headers["access-control-allow-origin"] == "*")
    }
  }

  @Test("Wishes for other protocols are ignored, also with a body")
  func otherUpgrades() async throws {
    try await TestServer.with { port in
      var headers = Self.json
      headers["Upgrade"] = "h2c"
      let posted = try await RawHTTP.ask(port, "POST", "/graphql", headers, body: #"{"query":"{hello}"}"#)
      #expect(posted.status == 200)
      let health = try await RawHTTP.ask(port, "GET", "/health", ["Upgrade": "h2c"])
      #expect(health.body == "well")
    }
  }

  @Test("A connection takes several requests, and garbage on the port is answered and closed")
  func connections() async throws {
    try await TestServer.with { port in
      let one = "GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nHost: 127.0.0.1\r\n"
      let answers = try await RawHTTP.exchange(port, Array("\(one)\r\n\(one)\r\n\(one)Connection: close\r\n\r\n".utf8))
      let text = String(decoding: answers, as: UTF8.self)
      #expect(text.split(separator: "HTTP/1.1 200 OK", omittingEmptySubsequences: false).count == 4)
      for garbage in [
        Array("nonsense\r\n\r\n".utf8), [UInt8](repeating: 0, count: 100), [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00],
        Array("GET /graphql HTTP/9.9\r\n\r\n".utf8), (0...255).map { UInt8($0) },
      ] {
        #expect(try RawHTTP.parse(try await RawHTTP.exchange(port, garbage)).status == 400)
      }
      let line =
        "GET /\(String(repeating: "x", count: 4 << 20)) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
      let long = try await RawHTTP.exchange(port, Array(line.utf8))
      #expect(try RawHTTP.parse(long).status >= 400, "a line of 4 MiB")
      #expect(try await RawHTTP.ask(port, "GET", "/health").body == "well")
    }
  }
}
