import FoundationEssentials
import Hummingbird

/// A request taken apart: the path's segments and the query, percent-decoded.
struct RegistryRequest {
  var method: HTTPRequest.Method
  var segments: [String]
  private var query: [(name: String, value: String)] = []

  init(_ request: Request) throws(RegistryFailure) {
    method = request.method
    var parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    if parts.last == "" { parts.removeLast() }
    var decoded: [String] = []
    for part in parts {
      guard let segment = Self.percentDecoded(part) else {
        throw RegistryFailure(
          status: 400, "The path has a % that two hexadecimal digits do not follow, or is not UTF-8.")
      }
      decoded.append(segment)
    }
    segments = decoded
    for (name, value) in request.uri.queryParameters { query.append((String(name), String(value))) }
    try applyContext()
  }

  /// `/contexts/{context}/…` is the rest of the path with every subject in it taken from that context.
  private mutating func applyContext() throws(RegistryFailure) {
    guard segments.count > 2, segments[0] == "contexts" else { return }
    let context = try Self.contextName(segments[1])
    segments.removeFirst(2)
    func qualified(_ name: String) -> String { QualifiedSubject(context: context, name: name).text }
    switch segments[0] {
    case "subjects" where segments.count > 1: segments[1] = qualified(segments[1])
    case "compatibility" where segments.count > 2: segments[2] = qualified(segments[2])
    case "config", "mode":
      let key = segments.count > 1 ? qualified(segments[1]) : QualifiedSubject(context: context, name: "").contextKey
      segments = [segments[0]] + (key.map { [$0] } ?? []) + segments.dropFirst(2)
    case "subjects", "schemas":
      let name = segments.count > 1 ? "subject" : "subjectPrefix"
      let value = self[name] ?? ""
      query.removeAll { $0.name == name }
      query.append((name, QualifiedSubject(context: context, name: "").contextKey.map { $0 + value } ?? value))
    default: break
    }
  }

  /// Begins with a dot, whether it is sent so or not.
  static func contextName(_ text: String) throws(RegistryFailure) -> String {
    guard !text.isEmpty, !text.contains(":") else {
      throw RegistryFailure(status: 404, "'\(text)' can't be the name of a context.")
    }
    return text.hasPrefix(".") ? text : ".\(text)"
  }

  // MARK: Query

  /// The last of that name.
  subscript(_ name: String) -> String? { query.last { $0.name == name }?.value }

  func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

  /// False unless it says true, in whatever case.
  func flag(_ name: String) -> Bool { self[name]?.lowercased() == "true" }

  var visibility: Visibility { Visibility(deleted: flag("deleted"), deletedOnly: flag("deletedOnly")) }

  /// The part of a list that `offset` and `limit` ask for; a limit below 1 is none.
  func page<Item>(_ items: [Item]) throws(RegistryFailure) -> [Item] {
    let offset = try number("offset") ?? 0
    let limit = try number("limit") ?? -1
    let rest = items.dropFirst(max(0, offset))
    return Array(limit < 1 ? rest : rest.prefix(limit))
  }

  private func number(_ name: String) throws(RegistryFailure) -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int32(text) else {
      throw RegistryFailure(status: 400, "\(name) is a number of 32 bits, not '\(text)'.")
    }
    return Int(number)
  }

  // MARK: Path

  /// Nil when a `%` has no two digits or the bytes are not UTF-8.
  static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ isHexadecimal($0) }),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
