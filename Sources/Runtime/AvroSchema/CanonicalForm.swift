import JSONText

extension Schema {
  /// Parsing Canonical Form (specification 1.12, "Transforming into Parsing Canonical Form"): two schemas with the same
  /// form read and write the same bytes under the same names.
  ///
  /// - Parameter types: where references are looked up that this schema does not define; each is written out where it
  ///   is met first.
  public func canonicalForm(types: NamedTypes = NamedTypes()) -> String {
    var writer = CanonicalWriter(types: types)
    writer.write(self)
    return writer.output
  }

  /// CRC-64-AVRO of the canonical form (specification 1.12, "Schema Fingerprints").
  public func fingerprint(types: NamedTypes = NamedTypes()) -> UInt64 {
    CRC64.fingerprint(of: canonicalForm(types: types).utf8)
  }
}

private struct CanonicalWriter {
  let types: NamedTypes
  var written: Set<FullName> = []
  var output = ""

  mutating func write(_ schema: Schema) {
    switch schema {
    case .primitive(let primitive, _): output += "\"\(primitive.rawValue)\""
    case .array(let items):
      output += "{\"type\":\"array\",\"items\":"
      write(items)
      output += "}"
    case .map(let values):
      output += "{\"type\":\"map\",\"values\":"
      write(values)
      output += "}"
    case .union(let branches):
      output += "["
      for (index, branch) in branches.enumerated() {
        if index > 0 { output += "," }
        write(branch)
      }
      output += "]"
    case .record(let record): write(record)
    case .enumeration(let enumeration):
      guard begin(enumeration.name, "enum") else { return }
      output += ",\"symbols\":["
      output += enumeration.symbols.map { JSONValue.string($0).text }.joined(separator: ",")
      output += "]}"
    case .fixed(let fixed):
      guard begin(fixed.name, "fixed") else { return }
      output += ",\"size\":\(fixed.size)}"
    case .reference(let name):
      if !written.contains(name), let definition = types[name] {
        write(definition)
      } else {
        output += JSONValue.string(name.description).text
      }
    }
  }

  private mutating func write(_ record: RecordSchema) {
    guard begin(record.name, "record") else { return }
    output += ",\"fields\":["
    for (index, field) in record.fields.enumerated() {
      output += index > 0 ? ",{\"name\":" : "{\"name\":"
      output += JSONValue.string(field.name).text
      output += ",\"type\":"
      write(field.type)
      output += "}"
    }
    output += "]}"
  }

  /// Writes the name and, the first time, opens the definition; false when the name was all there is to write.
  private mutating func begin(_ name: FullName, _ type: String) -> Bool {
    let text = JSONValue.string(name.description).text
    guard written.insert(name).inserted else {
      output += text
      return false
    }
    output += "{\"name\":\(text),\"type\":\"\(type)\""
    return true
  }
}

/// The 64-bit Rabin fingerprint that the specification calls CRC-64-AVRO.
public enum CRC64 {
  /// The fingerprint of no bytes, which is also the polynomial.
  static let empty: UInt64 = 0xC15D_213A_A4D7_A795

  private static let table: [UInt64] = (0..<256).map { index in
    var value = UInt64(index)
    for _ in 0..<8 { value = (value >> 1) ^ (empty & (0 &- (value & 1))) }
    return value
  }

  public static func fingerprint(of bytes: some Sequence<UInt8>) -> UInt64 {
    var value = empty
    for byte in bytes { value = (value >> 8) ^ table[Int((value ^ UInt64(byte)) & 0xFF)] }
    return value
  }
}
