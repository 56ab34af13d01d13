import AvroFile
import AvroRuntime
import AvroSchema

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `avrogen tojson`: prints Avro data as one line of JSON each.
///
/// Holds one block of a container file, or one datum of another, at a time, so files may be larger than memory.
struct ToJSON: ~Copyable {
  private let arguments: ToJSONArguments
  private let given: Given?
  private let standardInput: Int32
  private var output: LineWriter

  /// The schema that `--schema` names.
  private struct Given {
    var file: String
    var json: AvroJSON
    var fingerprint: UInt64
  }

  /// The largest datum outside of a container file, in bytes.
  static let maxDatumBytes = 64 << 20

  static let verb = OwnVerb(
    name: "tojson",
    help: "  tojson [--plain] [--schema FILE.avsc] [--format FORMAT] [FILE…]\n"
      + "                    JSON lines of data: container, single, confluent, raw or auto\n"
  ) { arguments throws(Invocation.UsageError) in run(try ToJSONArguments(arguments)) }

  static func run(
    _ arguments: ToJSONArguments, standardInput: Int32 = 0, standardOutput: Int32 = 1
  ) -> Program.Result {
    // A pipe that nobody reads any more is then an error of write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    var messages = ""
    do throws(ToJSONError) {
      var printer = try ToJSON(arguments, standardInput: standardInput, output: LineWriter(standardOutput))
      for file in arguments.files {
        do throws(ToJSONError) {
          try printer.print(file)
        } catch {
          messages += "avrogen: error: \(error.message)\n"
        }
        // What came before an error is printed before it.
        try printer.output.flush()
      }
    } catch {
      messages += "avrogen: error: \(error.message)\n"
    }
    return Program.Result(status: messages.isEmpty ? 0 : 1, messages: messages)
  }

  private init(
    _ arguments: ToJSONArguments, standardInput: Int32, output: consuming LineWriter
  ) throws(ToJSONError) {
    given = try arguments.schemaFile.map { (file) throws(ToJSONError) in
      try Self.schema(file, isPlain: arguments.isPlain)
    }
    self.arguments = arguments
    self.standardInput = standardInput
    self.output = output
  }

  private static func schema(_ file: String, isPlain: Bool) throws(ToJSONError) -> Given {
    var stream = try ByteStream(file, standardInput: -1)
    try stream.readMore(until: InputLimits.fileBytes + 1)
    guard stream.bytes.count <= InputLimits.fileBytes else {
      throw ToJSONError(message: "\(file): larger than \(InputLimits.fileBytes) bytes")
    }
    do throws(SchemaError) {
      guard let text = String(validating: stream.bytes, as: UTF8.self) else {
        throw SchemaError(.malformed, path: "", message: "not UTF-8")
      }
      let schema = try Schema(parsing: text)
      let json = try AvroJSON(schema, style: isPlain ? .plain : .specification)
      return Given(file: file, json: json, fingerprint: schema.fingerprint())
    } catch {
      throw ToJSONError(message: "\(file): not a schema: \(error)")
    }
  }

  private mutating func print(_ file: String) throws(ToJSONError) {
    if output.isClosed { return }
    var stream = try ByteStream(file, standardInput: standardInput)
    var format = arguments.format
    if format == .auto {
      try stream.readMore(until: 5)
      if stream.bytes.isEmpty { return }
      guard let found = Self.format(of: stream.bytes) else {
        throw ToJSONError(
          message: "\(stream.name), byte 0: neither a container file nor a single object nor Confluent's framing: "
            + "say --format raw when these are bare data")
      }
      format = found
    }
    if format == .container {
      try printContainer(stream)
    } else {
      try printData(&stream, format)
    }
  }

  /// By magic; nil when there is none. Bare data can begin with anything.
  static func format(of bytes: [UInt8]) -> ToJSONArguments.Format? {
    if bytes.starts(with: [0x4F, 0x62, 0x6A, 1]) { return .container }
    if bytes.starts(with: [0xC3, 0x01]) { return .single }
    if bytes.count >= 5, bytes[0] == 0 { return .confluent }
    return nil
  }

  private mutating func printContainer(_ stream: borrowing ByteStream) throws(ToJSONError) {
    do throws(AvroFileError) {
      var reader = try AvroRawFileReader(
        descriptor: stream.descriptor, name: stream.name, alreadyRead: stream.bytes)
      let json: AvroJSON
      do throws(SchemaError) {
        json = try AvroJSON(reader.header.schema, style: arguments.isPlain ? .plain : .specification)
      } catch {
        throw AvroFileError(.invalidSchema(error), file: stream.name, offset: 0, message: "the schema: \(error)")
      }
      while !output.isClosed, let line = try reader.next({ bytes throws(AvroError) in try json.text(of: bytes) }) {
        do throws(ToJSONError) {
          try output.write(line)
        } catch {
          throw AvroFileError(.system(errno), message: error.message)
        }
      }
    } catch {
      throw ToJSONError(message: "\(error)")
    }
  }

  /// Data one after another, each behind its frame.
  private mutating func printData(
    _ stream: inout ByteStream, _ format: ToJSONArguments.Format
  ) throws(ToJSONError) {
    guard let given else {
      throw ToJSONError(
        message: "\(stream.name), byte 0: \(format.rawValue) bytes have no schema with them: add --schema FILE.avsc")
    }
    while !output.isClosed {
      if stream.bytes.isEmpty { try stream.readMore() }
      if stream.bytes.isEmpty, stream.isAtEnd { return }
      let frameBytes = try checkFrame(&stream, format, given)
      var failure: AvroError?
      // As many data as are whole in what has been read; the frame in front of the first is known to be good.
      let (lines, used) = Self.lines(stream.bytes, format, given, frameBytes, &failure)
      for line in lines { try output.write(line) }
      stream.consume(used)
      guard let failure, lines.isEmpty else { continue }
      // What seems damaged may be cut off only.
      guard stream.isAtEnd || stream.bytes.count > Self.maxDatumBytes else {
        try stream.readMore()
        continue
      }
      let place = stream.offset + frameBytes + failure.offset
      throw ToJSONError(message: "\(stream.name), byte \(place): \(failure.kind.explanation)")
    }
  }

  /// - Returns: how many bytes are before the datum.
  private func checkFrame(
    _ stream: inout ByteStream, _ format: ToJSONArguments.Format, _ given: Given
  ) throws(ToJSONError) -> Int {
    let frameBytes = Self.frameBytes(format)
    try stream.readMore(until: frameBytes)
    let bytes = stream.bytes
    let place = "\(stream.name), byte \(stream.offset)"
    guard bytes.count >= frameBytes else {
      throw ToJSONError(message: "\(place): the bytes end inside the \(frameBytes) before a datum")
    }
    switch format {
    case .single:
      guard bytes.starts(with: [0xC3, 0x01]) else {
        throw ToJSONError(message: "\(place): a single object begins with C3 01")
      }
      let found = Self.fingerprint(bytes)
      guard found == given.fingerprint else {
        throw ToJSONError(
          message: "\(place): written with the schema of fingerprint \(String(found, radix: 16)), \(given.file) has "
            + String(given.fingerprint, radix: 16))
      }
    case .confluent:
      guard bytes[0] == 0 else { throw ToJSONError(message: "\(place): Confluent's framing begins with a byte 0") }
    default: break
    }
    return frameBytes
  }

  private static func frameBytes(_ format: ToJSONArguments.Format) -> Int {
    switch format {
    case .single: 10
    case .confluent: 5
    default: 0
    }
  }

  private static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
    bytes[2..<10].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The data that are whole in `bytes`, up to a frame that has to be looked at again.
  private static func lines(
    _ bytes: [UInt8], _ format: ToJSONArguments.Format, _ given: Given, _ frameBytes: Int,
    _ failure: inout AvroError?
  ) -> (lines: [String], used: Int) {
    let frame = bytes.prefix(frameBytes)
    return bytes.withUnsafeBytes { bytes in
      var lines: [String] = []
      var used = 0
      while bytes.count - used >= frameBytes, used < bytes.count || lines.isEmpty {
        if !lines.isEmpty, !bytes[used..<used + frameBytes].elementsEqual(frame) { break }
        var reader = AvroReader(UnsafeRawBufferPointer(rebasing: bytes[(used + frameBytes)...]))
        do throws(AvroError) {
          lines.append(try given.json.text(from: &reader))
        } catch {
          failure = error
          break
        }
        used += frameBytes + reader.offset
        if frameBytes + reader.offset == 0 { break }
      }
      return (lines, used)
    }
  }
}
