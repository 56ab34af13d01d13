import AvroFile
import AvroRuntime
import Foundation
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: AvroFileCodec.allCases)
  func whatIsWrittenIsRead(codec: AvroFileCodec) throws {
    let writing = AvroFileWriting(codec: codec, blockBytes: 2000, metadata: ["made.by": [1, 0, 255]])
    let bytes = try container(1000, writing)
    let result = read(bytes)
    #expect(result.error == nil)
    #expect(result.samples == (0..<1000).map(Sample.init))
    let reader = try AvroRawFileReader(bytes: bytes)
    #expect(reader.header.codec == codec)
    #expect(reader.header.metadata == ["made.by": [1, 0, 255]])
    #expect(reader.header.schemaText == Sample.schemaText)
    #expect(try blockStarts(bytes).count > 10)
    #expect(read(try container(0, writing)).samples.isEmpty)
  }

  @Test func levelsAreTaken() throws {
    for codec in AvroFileCodec.allCases {
      for level in codec.levels ?? 0...0 where codec.levels != nil {
        let bytes = try container(200, AvroFileWriting(codec: codec, level: level))
        #expect(read(bytes).samples.count == 200, "\(codec) \(level)")
      }
    }
    #expect(throws: AvroFileError.self) { try container(1, AvroFileWriting(codec: .deflate, level: 10)) }
    #expect(throws: AvroFileError.self) { try container(1, AvroFileWriting(codec: .snappy, level: 1)) }
  }

  @Test func optionsThatCannotBe() throws {
    func kind(_ writing: AvroFileWriting) -> AvroFileError.Kind? {
      do throws(AvroFileError) {
        _ = try AvroFileWriter<Sample>(inMemory: [], writing)
        return nil
      } catch {
        return error.kind
      }
    }
    #expect(kind(AvroFileWriting(metadata: ["avro.x": []])) == .reservedMetadata("avro.x"))
    #expect(kind(AvroFileWriting(syncMarker: [1])) == .invalidOption)
    #expect(kind(AvroFileWriting(blockBytes: 0)) == .invalidOption)
    #expect(kind(AvroFileWriting(metadata: ["": [], "avr": [1]])) == nil)
  }

  @Test(arguments: AvroFileCodec.allCases)
  func rawBytesAreThoseOfTheRecords(codec: AvroFileCodec) throws {
    var writer = try AvroRawFileWriter(
      inMemory: [], schemaText: Sample.schemaText, AvroFileWriting(codec: codec, maxBlockCount: 7))
    for index in 0..<100 { try writer.append(try Sample(index).avroBytes()) }
    #expect(throws: AvroFileError.self) { try writer.append([1, 2, 3]) }
    #expect(throws: AvroFileError.self) { try writer.append(try Sample(1).avroBytes() + [0]) }
    #expect(writer.count == 100)
    let bytes = try writer.finish()
    #expect(try blockStarts(bytes).count == 16)
    var reader = try AvroRawFileReader(bytes: bytes)
    var count = 0
    while let datum = try reader.next() {
      #expect(try datum == Sample(count).avroBytes())
      count += 1
    }
    #expect(count == 100)
  }

  @Test func filesOnDisk() throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    var writer = try AvroFileWriter<Sample>(path: path, AvroFileWriting(codec: .deflate))
    try writer.append(Sample(0))
    #expect(throws: AvroFileError.self) {
      _ = try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .append))
    }
    try writer.flush()
    #expect(read([UInt8](try Data(contentsOf: URL(filePath: path)))).samples == [Sample(0)])
    try writer.append(Sample(1))
    try writer.sync()
    try writer.append(Sample(2))
    try writer.close()
    var reader = try AvroFileReader<Sample>(path: path)
    for index in 0..<3 { #expect(try reader.next() == Sample(index)) }
    #expect(try reader.next() == nil)
    #expect(try reader.next() == nil)

    let exists = #expect(throws: AvroFileError.self) { _ = try AvroFileWriter<Sample>(path: path) }
    #expect(exists?.kind == .fileExists)
    try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .replace)).close()
    var empty = try AvroFileReader<Sample>(path: path)
    #expect(try empty.next() == nil)
    let missing = #expect(throws: AvroFileError.self) { _ = try AvroFileReader<Sample>(path: place.path("none")) }
    #expect(missing?.kind == .system(ENOENT))
    #expect(missing?.file == place.path("none"))
  }

  @Test func largeRecordsAndSmallBlocks() throws {
    let large = Sample(id: 1, text: String(repeating: "x", count: 3 << 20), numbers: [])
    var writer = try AvroFileWriter<Sample>(inMemory: [], AvroFileWriting(codec: .zstandard, maxDatumBytes: 4 << 20))
    try writer.append(Sample(0))
    try writer.append(large)
    let tooLarge = Sample(id: 1, text: String(repeating: "x", count: 5 << 20), numbers: [])
    #expect(throws: AvroFileError.self) { try writer.append(tooLarge) }
    try writer.append(Sample(2))
    let bytes = try writer.finish()
    #expect(read(bytes).samples == [Sample(0), large, Sample(2)])
    #expect(try blockStarts(bytes).count == 4)
  }

  @Test func concurrentReadersSeeTheSame() async throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    try Data(try container(3000, AvroFileWriting(codec: .xz, blockBytes: 5000))).write(to: URL(filePath: path))
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var reader = try AvroFileReader<Sample>(path: path)
          var count = 0
          while let sample = try reader.next() {
            guard sample == Sample(count) else { return -1 }
            count += 1
          }
          return count
        }
      }
      for try await count in group { #expect(count == 3000) }
    }
  }
}
