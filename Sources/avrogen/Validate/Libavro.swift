import CAvro

/// Another implementation's opinion on a schema.
enum Libavro {
  /// Why libavro does not take the JSON text as a schema; nil when it does.
  static func refusal(of text: String) -> String? {
    var schema: avro_schema_t?
    let readable = withoutNull(text)
    let status = readable.withCString { avro_schema_from_json_length($0, strlen($0), &schema) }
    guard status == 0 else { return String(cString: avro_strerror()) }
    avro_schema_decref(schema)
    return nil
  }

  /// The JSON reader below libavro refuses U+0000, which defaults of bytes may hold; it stands in no name, so another
  /// character does as well for the check.
  private static func withoutNull(_ text: String) -> String {
    guard text.contains(#"\u0000"#) else { return text }
    var bytes = Array(text.utf8)
    let escape = Array(#"\u0000"#.utf8)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        index += 1
        continue
      }
      let isNull = bytes[index...].starts(with: escape)
      if isNull { bytes[index + 5] = UInt8(ascii: "1") }
      // A backslash takes the next character with it, so that an escaped backslash does not begin an escape.
      index += isNull ? escape.count : 2
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
