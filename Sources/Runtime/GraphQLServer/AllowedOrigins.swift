import HTTPTypes

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
