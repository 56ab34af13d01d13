import AvroSchema
import BankSupport
import JSONText

/// What a registry has of one subject.
struct RegisteredSubject: Sendable {
  struct Version: Sendable {
    var number: Int32
    var text: String
    /// `AVRO`, `PROTOBUF` or `JSON`.
    var type = "AVRO"
    /// Subjects of types that the schema names and does not hold.
    var references: [String] = []
  }

  var name: String
  /// Oldest first.
  var versions: [Version]
}

/// The files that subjects become: definitions, their history, and what has no place in either.
struct RegistryImport {
  /// Folder of what is left as it is.
  static let leftOutFolder = "left-out"

  /// By path, from the folder of definitions.
  private(set) var files: [(path: String, text: String)] = []
  /// What was left out, and why.
  private(set) var notes: [String] = []

  /// - Throws: what makes it impossible to import all of these together.
  init(of subjects: [RegisteredSubject]) throws(SupportError) {
    var kept: [(subject: RegisteredSubject, schema: Schema)] = []
    for subject in subjects {
      guard let latest = subject.versions.last else { continue }
      do throws(LeftOut) {
        let schema = try Self.schema(of: latest)
        try Self.checkSayable(schema)
        kept.append((subject, schema))
        if schema.definedName == nil {
          throw LeftOut("it is no record, enum or fixed; those inside of it are definitions now")
        }
      } catch {
        leaveOut(subject.name, latest, error.reason)
      }
    }
    let definitions = try Self.definitions(of: kept.map { ($0.subject.name, $0.schema) })
    files += definitions.map { ($0.name, $0.text) }
    addHistory(of: kept)
    files.sort { $0.path < $1.path }
  }

  /// Why a schema has no place.
  struct LeftOut: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
  }

  // MARK: Definitions

  static func schema(of version: RegisteredSubject.Version) throws(LeftOut) -> Schema {
    guard version.type == "AVRO" else { throw LeftOut("it is \(version.type), not Avro") }
    guard version.references.isEmpty else {
      throw LeftOut(
        "it names types of other subjects (\(version.references.joined(separator: ", "))); references are not "
          + "followed, only schemas that hold every type they name")
    }
    do {
      return try Schema(parsing: version.text)
    } catch {
      throw LeftOut("it is not a schema as the specification has it: \(error)")
    }
  }

  /// Throws when not even alone the schema can be written as definitions.
  private static func checkSayable(_ schema: Schema) throws(LeftOut) {
    let roots = named(in: schema)
    if roots.isEmpty { throw LeftOut("it has no record, enum or fixed") }
    do {
      _ = try DefinitionsText.yaml(of: roots)
    } catch {
      throw LeftOut("definitions can't say this: \(error)")
    }
  }

  /// The schema, or the outermost named types in it.
  private static func named(in schema: Schema) -> [Schema] {
    schema.definedName != nil ? [schema] : schema.children.flatMap { named(in: $0) }
  }

  private static func definitions(
    of kept: [(subject: String, schema: Schema)]
  ) throws(SupportError) -> [DefinitionsText.File] {
    if kept.isEmpty { return [] }
    do {
      return try DefinitionsText.files(
        of: kept.flatMap { named(in: $0.schema) }, comment: "Imported from a schema registry.")
    } catch {
      guard error.kind == .conflict, let type = error.type else {
        throw SupportError("the schemas can't be definitions together: \(error); choose with --subject")
      }
      let owners = kept.filter { NamedTypes(of: $0.schema)[type] != nil }.map(\.subject)
      throw SupportError(
        "\(type) is not the same in the newest schemas of the subjects \(owners.joined(separator: ", ")): register one "
          + "meaning under all of them, or import them to folders of their own with --subject")
    }
  }

  // MARK: History

  private struct Shipped {
    var schema: Schema
    var text: String
  }

  /// The versions of records that are definitions, under their own names or one that is now an alias.
  private mutating func addHistory(of kept: [(subject: RegisteredSubject, schema: Schema)]) {
    let defined = Set(NamedTypes(of: kept.map(\.schema)).names)
    var aliases: [FullName: [FullName]] = [:]
    for case .record(let record) in kept.map(\.schema) {
      aliases[record.name] = record.aliases.filter { !defined.contains($0) }
    }
    let wanted = Set(aliases.keys).union(aliases.values.joined())
    var lines: [FullName: [[Shipped]]] = [:]
    for (subject, schema) in kept {
      guard case .record(let record) = schema else { continue }
      for (name, line) in shipped(subject, newest: record, wanted) { lines[name, default: []].append(line) }
    }
    var last: [FullName: Int] = [:]
    for case .record(let record) in kept.map(\.schema) where last[record.name] == nil {
      // Numbers go on when a record is renamed.
      var number = 0
      for name in (aliases[record.name] ?? []) + [record.name] {
        if let known = last[name] {
          number = max(number, known)
          continue
        }
        var versions = Self.merged(lines[name] ?? [])
        if name == record.name, let index = versions.firstIndex(where: { $0.schema == .record(record) }) {
          versions.append(versions.remove(at: index))
        }
        for version in versions {
          number += 1
          files.append(("history/\(name).\(number).avsc", version.text))
        }
        last[name] = number
      }
    }
  }

  /// The subject's versions by the name that the record had.
  private mutating func shipped(
    _ subject: RegisteredSubject, newest: RecordSchema, _ wanted: Set<FullName>
  ) -> [FullName: [Shipped]] {
    var lines: [FullName: [Shipped]] = [:]
    for version in subject.versions {
      do throws(LeftOut) {
        let schema = try Self.schema(of: version)
        guard case .record(let record) = schema else { throw LeftOut("it is no record") }
        guard wanted.contains(record.name) else {
          throw LeftOut("it is of \(record.name), which no record is called or has as an alias now")
        }
        let text = try Self.historyText(of: version, name: record.name)
        lines[record.name, default: []].append(Shipped(schema: schema, text: text))
      } catch {
        notes.append("subject \(subject.name), version \(version.number) is not in history: \(error.reason)")
      }
    }
    return lines
  }

  /// Throws for what avrogen would not read (docs/definitions.md, "What is refused").
  private static func historyText(
    of version: RegisteredSubject.Version, name: FullName
  ) throws(LeftOut) -> String {
    // File systems take 255 bytes; the number and what writes the file put something before and behind the name.
    guard name.description.utf8.count <= 220 else { throw LeftOut("its name is too long for that of a file") }
    guard let json = try? JSONValue(parsing: version.text, limits: JSONLimits(maxDepth: DefinitionsText.maxNesting))
    else { throw LeftOut("it has more than \(DefinitionsText.maxNesting) levels inside each other") }
    guard isReadable(json) else { throw LeftOut("it has a text of more than \(DefinitionsText.maxTextBytes) bytes") }
    let text = PrettyJSON.text(of: json)
    guard text.utf8.count <= DefinitionsText.maxFileBytes else {
      throw LeftOut("it has more than \(DefinitionsText.maxFileBytes) bytes")
    }
    return text
  }

  private static func isReadable(_ json: JSONValue) -> Bool {
    switch json {
    case .string(let text): text.utf8.count <= DefinitionsText.maxTextBytes
    case .array(let items): items.allSatisfy(isReadable)
    case .object(let members):
      members.allSatisfy { $0.name.utf8.count <= DefinitionsText.maxTextBytes && isReadable($0.value) }
    default: true
    }
  }

  /// One order of what several subjects have of a record: that of the longest; what others have besides stands before
  /// what came next there.
  private static func merged(_ lines: [[Shipped]]) -> [Shipped] {
    var sorted = lines.sorted { $0.count > $1.count }[...]
    var merged = sorted.popFirst() ?? []
    for line in sorted {
      var place = merged.count
      for version in line.reversed() {
        if let index = merged.firstIndex(where: { $0.schema == version.schema }) {
          place = index
        } else {
          merged.insert(version, at: place)
        }
      }
    }
    return merged
  }

  // MARK: Left out

  private mutating func leaveOut(_ subject: String, _ version: RegisteredSubject.Version, _ reason: String) {
    let isAvro = version.type == "AVRO"
    let path = "\(Self.leftOutFolder)/\(Self.fileName(subject)).\(isAvro ? "avsc" : "txt")"
    let json = isAvro ? try? JSONValue(parsing: version.text) : nil
    files.append((path, json.map { PrettyJSON.text(of: $0) } ?? version.text + "\n"))
    notes.append("subject \(subject), version \(version.number) is left as it is in \(path): \(reason)")
  }

  /// A subject may hold anything: what is not a letter, digit, `.`, `_` or `-` becomes `%` and two digits, a dot at the
  /// start too. Long ones are cut and end in a mark of their own.
  static func fileName(_ subject: String) -> String {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-".utf8)
    let name = subject.utf8.enumerated().map { index, byte in
      if plain.contains(byte), index > 0 || byte != UInt8(ascii: ".") { return String(UnicodeScalar(byte)) }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
    guard name.utf8.count > 200 else { return name }
    return name.prefix(180) + "%-" + String(CRC64.fingerprint(of: subject.utf8), radix: 16)
  }
}
