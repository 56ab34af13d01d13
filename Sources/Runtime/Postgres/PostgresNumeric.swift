/// A `numeric`: an exact decimal number of any length, or NaN or an infinity.
///
/// Kept as Postgres sends it, in groups of four decimal digits; `description` is the number in decimal notation.
public struct PostgresNumeric: Hashable, Sendable {
  /// Postgres' own limit of digits before the point.
  static let maxIntegerDigits = 131_072
  /// Postgres' own limit of digits after the point.
  static let maxScale = 16_383

  enum Sign: UInt16, Sendable {
    case plus = 0x0000
    case minus = 0x4000
    case nan = 0xC000
    case plusInfinity = 0xD000
    case minusInfinity = 0xF000
  }

  /// Without zero groups at both ends.
  private(set) var groups: [UInt16]
  /// The first group counts 10000 to the power of this.
  private(set) var weight: Int
  private(set) var sign: Sign
  /// Digits after the point that are shown.
  public private(set) var scale: Int

  public static let nan = PostgresNumeric(groups: [], weight: 0, sign: .nan, scale: 0)
  public static let infinity = PostgresNumeric(groups: [], weight: 0, sign: .plusInfinity, scale: 0)
  public static let negativeInfinity = PostgresNumeric(groups: [], weight: 0, sign: .minusInfinity, scale: 0)

  init(groups: [UInt16], weight: Int, sign: Sign, scale: Int) {
    let leading = groups.prefix { $0 == 0 }.count
    var kept = groups.dropFirst(leading)
    while kept.last == 0 { kept.removeLast() }
    self.groups = Array(kept)
    self.weight = kept.isEmpty ? 0 : weight - leading
    self.sign = kept.isEmpty && sign == .minus ? .plus : sign
    self.scale = scale
  }

  public init(_ value: Int64) {
    var rest = value.magnitude
    var groups: [UInt16] = []
    while rest > 0 {
      groups.append(UInt16(rest % 10_000))
      rest /= 10_000
    }
    self.init(groups: groups.reversed(), weight: groups.count - 1, sign: value < 0 ? .minus : .plus, scale: 0)
  }

  /// The number as an integer, or nil when it has a fraction, does not fit, or is no number.
  public var int64: Int64? {
    guard sign == .plus || sign == .minus, groups.isEmpty || groups.count <= weight + 1 else { return nil }
    var result: Int64 = 0
    for index in 0..<(groups.isEmpty ? 0 : weight + 1) {
      let group = index < groups.count ? Int64(groups[index]) : 0
      let (shifted, first) = result.multipliedReportingOverflow(by: 10_000)
      let (added, second) = shifted.addingReportingOverflow(sign == .minus ? -group : group)
      if first || second { return nil }
      result = added
    }
    return result
  }
}

extension PostgresNumeric: LosslessStringConvertible {
  /// Digits with an optional sign and point, `NaN`, `Infinity` or `-Infinity`; no exponent.
  public init?(_ text: String) {
    switch text {
    case "NaN": self = .nan
    case "Infinity": self = .infinity
    case "-Infinity": self = .negativeInfinity
    default: self.init(digits: text)
    }
  }

  private init?(digits text: String) {
    let unsigned = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    let parts = unsigned.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let before = Array(parts[0].utf8)
    let after = parts.count > 1 ? Array(parts[1].utf8) : []
    guard !(before.isEmpty && after.isEmpty), before.count <= Self.maxIntegerDigits, after.count <= Self.maxScale,
      (before + after).allSatisfy({ $0 >= 48 && $0 <= 57 })
    else { return nil }
    let zero: UInt8 = 48
    let left = [UInt8](repeating: zero, count: (4 - before.count % 4) % 4) + before
    let right = after + [UInt8](repeating: zero, count: (4 - after.count % 4) % 4)
    let digits = left + right
    var groups: [UInt16] = []
    for start in stride(from: 0, to: digits.count, by: 4) {
      groups.append(digits[start..<start + 4].reduce(0) { $0 * 10 + UInt16($1 - zero) })
    }
    self.init(
      groups: groups, weight: left.count / 4 - 1, sign: text.hasPrefix("-") ? .minus : .plus, scale: after.count)
  }

  public var description: String {
    switch sign {
    case .nan: return "NaN"
    case .plusInfinity: return "Infinity"
    case .minusInfinity: return "-Infinity"
    case .plus, .minus: break
    }
    var text = ""
    for position in stride(from: max(weight, 0), through: 0, by: -1) {
      text += text.isEmpty ? String(group(at: position)) : fourDigits(group(at: position))
    }
    if scale > 0 {
      var fraction = ""
      for position in 1...((scale + 3) / 4) { fraction += fourDigits(group(at: -position)) }
      text += "." + fraction.prefix(scale)
    }
    return (sign == .minus ? "-" : "") + text
  }

  /// The group that counts 10000 to the power of `position`.
  private func group(at position: Int) -> UInt16 {
    let index = weight - position
    return groups.indices.contains(index) ? groups[index] : 0
  }

  private func fourDigits(_ group: UInt16) -> String {
    let text = String(group)
    return String(repeating: "0", count: 4 - text.count) + text
  }
}

extension PostgresNumeric: PostgresScalar {
  public static var postgresOID: UInt32 { PostgresOID.numeric }
  public static var postgresArrayOID: UInt32 { 1231 }

  public func encode(to writer: inout PostgresWriter) {
    writer.write(Int16(truncatingIfNeeded: groups.count))
    writer.write(Int16(truncatingIfNeeded: weight))
    writer.write(sign.rawValue)
    writer.write(UInt16(truncatingIfNeeded: scale))
    for group in groups { writer.write(group) }
  }

  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresNumeric {
    guard cell.oid == PostgresOID.numeric, cell.bytes.count >= 8 else { throw cell.mismatch(PostgresNumeric.self) }
    func word(_ index: Int) -> UInt16 {
      UInt16(bigEndian: cell.bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
    let count = Int(word(0))
    guard cell.bytes.count == 8 + count * 2, let sign = Sign(rawValue: word(2)) else {
      throw cell.mismatch(PostgresNumeric.self)
    }
    switch sign {
    case .nan: return .nan
    case .plusInfinity: return .infinity
    case .minusInfinity: return .negativeInfinity
    case .plus, .minus: break
    }
    var groups: [UInt16] = []
    groups.reserveCapacity(count)
    for index in 0..<count { groups.append(word(4 + index)) }
    return PostgresNumeric(
      groups: groups, weight: Int(Int16(bitPattern: word(1))), sign: sign, scale: Int(word(3) & 0x3FFF))
  }
}
