import Hummingbird
import JSONText
import Logging

/// Confluent's REST API for Avro; what there is not is answered 501 or 404, in words.
struct RegistryResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let store: RegistryStore
  let limits: RegistryLimits
  let access: RegistryAccess
  let logger: Logger

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    guard let contentType = RegistryMediaType.answering(accept: request.headers[.accept]) else {
      let failure = RegistryFailure(
        status: 406, "Accept one of \(RegistryMediaType.known.joined(separator: ", ")).")
      return response(.failure(failure), status: 406, contentType: "application/json")
    }
    do {
      return response(try await answer(to: request), status: 200, contentType: contentType)
    } catch let failure as RegistryFailure {
      if failure.status >= 500 && failure.status != 501 { logger.error("\(failure.message)") }
      var response = response(.failure(failure), status: failure.status, contentType: contentType)
      if failure.status == 401 { response.headers[.wwwAuthenticate] = RegistryAccess.challenge }
      return response
    } catch {
      logger.error("\(request.method) \(request.uri.path): \(error)")
      return response(
        .failure(RegistryFailure(status: 500, "\(error)")), status: 500, contentType: contentType)
    }
  }

  private func response(_ answer: RegistryAnswer, status: Int, contentType: String) -> Response {
    Response(
      status: HTTPResponse.Status(code: status), headers: [.contentType: contentType],
      body: ResponseBody(byteBuffer: ByteBuffer(string: answer.text)))
  }

  // MARK: Routes

  private func answer(to request: Request) async throws -> RegistryAnswer {
    try access.checkHost(request.head.authority)
    let parts = try RegistryRequest(request)
    // Whether it is alive is nobody's secret.
    if parts.segments == ["health"] { return try onlyGet(parts) { .object(["status": .string("ok")]) } }
    try access.checkCredentials(request.headers[.authorization])
    switch parts.segments.first {
    case nil: return try onlyGet(parts) { .object([:]) }
    case "subjects": return try await subjects(parts, request)
    case "schemas": return try await schemas(parts)
    case "config": return try await config(parts, request)
    case "mode": return try await mode(parts, request)
    case "compatibility": return try await compatibility(parts, request)
    case "contexts": return try await contexts(parts)
    case "exporters", "dek-registry", "catalog":
      throw RegistryFailure.notImplemented("\(parts.segments[0])")
    default: throw notFound(parts)
    }
  }

  private func contexts(_ parts: RegistryRequest) async throws -> RegistryAnswer {
    switch (parts.segments.count, parts.method) {
    case (1, .get): return .strings(try parts.page(await store.contextNames()))
    case (1, _): throw wrongMethod(parts, "GET")
    case (2, .delete):
      let name = try RegistryRequest.contextName(parts.segments[1])
      try await change { [store] in try await store.deleteContext(name) }
      return .object([:])
    default: throw wrongMethod(parts, "DELETE")
    }
  }

  // MARK: Changes

  /// Waits for a change to be on the disk, but not for ever.
  func change<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let millis = limits.writeTimeoutMillis
    return try await Deadline.run(millis: millis, otherwise: RegistryFailure.timedOut(millis: millis)) { [store] in
      try await store.exclusively(work)
    }
  }

  // MARK: Parts of a request

  /// Parses what was sent; `fillsIn` as ``RegistryStore/prepare(_:subject:normalizes:fillsIn:)`` has it.
  func schema(
    in request: Request, _ parts: RegistryRequest, subject: String, fillsIn: Bool = false
  ) async throws -> (schema: ParsedSchema, asked: SchemaRequest, isCompleted: Bool) {
    let json = try RequestBody.json(
      try await body(of: request), maxBytes: limits.maxBodyBytes, example: "{\"schema\": \"…\"}")
    let asked = try RequestBody.schema(json)
    guard asked.content.text.utf8.count <= limits.maxSchemaBytes else {
      throw RegistryFailure.schemaTooLarge(asked.content.text.utf8.count, limit: limits.maxSchemaBytes)
    }
    let prepared = try await store.prepare(
      asked, subject: subject, normalizes: parts.flag("normalize"), fillsIn: fillsIn)
    let schema = try ParsedSchema(
      prepared.content, types: prepared.types, referenceDepth: prepared.referenceDepth,
      normalizes: prepared.normalizes, limits: limits)
    return (schema, asked, prepared.isCompleted)
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

  /// The subject in its one way to write it.
  func checkedSubject(_ text: String) throws(RegistryFailure) -> String {
    guard !text.isEmpty else { throw .invalidSubject("it is empty") }
    guard text.utf8.count <= limits.maxSubjectBytes else {
      throw .invalidSubject("it has more than \(limits.maxSubjectBytes) bytes")
    }
    guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw .invalidSubject("it holds a control character")
    }
    return QualifiedSubject(text).text
  }

  /// The same for what schemas are registered under, which a context alone is not.
  func checkedSchemaSubject(_ text: String) throws(RegistryFailure) -> String {
    let subject = try checkedSubject(text)
    guard !QualifiedSubject(subject).name.isEmpty else { throw .invalidSubject("it names a context only") }
    guard !subject.hasPrefix(RegistryStore.allContexts) else {
      throw .invalidSubject("\(RegistryStore.allContexts) stands for all contexts, and a subject is in one")
    }
    return subject
  }

  /// The subject that is meant by that name, which may be an alias. The configuration of another registry may have an
  /// alias that is no subject.
  func subject(named text: String) async throws -> String {
    try checkedSchemaSubject(await store.subject(behind: try checkedSchemaSubject(text)))
  }

  /// Nil for the latest.
  static func version(_ text: String) throws(RegistryFailure) -> Int32? {
    if text == "latest" || text == "-1" { return nil }
    guard let number = Int32(text), number >= 1 else { throw .invalidVersion(text) }
    return number
  }

  func onlyGet(_ parts: RegistryRequest, _ answer: () -> RegistryAnswer) throws -> RegistryAnswer {
    guard parts.method == .get else { throw wrongMethod(parts, "GET") }
    return answer()
  }

  func notFound(_ parts: RegistryRequest) -> RegistryFailure {
    RegistryFailure(status: 404, "There is nothing at /\(parts.segments.joined(separator: "/")).")
  }

  func wrongMethod(_ parts: RegistryRequest, _ allowed: String) -> RegistryFailure {
    RegistryFailure(status: 405, "Use \(allowed) here, not \(parts.method.rawValue).")
  }
}
