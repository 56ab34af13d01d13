import Hummingbird
import JSONText

/// `/schemas` and below.
extension RegistryResponder {
  func schemas(_ parts: RegistryRequest) async throws -> RegistryAnswer {
    guard parts.method == .get else { throw wrongMethod(parts, "GET") }
    let segments = parts.segments
    if segments.count == 1 {
      let all = await store.registrations(
        prefix: parts["subjectPrefix"] ?? ":*:", parts.visibility, latestOnly: parts.flag("latestOnly"))
      return .json(.array(try parts.page(all).map(\.json)))
    }
    if segments == ["schemas", "types"] { return .strings([SchemaContent.avro]) }
    if segments[1] == "guids" { throw RegistryFailure.notImplemented("schema GUIDs") }
    guard segments[1] == "ids", segments.count == 3 || segments.count == 4 else { throw notFound(parts) }
    guard let id = Int32(segments[2]) else {
      throw RegistryFailure(status: 404, code: 40403, "'\(segments[2])' is not the id of a schema: ids are numbers.")
    }
    let subject = parts["subject"].map { QualifiedSubject($0).text } ?? ""
    switch segments.count == 4 ? segments[3] : "" {
    case "":
      let (content, context) = try await schema(id, subject, parts)
      var members = content.members
      if parts.flag("fetchMaxId") {
        members.append(.init("maxId", .integer(Int64(await store.maxID(context: context)))))
      }
      return .json(.object(members))
    case "schema": return .raw(try await schema(id, subject, parts).content.text)
    case "versions":
      let uses = try await store.uses(id: id, subject: subject, deleted: parts.flag("deleted"))
      return .json(
        .array(
          try parts.page(uses).map { use in
            .object([.init("subject", .string(use.subject)), .init("version", .integer(Int64(use.version)))])
          }))
    case "subjects":
      var seen: Set<ExactText> = []
      let uses = try await store.uses(id: id, subject: subject, deleted: parts.flag("deleted"))
      return .strings(try parts.page(uses.map(\.subject).filter { seen.insert(ExactText($0)).inserted }))
    default: throw notFound(parts)
    }
  }

  private func schema(
    _ id: Int32, _ subject: String, _ parts: RegistryRequest
  ) async throws -> (content: SchemaContent, context: String) {
    let found = try await store.schema(id: id, subject: subject)
    return (try await formatted(found.content, id: id, context: found.context, parts), found.context)
  }
}
