import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A client of a schema registry that speaks Confluent's REST API.
///
/// Ids and schemas never change once given, so both ways are cached; callers that ask for the same thing at the same
/// time share one request. A registry that does not answer, or answers 429 or 5xx, is asked again (the next URL in
/// turn, with growing random pauses); any other answer is final.
public final class RegistryClient: Sendable {
  /// The bounds of waiting and remembering.
  public struct Settings: Sendable {
    /// Requests in all for one question, over all URLs.
    public var maxAttempts = 6
    /// The pause before attempt n is random, up to this times 2^(n-1).
    public var firstPauseMillis = 100
    public var maxPauseMillis = 3_000
    /// Of one request.
    public var timeoutMillis = 10_000
    /// Entries of each of the caches.
    public var cacheCapacity = 10_000
    /// A longer answer is an error.
    public var maxAnswerBytes = 16 * 1_048_576

    public init() {}
  }

  /// A version of a subject.
  public struct Version: Hashable, Sendable {
    public var subject: String
    public var version: Int32
    public var id: Int32
    public var schema: String
    /// `AVRO`, `PROTOBUF` or `JSON`.
    public var schemaType = "AVRO"
    /// Subjects with types that the schema names and does not hold, in the order of the registry's answer.
    public var references: [String] = []
  }

  private struct SubjectSchema: Hashable, Sendable {
    var subject: String
    var schema: String
    var registers: Bool
  }

  let transport: RegistryTransport
  private let cache: RegistryCache
  private let idFlights = SingleFlight<SubjectSchema, Int32>()
  private let schemaFlights = SingleFlight<Int32, String>()

  /// - Parameter urls: One URL, or several with commas between; each may hold `user:password@`.
  public init(_ urls: String, settings: Settings = Settings()) throws(RegistryError) {
    transport = RegistryTransport(urls: try RegistryURL.list(urls), settings: settings)
    cache = RegistryCache(capacity: settings.cacheCapacity)
  }

  /// URLs as they are given to a client, without the credentials in them: for what others may read.
  public static func withoutCredentials(_ urls: String) throws(RegistryError) -> String {
    try RegistryURL.list(urls).map(\.base).joined(separator: ",")
  }

  /// Whether one of the URLs has a user in it.
  public static func hasCredentials(_ urls: String) throws(RegistryError) -> Bool {
    try RegistryURL.list(urls).contains { $0.authorization != nil }
  }

  /// HTTP requests made so far, attempts counted one by one.
  public var requestCount: Int { transport.requestCount }

  // MARK: Ids and schemas

  /// The id of `schema`, registered under `subject` if it was not.
  public func register(subject: String, schema: String) async throws(RegistryError) -> Int32 {
    try await id(SubjectSchema(subject: subject, schema: schema, registers: true))
  }

  /// The id of `schema` under `subject`; the registry looks by text, then by canonical form.
  ///
  /// Throws ``RegistryError/subjectNotFound(subject:)`` or ``RegistryError/schemaNotRegistered(subject:)`` when it is
  /// not there.
  public func lookUp(subject: String, schema: String) async throws(RegistryError) -> Int32 {
    try await id(SubjectSchema(subject: subject, schema: schema, registers: false))
  }

  /// The schema's JSON text; what it refers to in other subjects is fetched and written out. Throws ``RegistryError/unknownID(_:)`` when the registry has none of that id.
  public func schema(id: Int32) async throws(RegistryError) -> String {
    if let known = cache.schema(id: id) { return known }
    let (transport, cache) = (transport, cache)
    return try await schemaFlights.run(id) {
      do throws(RegistryTransport.Failure) {
        let answer = try await transport.get("/schemas/ids/\(id)").decoded(SchemaAnswer.self)
        let schema: String
        do throws(RegistryTransport.Failure) {
          schema = try await ReferenceReader.selfContained(
            answer.schema, answer.references ?? [], id: id, transport)
        } catch {
          return .failure(Self.error(error, asked: .other))
        }
        cache.insert(schema: schema, id: id)
        return .success(schema)
      } catch {
        return .failure(Self.error(error, asked: .id(id)))
      }
    }
  }

  private func id(_ key: SubjectSchema) async throws(RegistryError) -> Int32 {
    if let known = cache.id(subject: key.subject, schema: key.schema, registering: key.registers) { return known }
    let (transport, cache) = (transport, cache)
    return try await idFlights.run(key) {
      do throws(RegistryTransport.Failure) {
        let path = "/subjects/\(RegistryURL.encoded(key.subject))" + (key.registers ? "/versions" : "")
        let answer = try await transport.post(path, body: SchemaBody(schema: key.schema))
        let id = try answer.decoded(IDAnswer.self).id
        cache.insert(id: id, subject: key.subject, schema: key.schema, registered: key.registers)
        return .success(id)
      } catch {
        return .failure(Self.error(error, asked: .schema(subject: key.subject)))
      }
    }
  }

  // MARK: Subjects and versions, not cached

  public func subjects() async throws(RegistryError) -> [String] {
    do {
      return try await transport.get("/subjects").decoded([String].self)
    } catch {
      throw Self.error(error, asked: .other)
    }
  }

  /// The numbers of the subject's versions, ascending.
  public func versions(subject: String) async throws(RegistryError) -> [Int32] {
    do {
      return try await transport.get("/subjects/\(RegistryURL.encoded(subject))/versions").decoded([Int32].self)
    } catch {
      throw Self.error(error, asked: .schema(subject: subject))
    }
  }

  public func version(_ version: Int32, subject: String) async throws(RegistryError) -> Version {
    try await self.version(named: String(version), subject: subject)
  }

  public func latest(subject: String) async throws(RegistryError) -> Version {
    try await version(named: "latest", subject: subject)
  }

  /// The version of the subject that the registry finds for the schema, asked anew each time. The embedded registry finds
  /// one of another text that writes the same bytes, too.
  ///
  /// Throws as ``lookUp(subject:schema:)`` does.
  public func version(of schema: String, subject: String) async throws(RegistryError) -> Version {
    do {
      let path = "/subjects/\(RegistryURL.encoded(subject))"
      return try await transport.post(path, body: SchemaBody(schema: schema)).decoded(VersionAnswer.self).version
    } catch {
      throw Self.error(error, asked: .schema(subject: subject))
    }
  }

  private func version(named name: String, subject: String) async throws(RegistryError) -> Version {
    do {
      let path = "/subjects/\(RegistryURL.encoded(subject))/versions/\(name)"
      return try await transport.get(path).decoded(VersionAnswer.self).version
    } catch {
      throw Self.error(error, asked: .version(subject: subject, version: name))
    }
  }

  // MARK: Answers

  private struct SchemaBody: Encodable { var schema: String }
  private struct SchemaAnswer: Decodable {
    var schema: String
    var references: [ReferenceReader.Reference]?
  }
  private struct IDAnswer: Decodable { var id: Int32 }
  private struct VersionAnswer: Decodable {
    let version: Version

    private enum CodingKeys: CodingKey { case subject, version, id, schema, schemaType, references }

    init(from decoder: any Decoder) throws {
      let answer = try decoder.container(keyedBy: CodingKeys.self)
      version = Version(
        subject: try answer.decode(String.self, forKey: .subject),
        version: try answer.decode(Int32.self, forKey: .version), id: try answer.decode(Int32.self, forKey: .id),
        schema: try answer.decode(String.self, forKey: .schema),
        // Left out for Avro.
        schemaType: try answer.decodeIfPresent(String.self, forKey: .schemaType) ?? "AVRO",
        references: try answer.decodeIfPresent([ReferenceReader.Reference].self, forKey: .references)?.map(\.subject)
          ?? [])
    }
  }

  enum Asked {
    case id(Int32)
    case schema(subject: String)
    case version(subject: String, version: String)
    case other

    var subject: String {
      switch self {
      case .schema(let subject), .version(let subject, _): subject
      case .id, .other: ""
      }
    }
  }

  static func error(_ failure: RegistryTransport.Failure, asked: Asked) -> RegistryError {
    let refusal: RegistryTransport.Refusal
    switch failure {
    case .unreachable(let urls, let reason): return .unreachable(urls: urls, reason: reason)
    case .cancelled: return .cancelled
    case .refused(let answer): refusal = answer
    }
    switch (refusal.status, refusal.code, asked) {
    case (404, 40403, .id(let id)): return .unknownID(id)
    case (404, 40401, .schema(let subject)), (404, 40401, .version(let subject, _)):
      return .subjectNotFound(subject: subject)
    case (404, 40402, .version(let subject, let version)):
      return .versionNotFound(subject: subject, version: version)
    case (404, 40403, .schema(let subject)): return .schemaNotRegistered(subject: subject)
    case (422, _, .schema(let subject)): return .invalidSchema(subject: subject, reason: refusal.message)
    case (409, _, _):
      return .incompatibleWithEarlierVersion(subject: asked.subject, reason: refusal.message)
    case (401, _, _), (403, _, _): return .notAllowed(status: refusal.status, reason: refusal.message)
    default:
      return .unexpectedAnswer(
        request: refusal.request, status: refusal.status, code: refusal.code, reason: refusal.message)
    }
  }
}
