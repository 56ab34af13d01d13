import AvroSchema
import Foundation
import RandomAvro
import Testing

/// Random schemas, compiled by the plugin: what the generated code makes of random values against what fastavro does.
@Suite struct RandomSchemaTests {
  private static let schemaCount = 40
  private static let valuesPerSchema = 100

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1", "compiling takes minutes"),
    .timeLimit(.minutes(30)))
  func generatedCodeAgreesWithFastavro() async throws {
    let package = try ClientPackage()
    defer { package.remove() }
    var random = RandomAvro(seed: 5)
    var schemas: [Schema] = []
    while schemas.count < Self.schemaCount {
      let schema = random.record()
      // Definitions have no fixed of no bytes.
      if !schema.text().contains(#""size":0"#) { schemas.append(schema) }
    }
    try package.write("// The rest is generated.\n", to: "Events.swift")
    for (number, schema) in schemas.enumerated() { try package.write(schema.text(), to: "schema\(number).avsc") }
    try addDriver(of: schemas, to: package)

    var requests: [String] = []
    for (number, schema) in schemas.enumerated() {
      for _ in 0..<Self.valuesPerSchema { requests.append("\(number) \(Self.hex(random.bytes(of: schema)))") }
    }
    let input = package.folder.appending(path: "requests.txt")
    try Data((requests.joined(separator: "\n") + "\n").utf8).write(to: input)

    let ours = package.folder.appending(path: "ours.txt")
    let run = try await package.swift(["run", "driver", input.path, ours.path])
    try #require(run.status == 0, "\(run.output.suffix(4000))")
    let theirs = package.folder.appending(path: "theirs.txt")
    try runFastavro(schemas, input: input, output: theirs, in: package.folder)

    let left = try Self.lines(ours)
    let right = try Self.lines(theirs)
    #expect(left.count == requests.count && right.count == requests.count)
    for (request, (left, right)) in zip(requests, zip(left, right)) where left != right {
      Issue.record("\(request.prefix(500)): ours \(left.prefix(500)), theirs \(right.prefix(500))")
    }
  }

  /// A program that decodes and encodes with the generated types: a value's number of schema and bytes in hexadecimal a
  /// line in, bytes a line out, or what is wrong with a shape.
  private func addDriver(of schemas: [Schema], to package: ClientPackage) throws {
    let manifest = package.folder.appending(path: "Package.swift")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    let driver = """
      targets: [
          .executableTarget(
            name: "driver",
            dependencies: ["Events", .product(name: "AvroRuntime", package: "open-bank-mark")], path: "driver"),
      """
    try Data(text.replacing("targets: [", with: driver).utf8).write(to: manifest)
    let cases = schemas.enumerated().map { number, schema -> String in
      let type = schema.branchName?.split(separator: ".").last.map(String.init) ?? ""
      return "    case \"\(number)\": try again(bytes, \(type).self, \(type).View.self, \(type).Packed.self)"
    }
    let source = Self.driver.replacing("// CASES", with: cases.joined(separator: "\n"))
    try package.write(source, to: "../driver/Driver.swift")
  }

  private static let driver = """
    import AvroRuntime
    import Events
    import Foundation

    struct Difference: Error { var what: String }

    func again<Record: AvroRecord, View: AvroRecordView & ~Copyable, Packed: AvroPackedRecord>(
      _ bytes: [UInt8], _: Record.Type, _: View.Type, _: Packed.Type
    ) throws -> [UInt8] where Packed.Unpacked == Record {
      let value = try Record(avroBytes: bytes)
      let written = try value.avroBytes()
      let packed = try Packed(avroBytes: bytes)
      guard packed.avroBytes() == bytes else { throw Difference(what: "packed bytes") }
      guard try packed.unpacked().avroBytes() == written else { throw Difference(what: "unpacked") }
      try View.withDecoded(bytes) { _ in }
      if !bytes.isEmpty {
        let cut = Array(bytes.dropLast())
        if (try? Record(avroBytes: cut)) != nil { throw Difference(what: "cut, owned") }
        if (try? Packed(avroBytes: cut)) != nil { throw Difference(what: "cut, packed") }
        var isViewed = true
        do { try View.withDecoded(cut) { _ in } } catch { isViewed = false }
        if isViewed { throw Difference(what: "cut, view") }
      }
      return written
    }

    func answer(_ number: Substring, _ bytes: [UInt8]) throws -> [UInt8] {
      switch number {
    // CASES
      default: throw Difference(what: "schema \\(number)")
      }
    }

    func bytes(_ hex: Substring) -> [UInt8] {
      var digits = hex.utf8.map { UInt8($0 > 57 ? $0 - 87 : $0 - 48) }[...]
      var bytes: [UInt8] = []
      while let high = digits.popFirst(), let low = digits.popFirst() { bytes.append(high << 4 | low) }
      return bytes
    }

    func hex(_ bytes: [UInt8]) -> String {
      let digits = Array("0123456789abcdef")
      return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    @main enum Driver {
      static func main() throws {
        let lines = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8).split(separator: "\\n")
        let answers = lines.map { line -> String in
          let parts = line.split(separator: " ", omittingEmptySubsequences: false)
          do { return hex(try answer(parts[0], bytes(parts[1]))) } catch { return "!\\(error)" }
        }
        try (answers.joined(separator: "\\n") + "\\n")
          .write(toFile: CommandLine.arguments[2], atomically: true, encoding: .utf8)
      }
    }
    """

  private static let python = """
    import io, json, sys
    import fastavro
    schemas = [fastavro.parse_schema(schema) for schema in json.load(open(sys.argv[1]))]
    with open(sys.argv[3], "w") as answers:
        for line in open(sys.argv[2]):
            number, data = line.rstrip("\\n").split(" ")
            stream = io.BytesIO(bytes.fromhex(data))
            value = fastavro.schemaless_reader(stream, schemas[int(number)], None, return_named_type=True)
            assert not stream.read(1)
            output = io.BytesIO()
            fastavro.schemaless_writer(output, schemas[int(number)], value)
            print(output.getvalue().hex(), file=answers)
    """

  /// With the interpreter that `scripts/setup test` makes.
  private func runFastavro(_ schemas: [Schema], input: URL, output: URL, in folder: URL) throws {
    let texts = folder.appending(path: "schemas.json")
    try Data("[\(schemas.map { $0.text() }.joined(separator: ","))]".utf8).write(to: texts)
    let process = Process()
    process.executableURL = ClientPackage.repository.appending(path: ".venv/bin/python")
    process.arguments = ["-c", Self.python, texts.path, input.path, output.path]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  private static func lines(_ file: URL) throws -> [Substring] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
