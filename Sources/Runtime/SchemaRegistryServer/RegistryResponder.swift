import FoundationEssentials
import Hummingbird
import JSONText
import Logging

/// Confluent's REST API for Avro, as far as it goes here; everything else is answered 501 or 404, in words.
struct RegistryResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let store: RegistryStore
  let limits: RegistryLimits
  let logger: Logger

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    guard let contentType = RegistryMediaType.answering(accept: request.headers[.accept]) else {
      let failure = RegistryFailure(
        status: 406, "Accept one of \(RegistryMediaType.known.joined(separator: ", ")).")
      return response(failure, contentType: "application/json")
    }
    do {
      let answer = try await answer(to: request)
      return response(status: .ok, body: try answer.bytes(), contentType: contentType)
    } catch let failure as RegistryFailure {
      if failure.status >= 500 && failure.status != 501 { logger.error("\(failure.message)") }
      return response(failure, contentType: contentType)
    } catch {
      logger.error("\(request.method) \(request.uri.path): \(error)")
      return response(RegistryFailure(status: 500, "\(error)"), contentType: contentType)
    }
  }

  // MARK: Routes

  private func answer(to request: Request) async throws -> RegistryAnswer {
    let parts = try RegistryRequest(request)
    switch parts.segments.first {
    case nil: return try onlyGet(parts) { .empty }
    case "health": return try onlyGet(parts) { .setting(name: "status", value: "ok") }
    case "subjects": return try await subjects(parts, request)
    case "schemas": return try await schemas(parts)
    case "config": return try await config(parts, request)
    case "mode": return try mode(parts)
    case "compatibility": return try await compatibility(parts, request)
    case "contexts", "exporters", "dek-registry", "catalog":
      throw RegistryFailure.notImplemented("\(parts.segments[0])")
    default: throw notFound(parts)
    }
  }

  private func subjects(_ parts: RegistryRequest, _ request: Request) async throws -> RegistryAnswer {
    let segments = parts.segments
    if segments.count == 1 {
      guard parts.method == .get else { throw wrongMethod(parts, "GET") }
      // Confluent's clients name all contexts with the prefix ":*:".
      let prefix = parts.query["subjectPrefix"].map { $0 == ":*:" ? "" : $0 } ?? ""
      return .strings(await store.subjectNames(prefix: prefix))
    }
    let subject = try checkedSubject(segments[1])
    if parts.method == .delete { throw RegistryFailure.notImplemented("deletion of subjects and versions") }
    switch segments.count {
    case 2:
      guard parts.method == .post else { throw wrongMethod(parts, "POST") }
      let schema = try await schema(in: request)
      return .registration(try await store.lookUp(schema, subject: subject))
    case 3 where segments[2] == "versions":
      if parts.method == .get { return .numbers(try await store.versions(subject: subject)) }
      guard parts.method == .post else { throw wrongMethod(parts, "GET or POST") }
      let schema = try await schema(in: request)
      let registration = try await store.register(schema, subject: subject)
      return .id(registration.id)
    case 4 where segments[2] == "versions", 5 where segments[2] == "versions":
      guard parts.method == .get else { throw wrongMethod(parts, "GET") }
      try checkFormat(parts)
      let version = try Self.version(segments[3])
      let registration = try await store.version(version, subject: subject)
      if segments.count == 4 { return .registration(registration) }
      if segments[4] == "schema" { return .raw(registration.schema) }
      if segments[4] == "referencedby" { return .numbers([]) }
      throw notFound(parts)
    case 3 where segments[2] == "metadata":
      throw RegistryFailure.notImplemented("metadata")
    default: throw notFound(parts)
    }
  }

  private func schemas(_ parts: RegistryRequest) async throws -> RegistryAnswer {
    guard parts.method == .get else { throw wrongMethod(parts, "GET") }
    let segments = parts.segments
    if segments.count == 1 { throw RegistryFailure.notImplemented("list of all schemas") }
    if segments == ["schemas", "types"] { return .strings(["AVRO"]) }
    if segments[1] == "guids" { throw RegistryFailure.notImplemented("schema GUIDs") }
    guard segments[1] == "ids", segments.count == 3 || segments.count == 4 else { throw notFound(parts) }
    try checkFormat(parts)
    guard let id = Int32(segments[2]) else {
      throw RegistryFailure(status: 404, code: 40403, "'\(segments[2])' is not the id of a schema: ids are numbers.")
    }
    switch segments.count == 4 ? segments[3] : "" {
    case "": return .schema(try await store.schemaText(id: id))
    case "schema": return .raw(try await store.schemaText(id: id))
    case "versions": return .uses(try await store.uses(id: id))
    case "subjects":
      var seen: Set<ExactText> = []
      return .strings(try await store.uses(id: id).map(\.subject).filter { seen.insert(ExactText($0)).inserted })
    default: throw notFound(parts)
    }
  }

  /// Nothing can be switched off, so this is the true value.
  private func mode(_ parts: RegistryRequest) throws -> RegistryAnswer {
    guard parts.segments.count <= 2 else { throw notFound(parts) }
    guard parts.method == .get else { throw RegistryFailure.notImplemented("modes other than READWRITE") }
    if parts.segments.count == 2 {
      let subject = try checkedSubject(parts.segments[1])
      guard parts.query["defaultToGlobal"] == "true" else {
        throw RegistryFailure(
          status: 404, code: 40409, "Subject '\(subject)' has no mode of its own; see GET /mode.")
      }
    }
    return .setting(name: "mode", value: "READWRITE")
  }

  // MARK: Parts of a request

  func schema(in request: Request) async throws -> ParsedSchema {
    try SchemaBody.schema(in: try await body(of: request))
  }

  func body(of request: Request) async throws -> ByteBuffer {
    guard RegistryMediaType.isReadable(request.headers[.contentType]) else {
      throw RegistryFailure(
        status: 415, "Send the body with Content-Type \(RegistryMediaType.versioned) or application/json.")
    }
    let tooLarge = RegistryFailure(status: 413, "The body has more than \(limits.maxBodyBytes) bytes, the limit.")
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.maxBodyBytes {
      throw tooLarge
    }
    var body = ByteBuffer()
    for try await chunk in request.body {
      guard body.readableBytes + chunk.readableBytes <= limits.maxBodyBytes else { throw tooLarge }
      body.writeImmutableBuffer(chunk)
    }
    return body
  }

  func checkedSubject(_ subject: String) throws(RegistryFailure) -> String {
    guard !subject.isEmpty else { throw .invalidSubject("it is empty") }
    guard subject.utf8.count <= limits.maxSubjectBytes else {
      throw .invalidSubject("it has more than \(limits.maxSubjectBytes) bytes")
    }
    guard subject.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw .invalidSubject("it holds a control character")
    }
    return subject
  }

  /// Nil for the latest.
  static func version(_ text: String) throws(RegistryFailure) -> Int32? {
    if text == "latest" || text == "-1" { return nil }
    guard let number = Int32(text), number >= 1 else { throw .invalidVersion(text) }
    return number
  }

  private func checkFormat(_ parts: RegistryRequest) throws(RegistryFailure) {
    guard let format = parts.query["format"], !format.isEmpty, format != "default" else { return }
    throw .notImplemented("schema format '\(format)'")
  }

  private func onlyGet(_ parts: RegistryRequest, _ answer: () -> RegistryAnswer) throws -> RegistryAnswer {
    guard parts.method == .get else { throw wrongMethod(parts, "GET") }
    return answer()
  }

  func notFound(_ parts: RegistryRequest) -> RegistryFailure {
    RegistryFailure(status: 404, "There is nothing at /\(parts.segments.joined(separator: "/")).")
  }

  func wrongMethod(_ parts: RegistryRequest, _ allowed: String) -> RegistryFailure {
    RegistryFailure(status: 405, "Use \(allowed) here, not \(parts.method.rawValue).")
  }

  // MARK: Writing

  private func response(_ failure: RegistryFailure, contentType: String) -> Response {
    response(
      status: HTTPResponse.Status(code: failure.status), body: RegistryAnswer.bytes(of: failure),
      contentType: contentType)
  }

  private func response(status: HTTPResponse.Status, body: Data, contentType: String) -> Response {
    Response(
      status: status, headers: [.contentType: contentType], body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}
