/// Reads the Avro bytes of the bank's records field by field: written apart from the runtime on purpose, so that the
/// auditor below does not trust the codec that it checks.
struct PlainAvro {
  struct Malformed: Error {}

  private var rest: ArraySlice<UInt8>

  /// - Parameter value: in the registry's wire format: a zero byte, four bytes of schema id, the Avro bytes.
  init(_ value: [UInt8]?) throws(Malformed) {
    guard let value, value.count > 5, value[0] == 0 else { throw Malformed() }
    rest = value[5...]
  }

  mutating func long() throws(Malformed) -> Int64 {
    var bits: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { throw Malformed() }
      bits |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return Int64(bitPattern: (bits >> 1) ^ (0 &- (bits & 1))) }
    }
    throw Malformed()
  }

  mutating func string() throws(Malformed) -> String {
    let count = try long()
    guard count >= 0, count <= rest.count else { throw Malformed() }
    defer { rest = rest.dropFirst(Int(count)) }
    guard let text = String(validating: rest.prefix(Int(count)), as: UTF8.self) else { throw Malformed() }
    return text
  }

  /// A fixed of 16 bytes, as UUIDs are written: 8-4-4-4-12 in lower case.
  mutating func id() throws(Malformed) -> String {
    guard rest.count >= 16 else { throw Malformed() }
    let digits = rest.prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    rest = rest.dropFirst(16)
    let groups = [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
    return groups.map { $0.joined() }.joined(separator: "-")
  }

  /// Throws when something is left.
  func end() throws(Malformed) {
    if !rest.isEmpty { throw Malformed() }
  }
}
