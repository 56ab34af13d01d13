import CAvro

/// The setters that the C header has as macros.
struct LibAvroValue {
  private let interface: UnsafeMutablePointer<avro_value_iface_t>
  private let object: UnsafeMutableRawPointer?

  init(_ value: avro_value_t) {
    interface = value.iface
    object = value.`self`
  }

  func setNull() throws { try check(interface.pointee.set_null(interface, object), "null") }
  func set(_ value: Bool) throws { try check(interface.pointee.set_boolean(interface, object, value ? 1 : 0), "bool") }
  func set(_ value: Int32) throws { try check(interface.pointee.set_int(interface, object, value), "int") }
  func set(_ value: Int64) throws { try check(interface.pointee.set_long(interface, object, value), "long") }
  func set(_ value: Float) throws { try check(interface.pointee.set_float(interface, object, value), "float") }
  func set(_ value: Double) throws { try check(interface.pointee.set_double(interface, object, value), "double") }
  func set(symbol: Int) throws { try check(interface.pointee.set_enum(interface, object, Int32(symbol)), "enum") }

  func set(_ value: String) throws {
    // The size counts the NUL at the end.
    let size = value.utf8.count + 1
    try value.withCString { try check(interface.pointee.set_string_len(interface, object, $0, size), "string") }
  }

  func set(bytes: [UInt8]) throws {
    var copy = bytes + [0]
    try copy.withUnsafeMutableBytes {
      try check(interface.pointee.set_bytes(interface, object, $0.baseAddress, bytes.count), "bytes")
    }
  }

  func set(fixed: [UInt8]) throws {
    var copy = fixed + [0]
    try copy.withUnsafeMutableBytes {
      try check(interface.pointee.set_fixed(interface, object, $0.baseAddress, fixed.count), "fixed")
    }
  }

  func append() throws -> LibAvroValue {
    var child = avro_value_t()
    try check(interface.pointee.append(interface, object, &child, nil), "append")
    return LibAvroValue(child)
  }

  func add(key: String) throws -> LibAvroValue {
    var child = avro_value_t()
    try check(interface.pointee.add(interface, object, key, &child, nil, nil), "add")
    return LibAvroValue(child)
  }

  func field(_ index: Int) throws -> LibAvroValue {
    var child = avro_value_t()
    try check(interface.pointee.get_by_index(interface, object, index, &child, nil), "field \(index)")
    return LibAvroValue(child)
  }

  func branch(_ index: Int) throws -> LibAvroValue {
    var child = avro_value_t()
    try check(interface.pointee.set_branch(interface, object, Int32(index), &child), "branch \(index)")
    return LibAvroValue(child)
  }

  private func check(_ status: Int32, _ doing: String) throws {
    guard status == 0 else { throw LibAvroError("setting \(doing)") }
  }
}
