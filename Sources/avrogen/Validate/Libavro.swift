import CAvro

/// Another implementation's opinion on a schema.
enum Libavro {
  /// Why libavro does not take the JSON text as a schema; nil when it does.
  static func refusal(of text: String) -> String? {
    var schema: avro_schema_t?
    let status = text.withCString { avro_schema_from_json_length($0, strlen($0), &schema) }
    guard status == 0 else { return String(cString: avro_strerror()) }
    avro_schema_decref(schema)
    return nil
  }
}
