import AvroFile
import AvroRuntime
import CAvro
import Foundation
import Testing

/// Files that go between fastavro, libavro and us, each way.
@Suite struct OtherImplementationsTests {
  @Test func fastavroReadsOurs() async throws {
    let place = try Workplace()
    var paths: [String] = []
    for codec in AvroFileCodec.allCases {
      let path = place.path("\(codec).avro")
      try Data(try container(500, AvroFileWriting(codec: codec, blockBytes: 1000))).write(to: URL(filePath: path))
      var writer = try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .append))
      for index in 500..<600 { try writer.append(Sample(index)) }
      try writer.close()
      paths.append(path)
    }
    let lines = try await runContainers(["read"] + paths).split(separator: "\n").map(String.init)
    #expect(
      lines == AvroFileCodec.allCases.map { "{\"codec\": \"\($0.rawValue)\", \"count\": 600, \"right\": true}" })
  }

  @Test(arguments: AvroFileCodec.allCases)
  func weReadFastavros(codec: AvroFileCodec) async throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    _ = try await runContainers(["write", codec.rawValue, path, "500"])
    _ = try await runContainers(["append", path, "500", "100"])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let result = read(bytes)
    #expect(result.error == nil)
    #expect(result.samples == (0..<600).map(Sample.init))
    let header = try AvroRawFileReader(bytes: bytes).header
    #expect(header.codec == codec)
    #expect(header.metadata["made.by"] == Array("fastavro".utf8))
  }

  /// Made once by another implementation, so that a fault that we would make both ways shows.
  @Test(arguments: AvroFileCodec.allCases)
  func goldenFiles(codec: AvroFileCodec) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let bytes = try Data(contentsOf: folder.appending(path: "Golden/\(codec.rawValue).avro"))
    let result = read([UInt8](bytes))
    #expect(result.error == nil)
    #expect(result.samples == (0..<40).map(Sample.init))
  }

  private static let libavroCodecs: [AvroFileCodec] = [.null, .deflate, .snappy]

  @Test(arguments: libavroCodecs)
  func libavroReadsOurs(codec: AvroFileCodec) throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    try Data(try container(500, AvroFileWriting(codec: codec, blockBytes: 1000))).write(to: URL(filePath: path))
    var reader: avro_file_reader_t?
    try #require(avro_file_reader(path, &reader) == 0, "\(String(cString: avro_strerror()))")
    defer { avro_file_reader_close(reader) }
    let schema = avro_file_reader_get_writer_schema(reader)
    defer { avro_schema_decref(schema) }
    let interface = try #require(avro_generic_class_from_schema(schema))
    defer { interface.pointee.decref_iface(interface) }
    var value = avro_value_t()
    try #require(avro_generic_value_new(interface, &value) == 0)
    defer { avro_value_decref(&value) }
    var count = 0
    while avro_file_reader_read_value(reader, &value) == 0 {
      var size = 0
      #expect(avro_value_sizeof(&value, &size) == 0)
      let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, written in
        buffer.withMemoryRebound(to: CChar.self) { text in
          let writer = avro_writer_memory(text.baseAddress, Int64(size))
          if avro_value_write(writer, &value) == 0 { written = size }
          avro_writer_free(writer)
        }
      }
      #expect(try Sample(avroBytes: bytes) == Sample(count))
      count += 1
    }
    #expect(count == 500)
  }

  @Test(arguments: libavroCodecs)
  func weReadLibavros(codec: AvroFileCodec) throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    var schema: avro_schema_t?
    let text = Sample.schemaText
    try #require(avro_schema_from_json_length(text, text.utf8.count, &schema) == 0)
    defer { avro_schema_decref(schema) }
    var writer: avro_file_writer_t?
    let status = avro_file_writer_create_with_codec(path, schema, &writer, codec.rawValue, 2000)
    try #require(status == 0, "\(String(cString: avro_strerror()))")
    for index in 0..<500 {
      var bytes = try Sample(index).avroBytes()
      let size = Int64(bytes.count)
      #expect(avro_file_writer_append_encoded(writer, &bytes, size) == 0)
    }
    try #require(avro_file_writer_close(writer) == 0)
    let result = read([UInt8](try Data(contentsOf: URL(filePath: path))))
    #expect(result.error == nil)
    #expect(result.samples == (0..<500).map(Sample.init))
  }
}
