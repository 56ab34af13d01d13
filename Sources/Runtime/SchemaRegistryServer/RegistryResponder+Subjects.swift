import Hummingbird
import JSONText

/// `/subjects` and below.
extension RegistryResponder {
  func subjects(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let segments = parts.segments
    if segments.count == 1 {
      guard parts.method == .get else { throw wrongMethod(parts, "GET") }
      let prefix = parts["subjectPrefix"] ?? ":*:"
      return .strings(try parts.page(await store.subjectNames(prefix: prefix, parts.visibility)))
    }
    let subject = try await subject(named: segments[1])
    switch (segments.count, segments.dropFirst(2).first) {
    case (2, _): return try await oneSubject(subject, parts, request)
    case (3, "versions"): return try await versions(subject, parts, request)
    case (3, "metadata"): return try await latestWithMetadata(subject, parts)
    case (4, "versions"), (5, "versions"): return try await version(subject, parts)
    default: throw notFound(parts)
    }
  }

  private func oneSubject(
    _ subject: String, _ parts: RegistryRequest, _ request: Request
  ) async throws -> RegistryAnswer {
    switch parts.method {
    case .post:
      let schema = try await schema(in: request, parts, subject: subject).schema
      return try await answer(
        try await store.lookUp(schema, subject: subject, deleted: parts.flag("deleted")), parts)
    case .delete:
      let isPermanent = parts.flag("permanent")
      return .numbers(
        try await change { [store] in try await store.deleteSubject(subject, permanently: isPermanent) })
    default: throw wrongMethod(parts, "POST or DELETE")
    }
  }

  private func versions(
    _ subject: String, _ parts: RegistryRequest, _ request: Request
  ) async throws -> RegistryAnswer {
    if parts.method == .get {
      return .numbers(try parts.page(try await store.versions(of: subject, parts.visibility)))
    }
    guard parts.method == .post else { throw wrongMethod(parts, "GET or POST") }
    let (schema, asked, isCompleted) = try await schema(in: request, parts, subject: subject, fillsIn: true)
    let registration = try await change { [store] in
      try await store.register(schema, subject: subject, id: asked.id, version: asked.version)
    }
    return isCompleted ? .json(registration.json) : .object(["id": .integer(Int64(registration.id))])
  }

  private func latestWithMetadata(_ subject: String, _ parts: RegistryRequest) async throws -> RegistryAnswer {
    guard parts.method == .get else { throw wrongMethod(parts, "GET") }
    let (names, values) = (parts.values("key"), parts.values("value"))
    guard names.count == values.count else { throw RegistryFailure(status: 400, "Each key goes with a value.") }
    let registration = try await store.latest(
      of: subject, properties: zip(names, values).map { (name: $0, value: $1) }, deleted: parts.flag("deleted"))
    return try await answer(registration, parts)
  }

  private func version(_ subject: String, _ parts: RegistryRequest) async throws -> RegistryAnswer {
    let version = try Self.version(parts.segments[3])
    if parts.segments.count == 5 {
      guard ["schema", "referencedby"].contains(parts.segments[4]) else { throw notFound(parts) }
      guard parts.method == .get else { throw wrongMethod(parts, "GET") }
      if parts.segments[4] == "referencedby" {
        return .numbers(try parts.page(try await store.referencedBy(version, subject: subject)))
      }
      let registration = try await store.version(version, of: subject, deleted: parts.flag("deleted"))
      return .raw(try await formatted(registration, parts).content.text)
    }
    switch parts.method {
    case .get:
      return try await answer(
        try await store.version(version, of: subject, deleted: parts.flag("deleted")), parts)
    case .delete:
      let isPermanent = parts.flag("permanent")
      let number = try await change { [store] in
        try await store.deleteVersion(version, of: subject, permanently: isPermanent)
      }
      return .json(.integer(Int64(number)))
    default: throw wrongMethod(parts, "GET or DELETE")
    }
  }

  // MARK: Formats

  func answer(_ registration: Registration, _ parts: RegistryRequest) async throws -> RegistryAnswer {
    .json(try await formatted(registration, parts).json)
  }

  private func formatted(_ registration: Registration, _ parts: RegistryRequest) async throws -> Registration {
    var registration = registration
    let context = QualifiedSubject(registration.subject).context
    registration.content = try await formatted(registration.content, id: registration.id, context: context, parts)
    return registration
  }

  /// With `format=resolved` what the schema refers to is written out.
  func formatted(
    _ content: SchemaContent, id: Int32, context: String, _ parts: RegistryRequest
  ) async throws -> SchemaContent {
    switch parts["format"] ?? "" {
    case "", "default": return content
    case "resolved":
      var content = content
      content.text = try await store.resolvedText(id: id, context: context)
      content.references = []
      return content
    case let other:
      throw RegistryFailure(status: 400, "There is no format '\(other)' of Avro: use default or resolved.")
    }
  }
}
