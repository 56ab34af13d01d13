import JSONText

/// A line of the journal: `{"crc32":"xxxxxxxx","record":[<key>,<value>]}`, where the checksum is over the bytes of the
/// array as they stand there, and key and value are those of Confluent's topic.
///
/// Lines of before that are read too: `registration`, with an id, a subject, a version and a schema, and `level`.
enum JournalLine {
  /// What replaying a file gave, in the order of the file.
  enum Entry: Sendable {
    case record(RegistryRecord, line: Int)
    /// `lostAtMost` is a bound on the registrations that the damaged bytes held: none is shorter than 64 bytes. `lostID`
    /// is the id that can still be read in them, which an import may have chosen far from its neighbours; 0 when none.
    case damaged(line: Int, reason: String, lostAtMost: Int, lostID: Int32)
  }

  static let shortestLineBytes = 64
  private static let prefix = Array(#"{"crc32":""#.utf8)
  private static let limits = JSONLimits(maxDepth: 200, maxBytes: 64 << 20)

  private enum Kind: String, CaseIterable {
    case record, registration, level

    /// What stands between checksum and content.
    var middle: [UInt8] { Array("\",\"\(rawValue)\":".utf8) }
  }

  static func bytes(of record: RegistryRecord) -> [UInt8] {
    let body = Array(JSONValue.array([record.keyJSON, record.value ?? .null]).text.utf8)
    return prefix + hex(CRC32.checksum(body)) + Kind.record.middle + body + Array("}\n".utf8)
  }

  static func entries(in bytes: [UInt8]) -> [Entry] {
    var entries: [Entry] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      number += 1
      do throws(RegistryRecord.Malformed) {
        entries.append(.record(try record(in: line), line: number))
      } catch {
        entries.append(
          .damaged(
            line: number, reason: error.description, lostAtMost: line.count / shortestLineBytes + 1,
            lostID: readableID(in: line)))
      }
    }
    return entries
  }

  private static let idKey = Array(#""id":"#.utf8)

  /// The number behind the first `"id":`: in a record of a schema it stands before all that is sent by others.
  private static func readableID(in line: ArraySlice<UInt8>) -> Int32 {
    guard let place = line.firstRange(of: idKey) else { return 0 }
    let digits = line[place.upperBound...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return Int32(String(decoding: digits, as: UTF8.self)) ?? 0
  }

  private static func record(in line: ArraySlice<UInt8>) throws(RegistryRecord.Malformed) -> RegistryRecord {
    let checksumEnd = prefix.count + 8
    let bytes = Array(line)
    guard bytes.count > checksumEnd, bytes.starts(with: prefix), bytes.last == UInt8(ascii: "}"),
      let kind = Kind.allCases.first(where: { bytes[checksumEnd...].starts(with: $0.middle) })
    else { throw RegistryRecord.Malformed("not a line of a registry's journal") }
    let body = bytes[(checksumEnd + kind.middle.count)..<(bytes.count - 1)]
    guard bytes[prefix.count..<checksumEnd].elementsEqual(hex(CRC32.checksum(body))) else {
      throw RegistryRecord.Malformed("the checksum does not fit")
    }
    let json: JSONValue
    do {
      json = try JSONValue(parsing: Array(body), limits: limits)
    } catch {
      throw RegistryRecord.Malformed("the record cannot be read: \(error)")
    }
    switch kind {
    case .record:
      guard case .array(let parts) = json, parts.count == 2 else {
        throw RegistryRecord.Malformed("the record is not a key and a value")
      }
      return try RegistryRecord(key: parts[0], value: parts[1])
    case .registration:
      guard let subject = json.text("subject"), let version = json.number("version"), let id = json.number("id"),
        let text = json.text("schema")
      else { throw RegistryRecord.Malformed("the registration lacks id, subject, version or schema") }
      return Registration(subject: subject, version: version, id: id, content: SchemaContent(text: text)).record
    case .level:
      let level = json.text("level").map { JSONValue.object([.init("compatibilityLevel", .string($0))]) }
      return RegistryRecord(.config(subject: json.text("subject")), level)
    }
  }

  private static func hex(_ value: UInt32) -> [UInt8] {
    let text = String(value, radix: 16)
    return Array((String(repeating: "0", count: 8 - text.count) + text).utf8)
  }
}
