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
}

// MARK: 404, 409

extension RegistryFailure {
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

  static func subjectDeleted(_ subject: String) -> Self {
    Self(status: 404, code: 40404, "Subject '\(subject)' is deleted already; permanent=true takes it away for good.")
  }

  static func subjectNotDeleted(_ subject: String) -> Self {
    Self(
      status: 404, code: 40405,
      "Subject '\(subject)' is not deleted: delete it without permanent=true first, then for good.")
  }

  static func versionDeleted(_ version: Int32, subject: String) -> Self {
    Self(
      status: 404, code: 40406,
      "Version \(version) of subject '\(subject)' is deleted already; permanent=true takes it away for good.")
  }

  static func versionNotDeleted(_ version: Int32, subject: String) -> Self {
    Self(
      status: 404, code: 40407,
      "Version \(version) of subject '\(subject)' is not deleted: delete it without permanent=true first, then for good."
    )
  }

  static func noConfiguration(subject: String) -> Self {
    Self(
      status: 404, code: 40408,
      "Subject '\(subject)' has no compatibility level of its own; GET /config has the one that holds.")
  }

  static func noMode(subject: String) -> Self {
    Self(status: 404, code: 40409, "Subject '\(subject)' has no mode of its own; GET /mode has the one that holds.")
  }

  /// Confluent's registry has no longer code here: it is the status.
  static func incompatible(subject: String, _ messages: [String]) -> Self {
    Self(
      status: 409,
      "Schema being registered is incompatible with an earlier schema for subject \"\(subject)\", details: "
        + "[\(messages.joined(separator: ", "))]")
  }
}

// MARK: 422

extension RegistryFailure {
  static func invalidSchema(_ reason: String) -> Self {
    Self(status: 422, code: 42201, "Invalid schema: \(reason)")
  }

  static func invalidVersion(_ version: String) -> Self {
    Self(
      status: 422, code: 42202,
      "'\(version)' is not a version: use a number from 1 to 2147483647, or latest.")
  }

  static func invalidConfiguration(_ reason: String) -> Self {
    Self(status: 422, code: 42203, reason)
  }

  static func invalidMode(_ name: String) -> Self {
    Self(
      status: 422, code: 42204,
      "'\(name)' is not a mode: send {\"mode\": \"…\"} with one of "
        + RegistryMode.allCases.map(\.rawValue).joined(separator: ", ") + ".")
  }

  static func notPermitted(_ reason: String) -> Self {
    Self(status: 422, code: 42205, reason)
  }

  static func isReferenced(_ version: Int32, subject: String, by ids: [Int32]) -> Self {
    let names = ids.prefix(10).map(String.init).joined(separator: ", ") + (ids.count > 10 ? "…" : "")
    return Self(
      status: 422, code: 42206,
      "Version \(version) of subject '\(subject)' is a reference of the schemas with id \(names): delete those first.")
  }

  static func idDoesNotMatch(_ id: Int32, known: Int32) -> Self {
    Self(status: 422, code: 42207, "This schema has id \(known): it can't be registered with id \(id).")
  }

  static func invalidSubject(_ reason: String) -> Self {
    Self(status: 422, code: 42208, "Invalid subject: \(reason)")
  }

  static func schemaTooLarge(_ count: Int, limit: Int) -> Self {
    Self(status: 422, code: 42209, "The schema has \(count) bytes; the limit is \(limit).")
  }

  static func invalidRuleSet(_ reason: String) -> Self {
    Self(status: 422, code: 42210, "Invalid rule set: \(reason)")
  }

  static func contextNotEmpty(_ context: String) -> Self {
    Self(status: 422, code: 42211, "Context '\(context)' has subjects: delete those first, for good.")
  }
}

// MARK: 500, 501

extension RegistryFailure {
  static func store(_ reason: String) -> Self {
    Self(status: 500, code: 50001, "Error in the registry's store: \(reason)")
  }

  static func timedOut(millis: Int) -> Self {
    Self(
      status: 500, code: 50002,
      "The disk did not take the change within \(millis) ms; it may come to be still, so ask before you send it again.")
  }

  static func tooManyChanges(_ count: Int) -> Self {
    Self(status: 500, code: 50002, "\(count) changes wait for the disk already; this one was not taken, ask again.")
  }

  /// The one who writes is gone: what Confluent's registry says while no instance leads.
  static var stopped: Self {
    Self(status: 500, code: 50004, "The registry is stopping and takes no changes any more; ask again.")
  }

  static func notImplemented(_ what: String) -> Self {
    Self(status: 501, "This registry has no \(what).")
  }
}
