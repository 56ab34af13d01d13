import AvroSchema
import Hummingbird
import JSONText

/// The bodies of requests, read and checked.
enum RequestBody {
  private static let maxDepth = 100

  static func json(_ body: ByteBuffer, maxBytes: Int, example: String) throws(RegistryFailure) -> JSONValue {
    do {
      let limits = JSONLimits(maxDepth: maxDepth, maxBytes: maxBytes)
      return try JSONValue(parsing: Array(body.readableBytesView), limits: limits)
    } catch {
      throw RegistryFailure(status: 400, "The body is not JSON (\(error)): send \(example).")
    }
  }

  // MARK: A schema

  static func schema(_ json: JSONValue) throws(RegistryFailure) -> SchemaRequest {
    guard case .object = json else { throw .invalidSchema("the body is not a JSON object") }
    var content = SchemaContent(text: "", type: try text("schemaType", of: json) ?? SchemaContent.avro)
    if content.type.uppercased() == SchemaContent.avro { content.type = SchemaContent.avro }
    guard content.type == SchemaContent.avro else {
      throw .invalidSchema("schemaType '\(content.type)' is not known here; only AVRO is")
    }
    content.metadata = json.present("metadata")
    content.ruleSet = json.present("ruleSet")
    if let metadata = content.metadata { try DataContract.checkMetadata(metadata, "metadata") }
    if let ruleSet = content.ruleSet { try DataContract.checkRuleSet(ruleSet) }
    if let text = try text("schema", of: json) {
      content.text = text
    } else if content.metadata == nil, content.ruleSet == nil {
      throw .invalidSchema("the body has no \"schema\"")
    }
    content.references = try references(json)
    for name in ["schemaTagsToAdd", "schemaTagsToRemove"] where json.present(name) != nil {
      throw .notImplemented("\(name): send a schema that has the tags")
    }
    return SchemaRequest(content: content, id: try number("id", of: json), version: try number("version", of: json))
  }

  private static func references(_ json: JSONValue) throws(RegistryFailure) -> [SchemaReference] {
    guard let value = json.present("references") else { return [] }
    guard case .array(let items) = value else { throw .invalidSchema("\"references\" is not an array") }
    var references: [SchemaReference] = []
    for item in items {
      guard var reference = SchemaReference(item), reference.version >= 1 || reference.version == -1 else {
        throw .invalidSchema(
          "a reference is {\"name\": \"…\", \"subject\": \"…\", \"version\": 1}, with -1 for the latest")
      }
      reference.subject = QualifiedSubject(reference.subject).text
      references.append(reference)
    }
    return references
  }

  private static func text(_ name: String, of json: JSONValue) throws(RegistryFailure) -> String? {
    guard let value = json.present(name) else { return nil }
    guard case .string(let text) = value else {
      throw .invalidSchema("\"\(name)\" has the wrong type; the schema is sent as a string that holds JSON")
    }
    return text
  }

  /// What is not there, 0 and below are the same: not asked for.
  private static func number(_ name: String, of json: JSONValue) throws(RegistryFailure) -> Int32? {
    guard let value = json.present(name) else { return nil }
    guard case .integer(let number) = value, let number = Int32(exactly: number) else {
      throw .invalidSchema("\"\(name)\" is not a number of 32 bits")
    }
    return number < 1 ? nil : number
  }

  // MARK: Settings

  /// The members of a CONFIG record that a change of configuration asks for; null takes one away.
  static func configuration(_ json: JSONValue) throws(RegistryFailure) -> [JSONValue.Member] {
    let levels = CompatibilityMode.allCases.map(\.rawValue).joined(separator: ", ")
    let usage = "Send \"compatibility\" with one of \(levels)."
    guard case .object(let members) = json else { throw .invalidConfiguration("The body is not an object. \(usage)") }
    var changes: [JSONValue.Member] = []
    for member in members {
      switch (member.name, member.value) {
      case ("compatibility", .string(let name)), ("compatibilityLevel", .string(let name)):
        guard let level = CompatibilityMode(rawValue: name.uppercased()) else {
          throw .invalidConfiguration("'\(name)' is not a compatibility level. \(usage)")
        }
        changes.append(.init("compatibilityLevel", .string(level.rawValue)))
      case ("compatibility", .null), ("compatibilityLevel", .null): break
      case ("normalize", .bool), ("alias", .string), ("compatibilityGroup", .string): changes.append(member)
      case ("validateFields", .bool(false)), ("validateRules", .bool(false)): changes.append(member)
      case ("validateFields", .bool(true)), ("validateRules", .bool(true)):
        throw .notImplemented("check that \(member.name) asks for")
      case ("defaultMetadata", .object), ("overrideMetadata", .object):
        try DataContract.checkMetadata(member.value, member.name)
        changes.append(member)
      case ("defaultRuleSet", .object), ("overrideRuleSet", .object):
        try DataContract.checkRuleSet(member.value)
        changes.append(member)
      case (let name, .null) where known.contains(name): changes.append(member)
      case (let name, _) where known.contains(name) || name.hasPrefix("compatibility"):
        throw .invalidConfiguration("\"\(name)\" has the wrong type. \(usage)")
      default: break
      }
    }
    guard !changes.isEmpty else { throw .invalidConfiguration("Nothing that is known is asked for. \(usage)") }
    return changes
  }

  private static let known: Set<String> = [
    "normalize", "alias", "compatibilityGroup", "validateFields", "validateRules", "defaultMetadata",
    "overrideMetadata", "defaultRuleSet", "overrideRuleSet",
  ]

  static func mode(_ json: JSONValue) throws(RegistryFailure) -> RegistryMode {
    let name = json.text("mode") ?? ""
    guard let mode = RegistryMode(rawValue: name.uppercased()) else { throw .invalidMode(name) }
    return mode
  }
}
