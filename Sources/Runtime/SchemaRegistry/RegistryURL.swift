import Foundation

/// One registry's address, taken apart: credentials go into a header and never into messages.
struct RegistryURL: Sendable, CustomStringConvertible {
  /// Scheme, host, port and path, without credentials and without a slash at the end.
  let base: String
  /// The value of the `Authorization` header.
  let authorization: String?

  var description: String { base }

  /// - Parameter text: `http://` or `https://`, with `user:password@` when the registry asks for it.
  init(_ text: String) throws(RegistryError) {
    guard var parts = URLComponents(string: text) else { throw .invalidURL(reason: "it can't be parsed") }
    guard let scheme = parts.scheme?.lowercased(), scheme == "http" || scheme == "https" else {
      throw .invalidURL(reason: "it does not begin with http:// or https://")
    }
    guard let host = parts.host, !host.isEmpty else { throw .invalidURL(reason: "it names no host") }
    guard parts.query == nil, parts.fragment == nil else {
      throw .invalidURL(reason: "it has a query or a fragment")
    }
    if let user = parts.user {
      let credentials = "\(user):\(parts.password ?? "")"
      authorization = "Basic " + Data(credentials.utf8).base64EncodedString()
    } else {
      authorization = nil
    }
    parts.user = nil
    parts.password = nil
    while parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath.removeLast() }
    guard let base = parts.string else { throw .invalidURL(reason: "it can't be parsed") }
    self.base = base
  }

  /// Comma-separated, spaces around the commas allowed.
  static func list(_ text: String) throws(RegistryError) -> [RegistryURL] {
    var urls: [RegistryURL] = []
    for part in text.split(separator: ",") {
      urls.append(try RegistryURL(part.trimmingCharacters(in: .whitespaces)))
    }
    guard !urls.isEmpty else { throw .invalidURL(reason: "it is empty") }
    return urls
  }

  /// Everything but RFC 3986's unreserved characters is encoded: a subject may hold slashes.
  static func encoded(_ segment: String) -> String {
    segment.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
  }

  private static let unreserved = CharacterSet(
    charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
}
