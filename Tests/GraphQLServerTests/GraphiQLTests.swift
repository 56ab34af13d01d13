import Foundation
import GraphQLServer
import Testing

@Suite("GraphiQL")
struct GraphiQLTests {
  private static let scripts = ["react.production.1.min.js", "react-dom.production.1.min.js", "graphiql.1.min.js"]

  /// A folder as PyPI's datasette-graphql has it, with texts in place of programs.
  private func withAssets(
    _ names: [String] = scripts + ["graphiql.1.min.css"], _ body: (String) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graphiql-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in names { try Data("of \(name)".utf8).write(to: folder.appendingPathComponent(name)) }
    try await body(folder.path)
  }

  /// What a page refers to.
  private func references(_ html: String) -> [String] {
    html.matches(of: /(?:src|href)="([^"]+)"/).map { String($0.output.1) }.filter { $0 != "data:," }
  }

  private func checkPage(_ port: Int, mentions name: String) async throws {
    let page = try await RawHTTP.ask(port, "GET", "/graphiql")
    #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
    let policy = page.headers["content-security-policy"] ?? ""
    #expect(policy.hasPrefix("default-src 'none'; script-src 'self';") && !policy.contains("unsafe-eval"))
    #expect(policy.contains("ws://127.0.0.1:\(port)"))
    let references = references(page.body)
    #expect(references.contains { $0.contains(name) })
    for reference in references {
      #expect(reference.hasPrefix("/graphiql/"), "nothing of another host")
      let file = try await RawHTTP.ask(port, "GET", reference)
      #expect(file.status == 200 && !file.body.isEmpty, "\(reference)")
      #expect(
        file.headers["content-type"]?.hasPrefix(reference.hasSuffix(".css") ? "text/css" : "text/javascript") == true)
    }
  }

  @Test("With its files it is GraphiQL, all of it from here")
  func assets() async throws {
    try await withAssets { folder in
      try await TestServer.with(graphiQL: .on(assets: folder)) { port in
        try await checkPage(port, mentions: "react-dom.js")
        let script = try await RawHTTP.ask(port, "GET", "/graphiql/react.js")
        #expect(script.body == "of react.production.1.min.js")
      }
    }
  }

  @Test("Without a folder, or with one that lacks a file, it is a plain page")
  func plain() async throws {
    try await withAssets(Self.scripts) { folder in
      for folder in [nil, "/nosuch", folder] {
        try await TestServer.with(graphiQL: .on(assets: folder)) { port in
          try await checkPage(port, mentions: "plain.js")
          let script = try await RawHTTP.ask(port, "GET", "/graphiql/react.js")
          #expect(script.status == 404)
        }
      }
    }
  }

  @Test("It can be turned off")
  func off() async throws {
    try await TestServer.with { port in
      let page = try await RawHTTP.ask(port, "GET", "/graphiql")
      #expect(page.status == 404)
    }
  }
}
