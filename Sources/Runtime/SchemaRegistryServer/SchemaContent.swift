import JSONText

/// A schema that another one leans on.
struct SchemaReference: Hashable, Sendable {
  /// What the schema calls it: for Avro the full name of the type.
  var name: String
  var subject: String
  /// -1 is the latest until it is registered.
  var version: Int32

  init(name: String, subject: String, version: Int32) {
    self.name = name
    self.subject = subject
    self.version = version
  }

  /// Nil when a part is missing or of another type.
  init?(_ json: JSONValue) {
    guard let name = json.text("name"), let subject = json.text("subject"), let version = json.number("version") else {
      return nil
    }
    self.init(name: name, subject: subject, version: version)
  }

  var json: JSONValue {
    .object([
      .init("name", .string(name)), .init("subject", .string(subject)), .init("version", .integer(Int64(version))),
    ])
  }
}

/// All that makes a schema this one and no other.
struct SchemaContent: Hashable, Sendable {
  static let avro = "AVRO"

  /// As it was sent; this is what is stored and served.
  var text: String
  /// Others than ``avro`` come only from another registry: they are kept and served, and nothing else.
  var type = SchemaContent.avro
  var references: [SchemaReference] = []
  var metadata: JSONValue?
  var ruleSet: JSONValue?

  /// What is equal for the same schema: the JSON with members sorted by name and no white space, and what goes with it.
  /// Texts that differ in layout only have the same one.
  var identity: ExactText {
    var parts = [type]
    let limits = JSONLimits(maxDepth: 1_000)
    if type == Self.avro, let json = try? JSONValue(parsing: text, limits: limits) {
      parts.append(json.sorted.text)
    } else {
      parts.append(text)
    }
    parts.append(JSONValue.array(references.map(\.json)).text)
    parts.append((metadata ?? .null).sorted.text)
    parts.append((ruleSet ?? .null).sorted.text)
    return ExactText(parts.joined(separator: "\n"))
  }

  /// Without metadata and rules.
  var withoutContract: SchemaContent { SchemaContent(text: text, type: type, references: references) }

  /// Members of a record's value and of an answer; what is not there, and the type AVRO, is left out.
  var members: [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    if type != Self.avro { members.append(.init("schemaType", .string(type))) }
    if !references.isEmpty { members.append(.init("references", .array(references.map(\.json)))) }
    if let metadata { members.append(.init("metadata", metadata)) }
    if let ruleSet { members.append(.init("ruleSet", ruleSet)) }
    return members + [.init("schema", .string(text))]
  }
}

extension JSONValue {
  /// The same with the members of every object in the order of their names.
  var sorted: JSONValue {
    switch self {
    case .array(let items): .array(items.map(\.sorted))
    case .object(let members):
      .object(
        members.map { Member($0.name, $0.value.sorted) }
          .sorted { ExactText.precedes(ExactText($0.name), ExactText($1.name)) })
    default: self
    }
  }
}

/// A version of a subject.
struct Registration: Sendable {
  var subject: String
  var version: Int32
  var id: Int32
  var content: SchemaContent
  /// Taken out of sight; its schema is served by its id as before.
  var isDeleted = false
  /// What else its record had, for the registry that gets it next.
  var others: [JSONValue.Member] = []

  init(
    subject: String, version: Int32, id: Int32, content: SchemaContent, isDeleted: Bool = false,
    others: [JSONValue.Member] = []
  ) {
    self.subject = subject
    self.version = version
    self.id = id
    self.content = content
    self.isDeleted = isDeleted
    self.others = others
  }

  private static let known: Set<String> = [
    "subject", "version", "id", "schemaType", "references", "metadata", "ruleSet", "schema", "deleted",
  ]

  /// From a SCHEMA record.
  init(subject: String, version: Int32, value: JSONValue) throws(RegistryRecord.Malformed) {
    guard case .object(let members) = value, let id = value.number("id"), id >= 0, let text = value.text("schema")
    else { throw RegistryRecord.Malformed("the value has no \"id\" and \"schema\"") }
    var content = SchemaContent(text: text, type: value.text("schemaType") ?? SchemaContent.avro)
    if let references = value.present("references") {
      guard case .array(let items) = references else {
        throw RegistryRecord.Malformed("\"references\" is not an array")
      }
      for item in items {
        guard let reference = SchemaReference(item) else {
          throw RegistryRecord.Malformed("a reference lacks name, subject or version")
        }
        content.references.append(reference)
      }
    }
    content.metadata = value.present("metadata")
    content.ruleSet = value.present("ruleSet")
    self.init(
      subject: subject, version: version, id: id, content: content, isDeleted: value.flag("deleted"),
      others: members.filter { !Self.known.contains($0.name) && $0.value != .null })
  }

  var record: RegistryRecord {
    RegistryRecord(
      .schema(subject: subject, version: version),
      .object(heading + others + content.members + [.init("deleted", .bool(isDeleted))]))
  }

  /// The answer about it.
  var json: JSONValue { .object(heading + content.members) }

  private var heading: [JSONValue.Member] {
    [
      .init("subject", .string(subject)), .init("version", .integer(Int64(version))), .init("id", .integer(Int64(id))),
    ]
  }
}
