import AvroSchema

extension RegistryClient {
  /// Whether a schema may be the next version of a subject.
  public struct Compatibility: Hashable, Sendable {
    public var isCompatible: Bool
    /// The registry's own words for why not.
    public var messages: [String]
  }

  /// Asks whether `schema` fits the level that holds for `subject`, without registering it. A subject that is not there
  /// takes anything.
  ///
  /// - Parameter version: the only one to compare with; nil compares with those that the level names.
  public func compatibility(
    subject: String, schema: String, version: Int32? = nil
  ) async throws(RegistryError) -> Compatibility {
    struct Body: Encodable { var schema: String }
    struct Answer: Decodable {
      var isCompatible: Bool
      var messages: [String]?

      enum CodingKeys: String, CodingKey {
        case isCompatible = "is_compatible"
        case messages
      }
    }
    let path =
      "/compatibility/subjects/\(RegistryURL.encoded(subject))/versions" + (version.map { "/\($0)" } ?? "")
      + "?verbose=true"
    do throws(RegistryTransport.Failure) {
      let answer = try await transport.post(path, body: Body(schema: schema)).decoded(Answer.self)
      return Compatibility(isCompatible: answer.isCompatible, messages: answer.messages ?? [])
    } catch {
      throw Self.error(
        error, asked: version.map { .version(subject: subject, version: "\($0)") } ?? .schema(subject: subject))
    }
  }

  /// The compatibility level.
  ///
  /// - Parameters:
  ///   - subject: nil for the global level.
  ///   - defaultToGlobal: whether the global level stands in for a subject that has none of its own.
  /// - Returns: nil when the subject has none.
  public func config(
    subject: String? = nil, defaultToGlobal: Bool = false
  ) async throws(RegistryError) -> CompatibilityMode? {
    // A configuration may have other settings only, such as normalize.
    struct Answer: Decodable { var compatibilityLevel: String? }
    do throws(RegistryTransport.Failure) {
      let path = Self.configPath(subject) + (defaultToGlobal ? "?defaultToGlobal=true" : "")
      let answer = try await transport.get(path)
      guard let name = try answer.decoded(Answer.self).compatibilityLevel else { return nil }
      guard let level = CompatibilityMode(rawValue: name) else {
        throw .refused(
          RegistryTransport.Refusal(
            request: answer.request, status: 200, code: 200, message: "'\(name)' is no compatibility level"))
      }
      return level
    } catch {
      if case .refused(let refusal) = error, refusal.status == 404, [40401, 40408].contains(refusal.code) {
        return nil
      }
      throw Self.error(error, asked: .other)
    }
  }

  /// Sets the level of `subject`, or the global one.
  public func setConfig(_ level: CompatibilityMode, subject: String? = nil) async throws(RegistryError) {
    struct Body: Encodable { var compatibility: String }
    do throws(RegistryTransport.Failure) {
      _ = try await transport.put(Self.configPath(subject), body: Body(compatibility: level.rawValue))
    } catch {
      throw Self.error(error, asked: .other)
    }
  }

  /// Takes the level of `subject` away, so that the global one holds; or the global one, so that the registry's default
  /// holds.
  public func deleteConfig(subject: String? = nil) async throws(RegistryError) {
    do throws(RegistryTransport.Failure) {
      _ = try await transport.delete(Self.configPath(subject))
    } catch {
      throw Self.error(error, asked: .other)
    }
  }

  /// The mode that holds for `subject`, such as `READWRITE` or `READONLY`, wherever it comes from. Nil when the registry
  /// doesn't tell: an older one, or one that lets only some ask.
  public func mode(subject: String) async throws(RegistryError) -> String? {
    struct Answer: Decodable { var mode: String }
    do throws(RegistryTransport.Failure) {
      let path = "/mode/\(RegistryURL.encoded(subject))?defaultToGlobal=true"
      return try await transport.get(path).decoded(Answer.self).mode
    } catch {
      if case .refused(let refusal) = error, (400..<500).contains(refusal.status) { return nil }
      throw Self.error(error, asked: .other)
    }
  }

  private static func configPath(_ subject: String?) -> String {
    subject.map { "/config/\(RegistryURL.encoded($0))" } ?? "/config"
  }
}
