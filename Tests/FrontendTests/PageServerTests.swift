import BankSupport
import Foundation
import Testing

@testable import FrontendService

/// What each request for the page gets, asked without sockets.
struct PageServerTests {
  private let folder: URL
  private let server: PageServer

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    server = try Self.server(folder, allowedOrigins: ["*"])
  }

  private static func server(_ folder: URL, allowedOrigins: [String]) throws -> PageServer {
    PageServer(
      files: try PageFiles.ofThisBuild(),
      reports: Reports(folders: [folder.appending(path: "reports").path], rememberedFor: .zero), graphQLPort: 18_888,
      allowedOrigins: allowedOrigins)
  }

  @Test(arguments: [
    (nil, 200), ("127.0.0.1:8181", 200), ("localhost", 200), ("LOCALHOST:1", 200), ("[::1]:8181", 200),
    ("bank.example", 200), ("Bank.Example:8181", 200), ("other.example:443", 200), ("evil.example", 421),
    ("evil.example:8181", 421), ("bank.example.evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421),
    ("[evil]", 421), ("user@bank.example", 421),
  ])
  func aNameThatSomebodyElseMayHavePointedHereIsRefused(host: String?, status: Int) async throws {
    let server = try Self.server(folder, allowedOrigins: ["http://bank.example:8181", "https://other.example"])
    for path in ["/", "/settings.json", "/reports/", "/nothing"] {
      let reply = await server.reply(to: .init("GET", path, host: host))
      #expect((reply.status == 421) == (status == 421), "\(path): \(reply.status)")
      if status == 421 { #expect(reply.headers["content-security-policy"] == nil && reply.body.count < 200) }
    }
    #expect(await server.reply(to: .init("GET", "/", host: host)).status == status)
  }

  private func reply(_ method: String, _ target: String, host: String? = nil, ifNoneMatch: String? = nil) async
    -> PageServer.Reply
  {
    await server.reply(to: .init(method, target, host: host, ifNoneMatch: ifNoneMatch))
  }

  private func write(_ text: String, to path: String) throws {
    let file = folder.appending(path: path)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
  }

  @Test(arguments: [
    ("/", "text/html; charset=utf-8"), ("/index.html", "text/html; charset=utf-8"),
    ("/?from=somewhere", "text/html; charset=utf-8"), ("/app.js", "text/javascript; charset=utf-8"),
    ("/style/base.css", "text/css; charset=utf-8"), ("/logo.svg", "image/svg+xml"),
    ("/modules/graphql.js", "text/javascript; charset=utf-8"), ("/settings.json", "application/json"),
  ])
  func filesHaveTheirType(target: String, contentType: String) async {
    let reply = await reply("GET", target)
    #expect(reply.status == 200)
    #expect(reply.headers["content-type"] == contentType)
    #expect(reply.headers["x-content-type-options"] == "nosniff")
    #expect(reply.headers["cache-control"] == "no-cache")
    #expect(!reply.body.isEmpty)
  }

  @Test(arguments: [
    "/nothing", "/style", "/style/", "//", "/index.html/", "/../index.html", "/style/../app.js", "/%69ndex.html",
    "/./app.js", "/not-found.html", "/Page/app.js", "", "app.js", "http://127.0.0.1/app.js", "/app.js%00",
    "/reports/", "/reports/nothing.html",
  ])
  func whatIsNoFileIsNotFound(target: String) async {
    let reply = await reply("GET", target)
    #expect(reply.status == 404)
    #expect(String(decoding: reply.body, as: UTF8.self).contains("There is no such page"))
    #expect(reply.headers["cache-control"] == "no-store")
    #expect(reply.headers["content-security-policy"]?.contains("script-src 'self'") == true)
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
  func onlyReadingIsAllowed(method: String) async {
    let reply = await reply(method, "/")
    #expect(reply.status == 405)
    #expect(reply.headers["allow"] == "GET, HEAD")
  }

  @Test
  func everyFileOfThePageIsServed() async throws {
    let source = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Services/Frontend/Page").standardizedFileURL
    let names = try #require(FileManager.default.enumerator(atPath: source.path))
    var served = 0
    while let name = names.nextObject() as? String {
      guard name != "not-found.html", name.contains(".") else { continue }
      let reply = await reply("GET", "/\(name)")
      #expect(reply.status == 200, "\(name)")
      #expect(reply.body == Array(try Data(contentsOf: source.appending(path: name))), "\(name)")
      served += 1
    }
    #expect(served > 20)
  }

  @Test
  func anEntityTagSparesTheBytes() async throws {
    let whole = await reply("GET", "/app.js")
    let tag = try #require(whole.headers["etag"])
    #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
    for known in [tag, "W/\(tag)", "\"other\", \(tag)", "\"other\" , W/\(tag) ", "*"] {
      let reply = await reply("GET", "/app.js", ifNoneMatch: known)
      #expect(reply.status == 304, "\(known)")
      #expect(reply.body.isEmpty)
      #expect(reply.headers["etag"] == tag)
      #expect(reply.headers["content-security-policy"] != nil)
    }
    for unknown in ["\"other\"", "", String(tag.dropFirst()), "\(tag.dropLast())x\""] {
      #expect(await reply("GET", "/app.js", ifNoneMatch: unknown).status == 200, "\(unknown)")
    }
    #expect(await reply("GET", "/index.html").headers["etag"] != tag)
  }

  @Test
  func settingsTellWhereTheEndpointIsAndWhetherThereAreReports() async throws {
    struct Settings: Decodable {
      var graphqlPort: Int
      var reports: Bool
    }
    func settings() async throws -> Settings {
      try JSONDecoder().decode(Settings.self, from: Data(await reply("GET", "/settings.json").body))
    }
    #expect(try await settings().graphqlPort == 18_888)
    #expect(try await settings().reports == false)
    try write("x", to: "reports/a.txt")
    #expect(try await settings().reports)
  }

  @Test
  func whetherThereAreReportsIsRememberedForAWhile() async throws {
    let path = folder.appending(path: "reports").path
    let (forgetful, remembering) = (
      Reports(folders: [path], rememberedFor: .zero), Reports(folders: [path], rememberedFor: .seconds(3600))
    )
    for reports in [forgetful, remembering] { #expect(await reports.hasAny() == false) }
    try write("x", to: "reports/a.txt")
    #expect(await forgetful.hasAny())
    #expect(await remembering.hasAny() == false, "the folder is read again")
    #expect(await remembering.file("a.txt") != nil, "a report itself is never late")
    #expect(await Reports(folders: [path], rememberedFor: .seconds(3600)).hasAny())
  }

  @Test(arguments: [
    ("bank.example:8181", "bank.example"), ("127.0.0.1:8181", "127.0.0.1"), ("localhost", "localhost"),
    ("a-b_c.D9:1", "a-b_c.D9"),
  ])
  func thePolicyAllowsTheEndpointOnTheSameHostAlone(host: String, name: String) async throws {
    let policy = try #require(await reply("GET", "/", host: host).headers["content-security-policy"])
    #expect(policy.contains("connect-src 'self' ws://\(name):18888 http://\(name):18888; "))
    for part in [
      "default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'", "base-uri 'none'",
    ] {
      #expect(policy.contains(part))
    }
    #expect(!policy.contains("unsafe"))
  }

  @Test(arguments: [
    nil, "", ":8181", "[::1]:8181", "a b", "x; script-src *", "x'", "a,b", "ü.example", "\r\nx: y",
    String(repeating: "a", count: 254),
  ])
  func aHostThatIsNoneIsNotWrittenIntoThePolicy(host: String?) async throws {
    let policy = try #require(await reply("GET", "/", host: host).headers["content-security-policy"])
    #expect(policy.contains("connect-src 'self'; "))
  }

  @Test
  func reportsAreListedAndServedWithoutScripts() async throws {
    try write("<p>1</p>", to: "reports/run/load.html")
    try write("a,b", to: "reports/a & <b>.csv")
    try write("secret", to: "reports/.hidden.txt")
    try write("secret", to: "reports/program.sh")
    let list = await reply("GET", "/reports/")
    let text = String(decoding: list.body, as: UTF8.self)
    #expect(list.status == 200)
    #expect(text.contains("<a href=\"/reports/run/load.html\">run/load.html</a>"))
    #expect(text.contains("<a href=\"/reports/a%20%26%20%3Cb%3E.csv\">a &amp; &lt;b&gt;.csv</a>"))
    #expect(!text.contains("hidden") && !text.contains("program"))
    let report = await reply("GET", "/reports/run/load.html")
    #expect(String(decoding: report.body, as: UTF8.self) == "<p>1</p>")
    let policy = try #require(report.headers["content-security-policy"])
    #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("script-src"))
    #expect(await reply("GET", "/reports/a%20%26%20%3Cb%3E.csv").headers["content-type"] == "text/csv; charset=utf-8")
    #expect(await reply("GET", "/reports").headers["location"] == "/reports/")
    try write("<h1>own</h1>", to: "reports/index.html")
    #expect(String(decoding: await reply("GET", "/reports/").body, as: UTF8.self) == "<h1>own</h1>")
  }

  @Test(arguments: [
    "../run.txt", "%2e%2e/run.txt", "..%2frun.txt", "a/../../run.txt", "/run.txt", "link.txt", "folder/run.txt",
    ".hidden.txt", "a%00.txt", "%2Fetc%2Fhostname.txt", "sub", "sub.txt", "program.sh", "a%0a.txt", "%ff.txt", "..",
    "%5c..%5crun.txt", "sub.txt/",
  ])
  func reportsDoNotLeadOutOfTheirFolder(path: String) async throws {
    try write("secret", to: "run.txt")
    try write("secret", to: "reports/.hidden.txt")
    try write("secret", to: "reports/program.sh")
    try write("x", to: "reports/sub.txt/inner.txt")
    let reports = folder.appending(path: "reports")
    try FileManager.default.createSymbolicLink(
      at: reports.appending(path: "link.txt"), withDestinationURL: folder.appending(path: "run.txt"))
    try FileManager.default.createSymbolicLink(at: reports.appending(path: "folder"), withDestinationURL: folder)
    #expect(await reply("GET", "/reports/\(path)").status == 404)
    #expect(await reply("GET", "/reports/sub.txt/inner.txt").status == 200, "what is there is served")
  }

  @Test
  func aReportThatIsTooLargeIsNotServed() async throws {
    try write("x", to: "reports/large.txt")
    let handle = try FileHandle(forWritingTo: folder.appending(path: "reports/large.txt"))
    try handle.truncate(atOffset: UInt64(Reports.fileLimitBytes))
    #expect(await reply("GET", "/reports/large.txt").status == 200)
    try handle.truncate(atOffset: UInt64(Reports.fileLimitBytes) + 1)
    try handle.close()
    #expect(await reply("GET", "/reports/large.txt").status == 404)
  }

  @Test
  func aFolderWithoutThePageIsAnError() throws {
    #expect(throws: SupportError.self) { try PageFiles(folder: folder.appending(path: "nowhere").path) }
    #expect(throws: SupportError.self) { try PageFiles(folder: folder.path) }
  }
}
