import Crypto

/// A file as it is served.
public struct PageFile: Sendable, Hashable {
  public let bytes: [UInt8]
  /// `Content-Type`, by the name's ending.
  public let contentType: String
  /// `ETag` (RFC 9110, section 8.8.3), quotes included: the same for the same bytes, whoever serves them.
  public let entityTag: String

  init(_ bytes: [UInt8], contentType: String) {
    self.bytes = bytes
    self.contentType = contentType
    let hash = SHA256.hash(data: bytes).prefix(16)
    entityTag = "\"" + hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined() + "\""
  }

  /// Of a file of that name; nil for endings that are not served.
  static func contentType(ofName name: String) -> String? {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return contentTypes[name[name.index(after: dot)...].lowercased()]
  }

  private static let contentTypes = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml", "png": "image/png", "json": "application/json", "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8", "md": "text/plain; charset=utf-8",
  ]
}
