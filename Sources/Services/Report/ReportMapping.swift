import BankSupport
import CYaml
import Foundation

/// Which run files belong to which variant, as a YAML file says: a mapping of a variant's name to a file, a list of files,
/// or a beginning of names with `*` behind it.
public struct ReportMapping: Sendable, Hashable {
  /// More variants can't be told apart in a chart.
  public static let variantLimit = 12
  public static let fileLimit = 1_000
  static let textLimitBytes = 1 << 20

  public struct Variant: Sendable, Hashable {
    public var name: String
    /// Absolute paths, in order.
    public var files: [String]
  }

  public var variants: [Variant]

  /// Reads a mapping; files are looked for from its folder.
  ///
  /// - Throws: ``ReportProblem`` for what is no such mapping, and for a variant without a file.
  public init(file: String) throws(ReportProblem) {
    let bytes: [UInt8]?
    do { bytes = try Files.read(file, limitBytes: Self.textLimitBytes) } catch { throw ReportProblem("\(error)") }
    guard let bytes else { throw ReportProblem("there is no mapping \(file)") }
    let folder = (Files.absolute(file) as NSString).deletingLastPathComponent
    try self.init(name: file, parsing: bytes, folder: folder)
  }

  init(name: String, parsing bytes: [UInt8], folder: String) throws(ReportProblem) {
    variants = []
    for (variant, patterns) in try Self.entries(name, bytes) {
      guard !variant.isEmpty, variant.count <= 60 else {
        throw ReportProblem("\(name): the name of a variant has 1 to 60 characters")
      }
      guard !variants.contains(where: { $0.name == variant }) else {
        throw ReportProblem("\(name): the variant \"\(variant)\" is there twice")
      }
      var files: [String] = []
      for pattern in patterns {
        for found in try Self.files(pattern, folder, "\(name), \(variant)") where !files.contains(found) {
          files.append(found)
        }
      }
      guard files.count <= Self.fileLimit else { throw ReportProblem("\(name), \(variant): more than 1000 files") }
      variants.append(Variant(name: variant, files: files))
    }
    guard !variants.isEmpty else {
      throw ReportProblem("\(name) names no variant: write lines such as \"one: load-tests/one-*\"")
    }
    guard variants.count <= Self.variantLimit else {
      throw ReportProblem("\(name) has more than \(Self.variantLimit) variants: a chart can't show them")
    }
  }

  private static func files(_ pattern: String, _ folder: String, _ place: String) throws(ReportProblem) -> [String] {
    let path = pattern.hasPrefix("/") ? pattern : "\(folder)/\(pattern)"
    guard pattern.hasSuffix("*") else {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        throw ReportProblem("\(place): there is no file \(pattern)")
      }
      return [path]
    }
    let beginning = String(path.dropLast())
    guard !beginning.contains("*") else { throw ReportProblem("\(place): a * stands at the end alone: \(pattern)") }
    let parent = (beginning as NSString).deletingLastPathComponent
    let start = beginning.hasSuffix("/") ? "" : (beginning as NSString).lastPathComponent
    let within = beginning.hasSuffix("/") ? String(beginning.dropLast()) : parent
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: within)) ?? [])
      .filter { $0.hasPrefix(start) && $0.hasSuffix(".jsonl") }.sorted()
    guard !names.isEmpty else { throw ReportProblem("\(place): no file matches \(pattern)") }
    return names.map { "\(within)/\($0)" }
  }

  // MARK: YAML

  private static func entries(
    _ name: String, _ bytes: [UInt8]
  ) throws(ReportProblem) -> [(name: String, patterns: [String])] {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw ReportProblem("libyaml could not start: out of memory") }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    // libyaml keeps the pointer until the document is loaded.
    let result = bytes.withUnsafeBufferPointer { buffer in
      let nothing: [UInt8] = [0]
      return nothing.withUnsafeBufferPointer { empty in
        yaml_parser_set_input_string(&parser, buffer.baseAddress ?? empty.baseAddress, buffer.count)
        return Result { () throws(ReportProblem) in
          var document = yaml_document_t()
          guard yaml_parser_load(&parser, &document) == 1 else {
            let words = parser.problem.map { String(cString: $0) } ?? "no YAML"
            throw ReportProblem("\(name):\(parser.problem_mark.line + 1): \(words)")
          }
          defer { yaml_document_delete(&document) }
          return try Self.read(&document, name)
        }
      }
    }
    return try result.get()
  }

  private static func read(
    _ document: inout yaml_document_t, _ name: String
  ) throws(ReportProblem) -> [(name: String, patterns: [String])] {
    guard let root = yaml_document_get_root_node(&document) else { return [] }
    guard root.pointee.type == YAML_MAPPING_NODE else {
      throw ReportProblem("\(name) has to be a mapping of names to files, such as \"one: load-tests/one-*\"")
    }
    var entries: [(name: String, patterns: [String])] = []
    let pairs = root.pointee.data.mapping.pairs
    var pair = pairs.start
    while let current = pair, current != pairs.top {
      let key = try scalar(&document, current.pointee.key, name)
      entries.append((key, try patterns(&document, current.pointee.value, "\(name), \(key)")))
      pair = current + 1
    }
    return entries
  }

  private static func patterns(
    _ document: inout yaml_document_t, _ index: Int32, _ place: String
  ) throws(ReportProblem) -> [String] {
    guard let node = yaml_document_get_node(&document, index), node.pointee.type == YAML_SEQUENCE_NODE else {
      return [try scalar(&document, index, place)]
    }
    var patterns: [String] = []
    let items = node.pointee.data.sequence.items
    var item = items.start
    while let current = item, current != items.top {
      patterns.append(try scalar(&document, current.pointee, place))
      item = current + 1
    }
    guard !patterns.isEmpty else { throw ReportProblem("\(place): the list is empty") }
    return patterns
  }

  private static func scalar(
    _ document: inout yaml_document_t, _ index: Int32, _ place: String
  ) throws(ReportProblem) -> String {
    guard let node = yaml_document_get_node(&document, index), node.pointee.type == YAML_SCALAR_NODE,
      let start = node.pointee.data.scalar.value, node.pointee.data.scalar.length > 0
    else { throw ReportProblem("\(place): a name or a file has to stand here") }
    let bytes = UnsafeBufferPointer(start: start, count: node.pointee.data.scalar.length)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What was asked for can't be: exit status 2, and nothing was written.
public struct ReportProblem: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
