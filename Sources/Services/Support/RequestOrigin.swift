import Foundation
import Hummingbird

/// Whether a request for a service's own routes may come from where it comes from. They take what a form of any page can
/// send, so without this any page that a person visits could work them through that person's browser.
enum RequestOrigin {
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
    let name = host.prefix { $0 != ":" }.lowercased()
    var address = in_addr()
    return name == "localhost" || inet_pton(AF_INET, name, &address) == 1
  }
}
