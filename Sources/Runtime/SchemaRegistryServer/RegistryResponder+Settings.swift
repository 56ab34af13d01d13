import Hummingbird
import JSONText

/// `/config`, `/mode` and `/compatibility`.
extension RegistryResponder {
  /// The subject behind `/config` or `/mode`; nil is the global one.
  private func settingSubject(_ parts: RegistryRequest) throws(RegistryFailure) -> String? {
    guard parts.segments.count <= 2 else { throw notFound(parts) }
    guard parts.segments.count == 2 else { return nil }
    let subject = QualifiedSubject(try checkedSubject(parts.segments[1]))
    return subject.name.isEmpty ? subject.contextKey : subject.text
  }

  func config(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let subject = try settingSubject(parts)
    switch parts.method {
    case .get:
      return .json(try await store.configuration(of: subject, isInScope: parts.flag("defaultToGlobal")))
    case .put:
      let json = try RequestBody.json(
        try await body(of: request), maxBytes: limits.maxBodyBytes, example: "{\"compatibility\": \"BACKWARD\"}")
      let changes = try RequestBody.configuration(json)
      for case (let name, .string(let alias)) in changes.map({ ($0.name, $0.value) }) where name == "alias" {
        _ = try checkedSchemaSubject(alias)
      }
      try await change { [store] in try await store.changeConfiguration(changes, of: subject) }
      return .json(
        .object(
          changes.map { .init($0.name == "compatibilityLevel" ? "compatibility" : $0.name, $0.value) }
            .filter { $0.value != .null }))
    case .delete: return .json(try await change { [store] in try await store.deleteConfiguration(of: subject) })
    default: throw wrongMethod(parts, "GET, PUT or DELETE")
    }
  }

  func mode(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let subject = try settingSubject(parts)
    let mode: RegistryMode
    switch parts.method {
    case .get: mode = try await store.mode(of: subject, isInScope: parts.flag("defaultToGlobal"))
    case .put:
      let json = try RequestBody.json(
        try await body(of: request), maxBytes: limits.maxBodyBytes, example: "{\"mode\": \"READONLY\"}")
      mode = try RequestBody.mode(json)
      let isForced = parts.flag("force")
      try await change { [store] in try await store.setMode(mode, of: subject, isForced: isForced) }
    case .delete: mode = try await change { [store] in try await store.deleteMode(of: subject) }
    default: throw wrongMethod(parts, "GET, PUT or DELETE")
    }
    return .object(["mode": .string(mode.rawValue)])
  }

  /// `/compatibility/subjects/{subject}/versions` and the same with a version behind it.
  func compatibility(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let segments = parts.segments
    guard segments.count == 4 || segments.count == 5, segments[1] == "subjects", segments[3] == "versions" else {
      throw notFound(parts)
    }
    let subject = try await subject(named: segments[2])
    guard parts.method == .post else { throw wrongMethod(parts, "POST") }
    let scope: RegistryStore.Scope
    if segments.count == 4 {
      scope = .all
    } else if let version = try Self.version(segments[4]) {
      scope = .version(version)
    } else {
      scope = .latest
    }
    let schema = try await schema(in: request, parts, subject: subject).schema
    let messages = try await store.incompatibilities(schema, subject: subject, scope: scope)
    let isCompatible = JSONValue.bool(messages.isEmpty)
    guard parts.flag("verbose") else { return .object(["is_compatible": isCompatible]) }
    return .object(["is_compatible": isCompatible, "messages": .array(messages.map { .string($0) })])
  }
}
