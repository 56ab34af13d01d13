import AvroSchema

// Logical types as people read them (specification 1.12, "Logical Types").

extension JSONText {
  /// Writes the next value of `reader`, whose type is `kind` with `logicalType`. False, and nothing is written or read,
  /// when the ordinary form of the type serves: for a uuid in a string, and a value outside what the type stands for.
  mutating func appendPlain(
    _ logicalType: LogicalType, _ kind: SchemaNodes.Kind, _ reader: inout AvroReader
  ) throws(AvroError) -> Bool {
    switch kind {
    case .int:
      let value = Int64(try reader.readInt())
      appendTime(value, logicalType)
    case .long:
      let value = try reader.readLong()
      appendTime(value, logicalType)
    case .bytes: appendBytes(try reader.takeCounted(), logicalType)
    case .fixed(let fixed):
      appendBytes(UnsafeRawBufferPointer(start: try reader.take(fixed.size), count: fixed.size), logicalType)
    default: return false
    }
    return true
  }

  private mutating func appendInQuotes(_ text: String) {
    append(UInt8(ascii: "\""))
    bytes.append(contentsOf: text.utf8)
    append(UInt8(ascii: "\""))
  }

  private mutating func appendTime(_ value: Int64, _ logicalType: LogicalType) {
    let text: String? =
      switch logicalType {
      case .date: ISOTime.date(value)
      case .timeMillis: ISOTime.timeOfDay(value, digits: 3)
      case .timeMicros: ISOTime.timeOfDay(value, digits: 6)
      case .timestampMillis: ISOTime.timestamp(value, digits: 3) + "Z"
      case .timestampMicros: ISOTime.timestamp(value, digits: 6) + "Z"
      case .timestampNanos: ISOTime.timestamp(value, digits: 9) + "Z"
      case .localTimestampMillis: ISOTime.timestamp(value, digits: 3)
      case .localTimestampMicros: ISOTime.timestamp(value, digits: 6)
      case .localTimestampNanos: ISOTime.timestamp(value, digits: 9)
      default: nil
      }
    if let text { appendInQuotes(text) } else { append(value) }
  }

  private mutating func appendBytes(_ value: UnsafeRawBufferPointer, _ logicalType: LogicalType) {
    switch logicalType {
    case .decimal(_, let scale) where !value.isEmpty: appendInQuotes(DecimalText.text(value, scale: Int64(scale)))
    case .bigDecimal:
      if let text = DecimalText.bigDecimal(value) { appendInQuotes(text) } else { appendHexInQuotes(value) }
    case .uuid where value.count == 16:
      append(UInt8(ascii: "\""))
      for (index, byte) in value.enumerated() {
        if index == 4 || index == 6 || index == 8 || index == 10 { append(UInt8(ascii: "-")) }
        appendHex([byte])
      }
      append(UInt8(ascii: "\""))
    case .duration where value.count == 12:
      append("{\"months\":")
      append(UInt32(littleEndian: value.loadUnaligned(as: UInt32.self)))
      append(",\"days\":")
      append(UInt32(littleEndian: value.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
      append(",\"millis\":")
      append(UInt32(littleEndian: value.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      append("}")
    default: appendHexInQuotes(value)
    }
  }

  private mutating func appendHexInQuotes(_ value: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    appendHex(value)
    append(UInt8(ascii: "\""))
  }
}

/// ISO 8601 in the extended form; years that do not have four digits have a sign.
enum ISOTime {
  /// - Parameter days: since 1970-01-01.
  static func date(_ days: Int64) -> String {
    // Years begin in March, so that the leap day is the last; 400 years have 146,097 days, and 0000-03-01 is 719,468
    // days before 1970.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let sign = year < 0 ? "-" : year > 9999 ? "+" : ""
    return "\(sign)\(padded(Int64(year.magnitude), 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  /// - Parameter value: since midnight, in units of which 10^`digits` are a second; nil when that is no time of a day.
  static func timeOfDay(_ value: Int64, digits: Int) -> String? {
    let unitsPerSecond = power(digits)
    guard value >= 0, value < 86_400 * unitsPerSecond else { return nil }
    let seconds = value / unitsPerSecond
    return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
      + ".\(padded(value % unitsPerSecond, digits))"
  }

  /// - Parameter value: since 1970-01-01T00:00:00, in units of which 10^`digits` are a second.
  static func timestamp(_ value: Int64, digits: Int) -> String {
    let unitsPerDay = 86_400 * power(digits)
    var (days, rest) = value.quotientAndRemainder(dividingBy: unitsPerDay)
    if rest < 0 {
      days -= 1
      rest += unitsPerDay
    }
    return "\(date(days))T\(timeOfDay(rest, digits: digits) ?? "")"
  }

  private static func power(_ digits: Int) -> Int64 { (0..<digits).reduce(1) { result, _ in result * 10 } }

  private static func padded(_ value: Int64, _ digits: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
  }
}

/// Decimals of any size.
enum DecimalText {
  /// Past this many bytes, or this scale, a decimal is written as `0x<digits>e<exponent>`: turning it into decimal
  /// digits takes time in the square of its size.
  static let maxBytes = 512
  static let maxScale: Int64 = 1000

  /// - Parameter unscaled: two's complement, big-endian, not empty.
  static func text(_ unscaled: UnsafeRawBufferPointer, scale: Int64) -> String {
    guard unscaled.count <= maxBytes, -maxScale...maxScale ~= scale else {
      var hex = JSONText()
      hex.append("0x")
      hex.appendHex(unscaled)
      return String(decoding: hex.bytes, as: UTF8.self) + "e\(-scale)"
    }
    let isNegative = unscaled[0] >= 0x80
    var digits = magnitude(unscaled, isNegative: isNegative)
    if scale > 0 {
      digits = String(repeating: "0", count: max(Int(scale) + 1 - digits.utf8.count, 0)) + digits
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -Int(scale)))
    } else if digits != "0" {
      digits += String(repeating: "0", count: Int(-scale))
    }
    return isNegative ? "-" + digits : digits
  }

  /// Avro bytes with the unscaled number, then an int with the scale; nil when `value` is not that.
  static func bigDecimal(_ value: UnsafeRawBufferPointer) -> String? {
    var reader = AvroReader(value)
    guard let unscaled = try? reader.takeCounted(), let scale = try? reader.readInt(), reader.isAtEnd,
      !unscaled.isEmpty
    else { return nil }
    return text(unscaled, scale: Int64(scale))
  }

  private static func magnitude(_ unscaled: UnsafeRawBufferPointer, isNegative: Bool) -> String {
    // Limbs of nine decimal digits, least first; each byte multiplies by 256 and adds.
    var limbs: [UInt64] = [0]
    for byte in unscaled {
      var carry = UInt64(isNegative ? ~byte : byte)
      for index in limbs.indices {
        let sum = limbs[index] * 256 + carry
        limbs[index] = sum % 1_000_000_000
        carry = sum / 1_000_000_000
      }
      if carry > 0 { limbs.append(carry) }
    }
    if isNegative { addOne(&limbs) }
    let rest = limbs.dropLast().reversed().map { limb in
      let text = String(limb)
      return String(repeating: "0", count: 9 - text.utf8.count) + text
    }
    return String(limbs[limbs.count - 1]) + rest.joined()
  }

  /// -n is what is left of its complement plus one.
  private static func addOne(_ limbs: inout [UInt64]) {
    for index in limbs.indices {
      limbs[index] += 1
      if limbs[index] < 1_000_000_000 { return }
      limbs[index] = 0
    }
    limbs.append(1)
  }
}
