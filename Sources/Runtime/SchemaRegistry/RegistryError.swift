/// Why the registry did not give what was asked.
public enum RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No registry answered in all attempts; it says nothing about whether the schema exists.
  case unreachable(urls: String, reason: String)
  /// 404, code 40403: the registry answered, and has no schema with that id.
  case unknownID(Int32)
  /// 404, code 40401.
  case subjectNotFound(subject: String)
  /// 404, code 40402. `version` is a number or `latest`.
  case versionNotFound(subject: String, version: String)
  /// 404, code 40403, on a lookup: the subject has no version with the schema.
  case schemaNotRegistered(subject: String)
  /// 422: the registry does not take the schema, or not under this subject.
  case invalidSchema(subject: String, reason: String)
  /// 409.
  case incompatibleWithEarlierVersion(subject: String, reason: String)
  /// 401 or 403.
  case notAllowed(status: Int, reason: String)
  /// Any other answer that is not 200, or a 200 that can't be read. `code` is the registry's own.
  case unexpectedAnswer(request: String, status: Int, code: Int, reason: String)
  case invalidURL(reason: String)
  case cancelled

  public var description: String {
    switch self {
    case .unreachable(let urls, let reason):
      "no schema registry answers at \(urls) (\(reason)); start it, or set SCHEMA_REGISTRY_URL"
    case .unknownID(let id):
      "the schema registry has no schema with id \(id); the record was written with another registry, "
        + "or is not in the wire format"
    case .subjectNotFound(let subject):
      "the schema registry has no subject \(subject); register its schema first (bank synchronize)"
    case .versionNotFound(let subject, let version):
      "subject \(subject) has no version \(version); ask for one that it has, or for latest"
    case .schemaNotRegistered(let subject):
      "subject \(subject) has no version with this schema; register it first (bank synchronize)"
    case .invalidSchema(let subject, let reason):
      "the schema registry does not take the schema for subject \(subject): \(reason)"
    case .incompatibleWithEarlierVersion(let subject, let reason):
      "the schema is not compatible with an earlier one of subject \(subject): \(reason); "
        + "change the schema, or the subject's compatibility level"
    case .notAllowed(let status, let reason):
      "the schema registry refuses with status \(status): \(reason); "
        + "put user and password into its URL, http://user:password@host"
    case .unexpectedAnswer(let request, let status, let code, let reason):
      "the schema registry answered \(request) with status \(status), code \(code): \(reason)"
    case .invalidURL(let reason):
      "not the URL of a schema registry: \(reason); write http://host:port, several with commas between"
    case .cancelled:
      "the request to the schema registry was cancelled"
    }
  }
}
