import AvroSchema
import FoundationEssentials
import Hummingbird
import JSONText

extension RegistryResponder {
  /// `/config` and `/config/{subject}`.
  func config(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    guard parts.segments.count <= 2 else { throw notFound(parts) }
    let subject = parts.segments.count == 2 ? try checkedSubject(parts.segments[1]) : nil
    switch parts.method {
    case .get:
      let isInScope = subject == nil || parts.query["defaultToGlobal"] == "true"
      let level = try await store.level(subject: subject, isInScope: isInScope)
      return .setting(name: "compatibilityLevel", value: level.rawValue)
    case .put:
      let level = try LevelBody.level(in: try await body(of: request))
      try await store.setLevel(level, subject: subject)
      return .setting(name: "compatibility", value: level.rawValue)
    case .delete:
      return .setting(name: "compatibilityLevel", value: try await store.deleteLevel(subject: subject).rawValue)
    default: throw wrongMethod(parts, "GET, PUT or DELETE")
    }
  }

  /// `/compatibility/subjects/{subject}/versions` and the same with a version behind it.
  func compatibility(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let segments = parts.segments
    guard segments.count == 4 || segments.count == 5, segments[1] == "subjects", segments[3] == "versions" else {
      throw notFound(parts)
    }
    let subject = try checkedSubject(segments[2])
    guard parts.method == .post else { throw wrongMethod(parts, "POST") }
    let scope: RegistryStore.Scope
    if segments.count == 4 {
      scope = .all
    } else if let version = try Self.version(segments[4]) {
      scope = .version(version)
    } else {
      scope = .latest
    }
    let schema = try await schema(in: request)
    let messages = try await store.incompatibilities(schema, subject: subject, scope: scope)
    return .compatibility(isCompatible: messages.isEmpty, messages: parts.query["verbose"] == "true" ? messages : [])
  }
}

/// The body of a change of level.
enum LevelBody {
  /// What else Confluent's registry takes here; this one has none of it, and says so when it is sent.
  private static let others = [
    "alias", "normalize", "validateFields", "validateRules", "compatibilityGroup", "defaultMetadata",
    "overrideMetadata", "defaultRuleSet", "overrideRuleSet", "compatibilityPolicy",
  ]

  static func level(in body: ByteBuffer) throws(RegistryFailure) -> CompatibilityMode {
    let json: JSONValue
    do {
      json = try JSONValue(parsing: String(buffer: body), limits: JSONLimits(maxDepth: 100))
    } catch {
      throw RegistryFailure(status: 400, "The body is not JSON: send {\"compatibility\": \"BACKWARD\"}.")
    }
    for name in others {
      if let value = json[name], value != .null { throw .notImplemented("setting '\(name)'") }
    }
    guard case .string(let name)? = json["compatibility"] ?? json["compatibilityLevel"],
      let level = CompatibilityMode(rawValue: name.uppercased())
    else {
      throw RegistryFailure(
        status: 422, code: 42203,
        "Invalid compatibility level. Send \"compatibility\" with one of "
          + CompatibilityMode.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    return level
  }
}
