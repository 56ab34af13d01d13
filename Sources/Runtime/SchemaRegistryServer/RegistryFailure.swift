/// What the server answers when it can't do what was asked: Confluent's `{"error_code": …, "message": …}`.
struct RegistryFailure: Error, Hashable, Sendable {
  /// HTTP status.
  var status: Int
  /// Confluent's code: five digits of which the first three are the status, or just the status.
  var code: Int
  /// What is wrong and what to do about it.
  var message: String

  init(status: Int, code: Int? = nil, _ message: String) {
    self.status = status
    self.code = code ?? status
    self.message = message
  }

  static func subjectNotFound(_ subject: String) -> Self {
    Self(status: 404, code: 40401, "Subject '\(subject)' not found: nothing was registered under it.")
  }

  static func versionNotFound(_ version: String, subject: String) -> Self {
    Self(status: 404, code: 40402, "Version \(version) of subject '\(subject)' not found.")
  }

  static func schemaNotFound(id: Int32) -> Self {
    Self(status: 404, code: 40403, "Schema with id \(id) not found.")
  }

  static func schemaNotFound(subject: String) -> Self {
    Self(status: 404, code: 40403, "Schema not found: subject '\(subject)' has no version with this schema.")
  }

  static func noConfiguration(subject: String) -> Self {
    Self(
      status: 404, code: 40408,
      "Subject '\(subject)' has no compatibility level of its own; GET /config has the one that holds.")
  }

  /// Confluent's registry has no longer code here: it is the status.
  static func incompatible(subject: String, _ messages: [String]) -> Self {
    Self(
      status: 409,
      "Schema being registered is incompatible with an earlier schema for subject \"\(subject)\", details: "
        + "[\(messages.joined(separator: ", "))]")
  }

  static func invalidSchema(_ reason: String) -> Self {
    Self(status: 422, code: 42201, "Invalid schema: \(reason)")
  }

  static func invalidVersion(_ version: String) -> Self {
    Self(
      status: 422, code: 42202,
      "'\(version)' is not a version: use a number from 1 to 2147483647, or latest.")
  }

  static func notPermitted(_ reason: String) -> Self {
    Self(status: 422, code: 42205, reason)
  }

  static func invalidSubject(_ reason: String) -> Self {
    Self(status: 422, code: 42208, "Invalid subject: \(reason)")
  }

  static func store(_ reason: String) -> Self {
    Self(status: 500, code: 50001, "Error in the registry's store: \(reason)")
  }

  static func notImplemented(_ what: String) -> Self {
    Self(status: 501, "This registry has no \(what) yet.")
  }
}
