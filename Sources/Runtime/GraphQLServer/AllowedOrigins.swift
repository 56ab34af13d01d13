import HTTPTypes
import NIOCore

/// Whose pages may ask (RFC 6454): for the CORS headers and for opening a WebSocket, which CORS does not guard.
///
/// A request without `Origin` does not come from a page and is let through, and so is a page of this server itself.
public enum AllowedOrigins: Hashable, Sendable {
  /// `*`
  case any
  /// Each as `scheme://host` or `scheme://host:port`, compared without regard to case.
  case only([String])

  /// From a setting: a list with commas, in which `*` stands for all; empty for none but the server's own pages.
  public init(_ setting: String) {
    let origins = setting.split(separator: ",").map { $0.trimmingSpaces }.filter { !$0.isEmpty }
    self = origins.contains("*") ? .any : .only(origins)
  }

  /// - Parameters:
  ///   - origin: the header `Origin`.
  ///   - host: the header `Host`.
  func allows(_ origin: String?, host: String?) -> Bool {
    guard let origin else { return true }
    switch self {
    case .any: return true
    case .only(let origins):
      let wanted = origin.lowercased()
      return origins.contains { $0.lowercased() == wanted } || isOwn(wanted, host: host)
    }
  }

  /// Whether a request may name this host: an IP address, localhost, or that of an allowed origin.
  ///
  /// Any other name may be one that its owner has pointed at this server (DNS rebinding), and to the browser that
  /// owner's page is then one of this server. A client that is no browser may leave the name out.
  ///
  /// - Parameter host: the header `Host`, with or without a port.
  func allowsHost(_ host: String?) -> Bool {
    guard case .only(let origins) = self, let host else { return true }
    let name = Self.hostName(host[...])
    if name == "localhost" || (try? SocketAddress(ipAddress: name, port: 0)) != nil { return true }
    return origins.contains { origin in
      guard let scheme = origin.range(of: "://") else { return false }
      return Self.hostName(origin[scheme.upperBound...]) == name
    }
  }

  /// Without the port, and without the brackets around an IPv6 address; in lower case.
  private static func hostName(_ authority: Substring) -> String {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return authority[..<end].dropFirst().lowercased()
    }
    return authority.prefix { $0 != ":" }.lowercased()
  }

  /// Whether a page may make a browser send this GET.
  ///
  /// An image or a link of a foreign page comes without `Origin`; browsers then tell by `Sec-Fetch-Site` (Fetch
  /// Metadata) where it comes from. A client that is no browser sends neither.
  func allowsGet(_ headers: HTTPFields, host: String?) -> Bool {
    if self == .any { return true }
    if let origin = headers[.origin] { return allows(origin, host: host) }
    guard let site = headers[.secFetchSite]?.lowercased() else { return true }
    return site == "same-origin" || site == "none"
  }

  private func isOwn(_ origin: String, host: String?) -> Bool {
    guard let host else { return false }
    return origin == "http://\(host.lowercased())" || origin == "https://\(host.lowercased())"
  }
}

extension HTTPField.Name {
  fileprivate static var secFetchSite: Self {
    guard let name = Self("Sec-Fetch-Site") else { preconditionFailure("a token by RFC 9110") }
    return name
  }
}

extension StringProtocol {
  /// Without spaces and tabs at both ends: what HTTP calls optional white space.
  var trimmingSpaces: String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return ""
    }
    return String(self[first...last])
  }
}
