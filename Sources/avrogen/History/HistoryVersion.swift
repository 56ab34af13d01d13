import AvroSchema

/// A schema that shipped: one file below `history/`.
struct HistoryVersion: Sendable {
  /// What the file is called: the record's full name when it shipped, and its version, from 1.
  struct Name: Hashable, Sendable {
    var record: FullName
    var number: Int

    /// More versions than anyone ships; what is above it is a slip, a date for example.
    static let maxNumber = 1_000_000

    /// Of `<full name>.<number>.avsc`; nil for any other name.
    init?(file: String) {
      guard file.hasSuffix(".avsc") else { return nil }
      let stem = file.dropLast(5)
      guard let dot = stem.lastIndex(of: ".") else { return nil }
      let digits = stem[stem.index(after: dot)...]
      guard digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), digits.first != "0",
        let number = Int(digits), number <= Self.maxNumber
      else { return nil }
      let record = FullName(String(stem[..<dot]))
      guard record.isValid else { return nil }
      self.init(record: record, number: number)
    }

    init(record: FullName, number: Int) {
      self.record = record
      self.number = number
    }

    var file: String { "\(record).\(number).avsc" }
  }

  var name: Name
  /// As given or found.
  var path: String
  /// Index into the paths of the run.
  var file: Int
  /// Complete in itself.
  var schema: Schema

  var start: Location { Location(file: file, line: 1, column: 1) }
}

/// Reads what is below `history/`, and reports what can't be a version of a record.
struct HistoryReader {
  let diagnostics: Diagnostics

  /// The versions of all files without a problem. Files count on from `firstFile`.
  func read(_ inputs: [Loader.Input], firstFile: Int) -> [HistoryVersion] {
    var versions: [HistoryVersion] = []
    var places: [HistoryVersion.Name: String] = [:]
    for (index, input) in inputs.enumerated() {
      let start = Location(file: firstFile + index, line: 1, column: 1)
      let fileName = input.path.split(separator: "/").last.map(String.init) ?? input.path
      if case .failure(let error) = input.content {
        diagnostics.error(start, error.message)
        continue
      }
      guard let name = HistoryVersion.Name(file: fileName) else {
        diagnostics.error(
          start, "a file in history is called <full name of the record>.<version>.avsc, with versions 1, 2, 3, …")
        continue
      }
      if let first = places[name] {
        diagnostics.error(start, "duplicate version \(name.number) of \(name.record); the first is \(first)")
        continue
      }
      places[name] = input.path
      guard let schema = schema(of: input, name, start) else { continue }
      versions.append(HistoryVersion(name: name, path: input.path, file: start.file, schema: schema))
    }
    checkGaps(places, inputs, firstFile: firstFile)
    return versions
  }

  private func schema(of input: Loader.Input, _ name: HistoryVersion.Name, _ start: Location) -> Schema? {
    let source: SourceText
    do {
      source = try SourceText(try input.content.get(), file: start.file)
    } catch let problem as Problem {
      diagnostics.add(problem)
      return nil
    } catch {
      diagnostics.error(start, (error as? Loader.InputError)?.message ?? "cannot be read: \(error)")
      return nil
    }
    guard let root = JSONReader.read(source, diagnostics: diagnostics) else { return nil }
    do throws(SchemaError) {
      let schema = try Schema(parsing: String(decoding: source.bytes, as: UTF8.self))
      guard case .record(let record) = schema else {
        diagnostics.error(root.location, "history is of records; this is none")
        return nil
      }
      guard record.name == name.record else {
        diagnostics.error(
          root["name"]?.location ?? root.location, "this is \(record.name), the file is called \(name.file)")
        return nil
      }
      return schema
    } catch {
      let place = root.place(of: error.path)
      diagnostics.error(place, "not a schema: \(error.message)")
      return nil
    }
  }

  /// The oldest versions may be gone, none between: its absence would make a break legal.
  private func checkGaps(_ places: [HistoryVersion.Name: String], _ inputs: [Loader.Input], firstFile: Int) {
    var files: [String: Int] = [:]
    for (index, input) in inputs.enumerated() { files[input.path] = files[input.path] ?? firstFile + index }
    let byRecord = Dictionary(grouping: places.keys, by: \.record)
    for names in byRecord.values {
      let sorted = names.sorted { $0.number < $1.number }
      for (before, after) in zip(sorted, sorted.dropFirst()) where after.number != before.number + 1 {
        guard let path = places[after], let file = files[path] else { continue }
        let missing = before.number + 1
        let range = missing == after.number - 1 ? "version \(missing)" : "versions \(missing) to \(after.number - 1)"
        diagnostics.error(
          Location(file: file, line: 1, column: 1),
          "\(range) of \(after.record) missing before this one; only the oldest may be deleted")
      }
    }
  }
}

extension Node {
  /// Where the value stands that a JSON pointer leads to, as far as there is one.
  fileprivate func place(of pointer: String) -> Location {
    var node = self
    for step in pointer.split(separator: "/") {
      let inner = node.items.flatMap { items in Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil } }
      guard let next = inner ?? node[String(step)] else { break }
      node = next
    }
    return node.location
  }
}

extension Schema {
  /// Without the texts for people, at every level: they make no new version.
  var withoutDocs: Schema {
    switch self {
    case .primitive, .reference: return self
    case .array(let items): return .array(items: items.withoutDocs)
    case .map(let values): return .map(values: values.withoutDocs)
    case .union(let branches): return .union(branches.map(\.withoutDocs))
    case .fixed(var fixed):
      fixed.doc = nil
      return .fixed(fixed)
    case .enumeration(var enumeration):
      enumeration.doc = nil
      return .enumeration(enumeration)
    case .record(var record):
      record.doc = nil
      for index in record.fields.indices {
        record.fields[index].doc = nil
        record.fields[index].type = record.fields[index].type.withoutDocs
      }
      return .record(record)
    }
  }
}
