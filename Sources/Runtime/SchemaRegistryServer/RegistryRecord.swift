import JSONText

/// One change of what the registry holds, as the records in `_schemas`, the topic of Confluent's registry, say it: the
/// journal is made of the same, so moving to and from there is copying.
struct RegistryRecord: Hashable, Sendable {
  enum Key: Hashable, Sendable {
    case schema(subject: String, version: Int32)
    /// Nil is the global one.
    case config(subject: String?)
    case mode(subject: String?)
    case deleteSubject(String)
    case clearSubject(String?)
    case noop
    /// Of a kind that this registry makes no use of; kept as it came, for the registry that gets it next.
    case other(JSONValue)
  }

  /// Why bytes are none of these records.
  struct Malformed: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }

  var key: Key
  /// Nil takes away what the key stood for.
  var value: JSONValue?

  init(_ key: Key, _ value: JSONValue?) {
    self.key = key
    self.value = value
  }

  init(key: JSONValue, value: JSONValue?) throws(Malformed) {
    guard case .string(let kind)? = key["keytype"] else { throw Malformed("the key has no \"keytype\"") }
    self.value = value == .null ? nil : value
    switch kind {
    case "SCHEMA":
      guard let subject = key.text("subject"), let version = key.number("version"), version >= 1 else {
        throw Malformed("the key names no subject and version")
      }
      self.key = .schema(subject: subject, version: version)
    case "CONFIG": self.key = .config(subject: key.text("subject"))
    case "MODE": self.key = .mode(subject: key.text("subject"))
    case "CLEAR_SUBJECT": self.key = .clearSubject(key.text("subject"))
    case "DELETE_SUBJECT":
      guard let subject = key.text("subject") else { throw Malformed("the key names no subject") }
      self.key = .deleteSubject(subject)
    case "NOOP": self.key = .noop
    default: self.key = .other(key)
    }
  }

  /// The members in Confluent's order.
  var keyJSON: JSONValue {
    func key(_ kind: String, _ members: [JSONValue.Member], magic: Int64 = 0) -> JSONValue {
      .object([.init("keytype", .string(kind))] + members + [.init("magic", .integer(magic))])
    }
    func subject(_ name: String?) -> JSONValue.Member { .init("subject", name.map { .string($0) } ?? .null) }
    switch self.key {
    case .schema(let name, let version):
      return key("SCHEMA", [subject(name), .init("version", .integer(Int64(version)))], magic: 1)
    case .config(let name): return key("CONFIG", [subject(name)])
    case .mode(let name): return key("MODE", [subject(name)])
    case .deleteSubject(let name): return key("DELETE_SUBJECT", [subject(name)])
    case .clearSubject(let name): return key("CLEAR_SUBJECT", [subject(name)])
    case .noop: return key("NOOP", [])
    case .other(let json): return json
    }
  }
}

extension JSONValue {
  /// The member of that name when it is a string.
  func text(_ name: String) -> String? {
    if case .string(let text)? = self[name] { text } else { nil }
  }

  /// The member of that name when it is a number of 32 bits.
  func number(_ name: String) -> Int32? {
    if case .integer(let number)? = self[name] { Int32(exactly: number) } else { nil }
  }

  /// The member of that name when it is one of the two; false when it is missing.
  func flag(_ name: String) -> Bool { self[name] == .bool(true) }

  /// The member of that name, unless it is null.
  func present(_ name: String) -> JSONValue? {
    let value = self[name]
    return value == .null ? nil : value
  }
}
