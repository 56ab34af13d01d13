import AvroFile
import AvroRuntime
import AvroSchema
import Foundation
import Testing

@testable import avrogen

@Suite struct ToJSONTests {
  private static let schema = """
    {"type":"record","name":"a.R","fields":[{"name":"x","type":"long"},{"name":"s","type":["null","string"]}]}
    """

  private static func datum(_ number: Int64) throws -> [UInt8] {
    var writer = AvroWriter()
    writer.writeLong(number)
    writer.writeIndex(1)
    writer.writeString("text \(number)")
    return try writer.bytes()
  }

  private static func line(_ number: Int64) -> String { "{\"x\":\(number),\"s\":{\"string\":\"text \(number)\"}}\n" }

  /// Runs the verb in this process.
  private func run(
    _ place: CommandLineTests.Workplace, _ arguments: [String], input: [UInt8] = []
  ) throws -> Program.Result {
    let files = ["input", "output"].map { place.path($0) }
    try Data(input).write(to: URL(filePath: files[0]))
    try Data().write(to: URL(filePath: files[1]))
    let inputHandle = try FileHandle(forReadingFrom: URL(filePath: files[0]))
    let outputHandle = try FileHandle(forWritingTo: URL(filePath: files[1]))
    var result: Program.Result
    do throws(Invocation.UsageError) {
      result = ToJSON.run(
        try ToJSONArguments(arguments), standardInput: inputHandle.fileDescriptor,
        standardOutput: outputHandle.fileDescriptor)
    } catch {
      result = Program.Result(status: 2, messages: error.message)
    }
    try inputHandle.close()
    try outputHandle.close()
    result.output = try String(contentsOfFile: files[1], encoding: .utf8)
    return result
  }

  private func write(_ bytes: [UInt8], _ name: String, in place: CommandLineTests.Workplace) throws -> String {
    try Data(bytes).write(to: URL(filePath: place.path(name)))
    return place.path(name)
  }

  private func container(_ count: Int64, _ codec: AvroFileCodec = .deflate) throws -> [UInt8] {
    var writer = try AvroRawFileWriter(inMemory: [], schemaText: Self.schema, AvroFileWriting(codec: codec))
    for number in 0..<count { try writer.append(try Self.datum(number)) }
    return try writer.finish()
  }

  private static let fingerprint: [UInt8] = {
    let number = (try? Schema(parsing: schema))?.fingerprint() ?? 0
    return (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }()

  @Test func containersCarryTheirSchema() throws {
    let place = try CommandLineTests.Workplace()
    let bytes = try container(20_000)
    let lines = (0..<20_000).map { Self.line($0) }.joined()
    let file = try write(bytes, "a.avro", in: place)
    #expect(try run(place, [file]) == Program.Result(status: 0, output: lines))
    #expect(try run(place, ["-"], input: bytes) == Program.Result(status: 0, output: lines))
    #expect(try run(place, ["--format", "container"], input: bytes).output == lines)
    #expect(try run(place, ["--plain"], input: container(1)).output == "{\"x\":0,\"s\":\"text 0\"}\n")
    #expect(try run(place, ["--format=raw"]).status == 2)
  }

  @Test(arguments: ["single", "confluent", "raw"])
  func othersNeedASchema(format: String) throws {
    let place = try CommandLineTests.Workplace()
    let schema = try place.write(Self.schema, to: "R.avsc")
    let frame: [UInt8] = format == "raw" ? [] : format == "single" ? [0xC3, 1] + Self.fingerprint : [0, 0, 0, 0, 7]
    var bytes: [UInt8] = []
    // More than one chunk of input, so that data are cut by its ends.
    for number in 0..<20_000 { bytes += try frame + Self.datum(Int64(number)) }
    let lines = (0..<20_000).map { Self.line($0) }.joined()
    let good = Program.Result(status: 0, output: lines)
    #expect(try run(place, ["--schema", schema, "--format", format], input: bytes) == good)
    if format != "raw" {
      #expect(try run(place, ["--schema=\(schema)"], input: bytes) == good)
      let missing = try run(place, [], input: bytes)
      #expect(missing.status == 1)
      #expect(missing.messages.contains("add --schema"))
    }
    let cut = try run(place, ["--schema", schema, "--format", format], input: Array(bytes.dropLast(2)))
    #expect(cut.status == 1)
    #expect(cut.output == (0..<19_999).map { Self.line($0) }.joined())
    #expect(cut.messages.hasPrefix("avrogen: error: standard input, byte "))
  }

  @Test func wrongBytesAreNamed() throws {
    let place = try CommandLineTests.Workplace()
    let schema = try place.write(Self.schema, to: "R.avsc")
    let other = try run(place, ["--schema", schema], input: [0xC3, 1] + [UInt8](repeating: 1, count: 12))
    #expect(other.messages.contains("written with the schema of fingerprint 101010101010101, \(schema) has "))
    let bare = try run(place, ["--schema", schema], input: try Self.datum(5))
    #expect(bare.messages.contains("say --format raw"))
    let file = try write(Array(try container(5).dropLast(3)), "cut.avro", in: place)
    let cut = try run(place, [file, place.path("none")])
    #expect(cut.status == 1)
    #expect(cut.messages.contains("avrogen: error: \(file), byte "))
    #expect(cut.messages.contains("none: cannot be read: No such file or directory"))
    let noSchema = try place.write("{}", to: "bad.avsc")
    #expect(try run(place, ["--schema", noSchema]).messages.contains("bad.avsc: not a schema"))
    #expect(try run(place, []) == Program.Result(status: 0))
  }

  @Test(arguments: [
    (["--format", "contaner"], "unknown format \"contaner\"; did you mean \"container\"?"),
    (["--plian"], "unknown option \"--plian\" of tojson; did you mean \"--plain\"?"),
    (["--schema"], "--schema needs a value"),
    (["--schema", "a", "--schema", "b"], "--schema is given twice"),
  ])
  func wrongUsage(arguments: [String], message: String) throws {
    let result = Program.run(["tojson"] + arguments)
    #expect(result.status == 2)
    #expect(result.messages.contains(message))
  }

  @Test func aBrokenPipeEndsQuietly() throws {
    let place = try CommandLineTests.Workplace()
    let file = try write(try container(50_000), "a.avro", in: place)
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    let result = ToJSON.run(
      try ToJSONArguments([file]), standardOutput: pipe.fileHandleForWriting.fileDescriptor)
    #expect(result == Program.Result(status: 0))
  }
}
