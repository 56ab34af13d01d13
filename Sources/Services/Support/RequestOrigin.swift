import Foundation
import Hummingbird

/// Whether a request for a service's own routes may come from where it comes from. They take what a form of any page can
/// send, so without this any page that a person visits could work them through that person's browser.
package enum RequestOrigin {
  /// For a server whose pages other names may be allowed for.
  ///
  /// - Parameters:
  ///   - host: the header `Host`; nil is let through, since browsers always send it.
  ///   - allowedOrigins: each as `scheme://host` or `scheme://host:port`, whose host may be asked for too; `*` allows all.
  /// - Returns: nil when the request may go on, else 421.
  package static func refusal(ofHost host: String?, allowedOrigins: [String]) -> HTTPReply? {
    guard let host, !allowedOrigins.contains("*"), !isAddress(host) else { return nil }
    let name = hostName(host[...])
    let isAllowed = allowedOrigins.contains { origin in
      origin.range(of: "://").map { hostName(origin[$0.upperBound...]) == name } ?? false
    }
    return isAllowed ? nil : reply(421, "ask by an IP address, by localhost, or by the host of an allowed origin")
  }

  /// - Parameters:
  ///   - host: the header `Host`; nil is let through, since browsers always send it.
  ///   - isChange: the request is for more than reading, which a browser may do for a foreign page: it shows no answer.
  /// - Returns: nil when the request may go on.
  static func refusal(of headers: HTTPFields, host: String?, isChange: Bool) -> HTTPReply? {
    guard let host else { return nil }
    // Any other name may be one that its owner has pointed here (DNS rebinding), whose page would count as ours.
    guard isAddress(host) else {
      return reply(421, "ask by an IP address or by localhost: nobody else can point those names here")
    }
    guard isChange else { return nil }
    if let origin = headers[.origin]?.lowercased() {
      return origin == "http://\(host.lowercased())" ? nil : reply(403, foreign)
    }
    let site = headers.first { $0.name.canonicalName == "sec-fetch-site" }?.value.lowercased()
    return [nil, "same-origin", "none"].contains(site) ? nil : reply(403, foreign)
  }

  private static let foreign = "a page of another origin may not change anything here"

  private static func reply(_ status: Int, _ message: String) -> HTTPReply {
    HTTPReply(status: status, body: "{\"error\":\"\(message)\"}")
  }

  /// An IP address or localhost, with or without a port.
  private static func isAddress(_ host: String) -> Bool {
    if host.hasPrefix("[") {
      var address = in6_addr()
      return inet_pton(AF_INET6, String(host.dropFirst().prefix { $0 != "]" }), &address) == 1
    }
    let name = hostName(host[...])
    var address = in_addr()
    return name == "localhost" || inet_pton(AF_INET, name, &address) == 1
  }

  /// Without the port, in lower case.
  private static func hostName(_ authority: Substring) -> String { authority.prefix { $0 != ":" }.lowercased() }
}
