import Foundation
import HTTPTypes
import Hummingbird

/// What `/graphiql` is. No page of it asks any other host.
public enum GraphiQLPage: Hashable, Sendable {
  /// 404.
  case off
  /// GraphiQL when its files are in the folder, otherwise a plain page that needs none.
  ///
  /// - Parameter assets: a folder with `graphiql*.min.js`, `graphiql*.min.css`, `react.*.min.js` and
  ///   `react-dom.*.min.js`, such as the folder `static` of PyPI's datasette-graphql. It is read when the routes are
  ///   added; nil and a folder without them give the plain page.
  case on(assets: String?)

  func mount<Context: RequestContext>(on router: Router<Context>) {
    guard case .on(let folder) = self else { return }
    let assets = folder.flatMap(GraphiQLAssets.init(folder:))
    let html = assets == nil ? PackageResources.plain_html : PackageResources.graphiql_html
    router.get("/graphiql") { request, _ in
      var response = Self.file(html, type: "text/html")
      response.headers[.contentSecurityPolicy] = Self.policy(host: request.head.authority)
      return response
    }
    var files: [(name: String, type: String, bytes: [UInt8])] = [
      ("page.css", "text/css", PackageResources.page_css), ("client.js", "text/javascript", PackageResources.client_js),
    ]
    if let assets {
      files += assets.files + [("graphiql-page.js", "text/javascript", PackageResources.graphiql_page_js)]
    } else {
      files.append(("plain.js", "text/javascript", PackageResources.plain_js))
    }
    for (name, type, bytes) in files {
      router.get(RouterPath("/graphiql/\(name)")) { _, _ in Self.file(bytes, type: type) }
    }
  }

  private static func file(_ bytes: [UInt8], type: String) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "\(type); charset=utf-8", .cacheControl: "no-cache", .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  /// Scripts only of our own and nothing to anybody else. GraphiQL's editor sets styles in elements; a WebSocket is
  /// not covered by 'self' in every browser.
  static func policy(host: String?) -> String {
    let isPlain = host?.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"): true
      case UInt8(ascii: "["), UInt8(ascii: "]"): true
      default: false
      }
    }
    let sockets = host.flatMap { isPlain == true ? " ws://\($0) wss://\($0)" : nil } ?? ""
    return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
      + "font-src 'self' data:; connect-src 'self'\(sockets); base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'"
  }
}

/// GraphiQL's own files.
private struct GraphiQLAssets {
  let files: [(name: String, type: String, bytes: [UInt8])]

  /// Nil when one of them is missing.
  init?(folder: String) {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    var files: [(name: String, type: String, bytes: [UInt8])] = []
    for (prefix, suffix, name, type) in [
      ("react.", ".min.js", "react.js", "text/javascript"),
      ("react-dom.", ".min.js", "react-dom.js", "text/javascript"),
      ("graphiql", ".min.js", "graphiql.js", "text/javascript"),
      ("graphiql", ".min.css", "graphiql.css", "text/css"),
    ] {
      guard let found = names.last(where: { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }),
        let data = FileManager.default.contents(atPath: "\(folder)/\(found)"), !data.isEmpty
      else { return nil }
      files.append((name, type, Array(data)))
    }
    self.files = files
  }
}

extension HTTPField.Name {
  fileprivate static var referrerPolicy: Self {
    guard let name = Self("Referrer-Policy") else { preconditionFailure("a token by RFC 9110") }
    return name
  }
}
