import AvroSchema

/// Fetches what a schema refers to, so that it can be read by itself.
struct ReferenceReader {
  /// As an answer names it.
  struct Reference: Decodable, Hashable, Sendable {
    var name: String
    var subject: String
    var version: Int32
  }

  /// How many may stand in a row, each a reference of the one before.
  static let maxDepth = 20
  /// In all, for one schema.
  static let maxReferences = 500

  private struct Answer: Decodable {
    var schema: String
    var references: [Reference]?
  }

  private struct Place: Hashable {
    var subject: String
    var version: Int32
  }

  private let transport: RegistryTransport
  private let id: Int32
  private var types = NamedTypes()
  private var seen: Set<Place> = []

  private init(transport: RegistryTransport, id: Int32) {
    self.transport = transport
    self.id = id
  }

  /// The text with all types that it names written out; as it is when that can't be parsed, which whoever reads it
  /// will tell.
  ///
  /// - Parameter id: of the schema, for messages.
  static func selfContained(
    _ text: String, _ references: [Reference], id: Int32, _ transport: RegistryTransport
  ) async throws(RegistryTransport.Failure) -> String {
    guard !references.isEmpty else { return text }
    var reader = ReferenceReader(transport: transport, id: id)
    try await reader.add(references, depth: 0)
    guard let schema = try? Schema(parsing: text, types: reader.types) else { return text }
    return schema.text(types: reader.types)
  }

  private mutating func add(_ references: [Reference], depth: Int) async throws(RegistryTransport.Failure) {
    for reference in references {
      guard seen.insert(Place(subject: reference.subject, version: reference.version)).inserted else { continue }
      guard depth < Self.maxDepth, seen.count <= Self.maxReferences else {
        throw failure("schema \(id) has too many references, or too many in a row")
      }
      // Deleted ones too: records with the schema are on topics all the same.
      let path = "/subjects/\(RegistryURL.encoded(reference.subject))/versions/\(reference.version)?deleted=true"
      let answer: Answer
      do throws(RegistryTransport.Failure) {
        answer = try await transport.get(path).decoded(Answer.self)
      } catch {
        guard case .refused(var refusal) = error else { throw error }
        refusal.message =
          "schema \(id) refers to version \(reference.version) of subject \(reference.subject): \(refusal.message)"
        throw .refused(refusal)
      }
      try await add(answer.references ?? [], depth: depth + 1)
      do {
        types.add(try Schema(parsing: answer.schema, types: types))
      } catch {
        throw failure(
          "schema \(id) refers to version \(reference.version) of subject \(reference.subject), which can't be parsed: "
            + "\(error)")
      }
    }
  }

  private func failure(_ message: String) -> RegistryTransport.Failure {
    .refused(
      RegistryTransport.Refusal(request: "GET /schemas/ids/\(id)", status: 200, code: 200, message: message))
  }
}
