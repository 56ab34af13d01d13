import BankSupport

/// Decides what a request for the page gets. Knows nothing of sockets, so that tests ask it directly.
public struct PageServer: Sendable {
  /// What of a request matters here.
  public struct Request: Sendable {
    public var method: String
    /// As it came, such as `/reports/load.html?x=1`.
    public var target: String
    /// Header `Host`, such as `bank.example:8181`.
    public var host: String?
    /// Header `If-None-Match`.
    public var ifNoneMatch: String?

    public init(_ method: String, _ target: String, host: String? = nil, ifNoneMatch: String? = nil) {
      self.method = method
      self.target = target
      self.host = host
      self.ifNoneMatch = ifNoneMatch
    }
  }

  /// The answer; to a HEAD it is sent without its body.
  public struct Reply: Sendable, Hashable {
    public var status: Int
    /// Names in lower case, without `content-length`.
    public var headers: [String: String]
    public var body: [UInt8]
  }

  let files: PageFiles
  let reports: Reports
  let graphQLPort: Int
  let allowedOrigins: [String]

  /// - Parameters:
  ///   - graphQLPort: where the page finds the endpoint, on the host name that it was asked for by.
  ///   - allowedOrigins: those of the endpoint: whose hosts may be asked for, besides addresses and localhost.
  public init(files: PageFiles, reports: Reports, graphQLPort: Int, allowedOrigins: [String] = []) {
    self.allowedOrigins = allowedOrigins
    self.files = files
    self.reports = reports
    self.graphQLPort = graphQLPort
  }

  public func reply(to request: Request) async -> Reply {
    // Any other name may be one that its owner has pointed here, who could read reports through a visitor's browser.
    if let refusal = RequestOrigin.refusal(ofHost: request.host, allowedOrigins: allowedOrigins) {
      return plain(refusal.status, "this page is asked for by its address, by localhost, or by an allowed name\n")
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      var reply = plain(405, "only GET and HEAD\n")
      reply.headers["allow"] = "GET, HEAD"
      return reply
    }
    let path = String(request.target.prefix { $0 != "?" && $0 != "#" })
    if path == "/settings.json" { return await settings(request) }
    if path == "/reports" {
      var reply = plain(308, "/reports/\n")
      reply.headers["location"] = "/reports/"
      return reply
    }
    if path.hasPrefix("/reports/") {
      guard let file = await reports.file(String(path.dropFirst("/reports/".count))) else { return notFound(request) }
      return found(file, request, policy: Self.reportPolicy)
    }
    guard let file = files[path] else { return notFound(request) }
    return found(file, request, policy: policy(host: request.host))
  }

  private func settings(_ request: Request) async -> Reply {
    let text = "{\"graphqlPort\":\(graphQLPort),\"reports\":\(await reports.hasAny())}\n"
    return found(
      PageFile(Array(text.utf8), contentType: "application/json"), request, policy: policy(host: request.host))
  }

  private func notFound(_ request: Request) -> Reply {
    var headers = Self.commonHeaders
    headers["content-type"] = files.notFound.contentType
    headers["content-security-policy"] = policy(host: request.host)
    headers["cache-control"] = "no-store"
    return Reply(status: 404, headers: headers, body: files.notFound.bytes)
  }

  /// The names of the files are the same for every version, so a browser has to ask each time; the entity tag spares it
  /// the bytes (RFC 9110, section 13.1.2: also when one of a list matches, weakly).
  private func found(_ file: PageFile, _ request: Request, policy: String) -> Reply {
    var headers = Self.commonHeaders
    headers["content-type"] = file.contentType
    headers["content-security-policy"] = policy
    headers["cache-control"] = "no-cache"
    headers["etag"] = file.entityTag
    let known = request.ifNoneMatch.map { value in
      value.split(separator: ",").map { $0.trimmingPrefix { $0 == " " }.trimmingPrefix("W/") }
        .contains { $0.prefix { $0 != " " } == file.entityTag || $0 == "*" }
    }
    guard known != true else {
      headers["content-type"] = nil
      return Reply(status: 304, headers: headers, body: [])
    }
    return Reply(status: 200, headers: headers, body: file.bytes)
  }

  private func plain(_ status: Int, _ text: String) -> Reply {
    var headers = Self.commonHeaders
    headers["content-type"] = "text/plain; charset=utf-8"
    headers["cache-control"] = "no-store"
    return Reply(status: status, headers: headers, body: Array(text.utf8))
  }

  private static let commonHeaders = [
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
  ]

  /// A report may have styles of its own, and is not let near anything else.
  private static let reportPolicy =
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"

  /// Scripts and styles from here alone, and connections to here and to the endpoint's port on the same host
  /// (Content Security Policy Level 3).
  func policy(host: String?) -> String {
    let endpoint = Self.hostName(host).map { " ws://\($0):\(graphQLPort) http://\($0):\(graphQLPort)" } ?? ""
    return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'\(endpoint); "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  }

  /// The name in a `Host` header without its port; nil for what is none, so that nobody writes into the policy with it.
  /// An address in brackets is none either: a policy has no way to name one (section 2.3.1, `host-source`).
  static func hostName(_ host: String?) -> String? {
    guard let name = host?.prefix(while: { $0 != ":" }), (1...253).contains(name.utf8.count) else { return nil }
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
      default: false
      }
    }
    return isPlain ? String(name) : nil
  }
}
