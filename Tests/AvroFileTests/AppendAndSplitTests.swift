import AvroFile
import AvroRuntime
import Foundation
import Testing

@Suite struct AppendAndSplitTests {
  @Test(arguments: AvroFileCodec.allCases)
  func appendingTakesWhatTheFileHas(codec: AvroFileCodec) throws {
    let first = try container(10, AvroFileWriting(codec: codec, metadata: ["a": [1]]))
    var writer = try AvroFileWriter<Sample>(inMemory: first, AvroFileWriting(codec: .null, metadata: ["b": [2]]))
    for index in 10..<20 { try writer.append(Sample(index)) }
    #expect(writer.header.codec == codec)
    #expect(writer.droppedByteCount == 0)
    let bytes = try writer.finish()
    #expect(bytes.starts(with: first))
    #expect(read(bytes).samples == (0..<20).map(Sample.init))
    let header = try AvroRawFileReader(bytes: bytes).header
    #expect(header == (try AvroRawFileReader(bytes: first).header))
  }

  /// Whatever a crash leaves of an append can be read, and appended to.
  @Test func aCrashAtAnyByte() throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    let whole = try container(12, AvroFileWriting(maxBlockCount: 4))
    let starts = try blockStarts(whole)
    for count in starts[0]...whole.count {
      try Data(whole[..<count]).write(to: URL(filePath: path))
      let before = read(Array(whole[..<count])).samples
      #expect(before.count == 4 * (starts.lastIndex { $0 <= count } ?? 0))
      var writer = try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .append))
      #expect(writer.droppedByteCount == Int64(count - (starts.last { $0 <= count } ?? 0)))
      try writer.append(Sample(99))
      try writer.close()
      let after = read([UInt8](try Data(contentsOf: URL(filePath: path))))
      #expect(after.error == nil)
      #expect(after.samples == before + [Sample(99)])
    }
    // What is not even a header is left as it is, and nothing at all is a new file.
    try Data(whole[..<20]).write(to: URL(filePath: path))
    #expect(throws: AvroFileError.self) {
      _ = try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .append))
    }
    #expect(try Data(contentsOf: URL(filePath: path)).count == 20)
    try Data().write(to: URL(filePath: path))
    var writer = try AvroFileWriter<Sample>(path: path, AvroFileWriting(ifExists: .append))
    try writer.append(Sample(1))
    try writer.close()
    #expect(read([UInt8](try Data(contentsOf: URL(filePath: path)))).samples == [Sample(1)])
  }

  @Test func goodBlocksBehindDamageAreNotTakenAway() throws {
    var bytes = try container(12, AvroFileWriting(maxBlockCount: 4))
    let starts = try blockStarts(bytes)
    bytes[starts[1] + 1] = 1
    // Ends in half a block too: otherwise nobody looks at what is before.
    bytes += [2, 10, 1]
    let error = #expect(throws: AvroFileError.self) { _ = try AvroFileWriter<Sample>(inMemory: bytes) }
    #expect(error?.offset == Int64(starts[1]))
    #expect(error?.message.contains("nothing is appended") == true)
  }

  @Test func otherSchemasAreRefused() throws {
    var writer = try AvroRawFileWriter(inMemory: [], schemaText: "\"long\"")
    try writer.append([2])
    let bytes = try writer.finish()
    let appended = #expect(throws: AvroFileError.self) { _ = try AvroFileWriter<Sample>(inMemory: bytes) }
    #expect(appended?.kind == .schemaMismatch)
    let raw = #expect(throws: AvroFileError.self) { _ = try AvroRawFileWriter(inMemory: bytes, schemaText: "\"int\"") }
    #expect(raw?.kind == .schemaMismatch)
    let read = #expect(throws: AvroFileError.self) { _ = try AvroFileReader<Sample>(bytes: bytes) }
    #expect(read?.kind == .schemaMismatch)
    var more = try AvroRawFileWriter(inMemory: bytes, schemaText: nil)
    try more.append([4])
    var reader = try AvroRawFileReader(bytes: try more.finish())
    #expect(try reader.next() == [2])
    #expect(try reader.next() == [4])
    #expect(try reader.next() == nil)
  }

  @Test(arguments: AvroFileCodec.allCases)
  func splitsGiveEachRecordOnce(codec: AvroFileCodec) throws {
    let place = try Workplace()
    let path = place.path("a.avro")
    let bytes = try container(300, AvroFileWriting(codec: codec, maxBlockCount: 9))
    try Data(bytes).write(to: URL(filePath: path))
    var generator = SeededGenerator(state: 3)
    for round in 0..<60 {
      var points = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
        Int64.random(in: 0...Int64(bytes.count), using: &generator)
      }
      if round < 3 { points += try blockStarts(bytes).map { Int64($0 + round - 1) } }
      let ends = [0] + points.sorted() + [Int64(bytes.count) + 100]
      var ids: [Int64] = []
      for (from, to) in zip(ends, ends.dropFirst()) where from < to {
        var reader = try AvroFileReader<Sample>(path: path, AvroFileReading(range: from..<to))
        while let sample = try reader.next() {
          #expect(from..<to ~= reader.blockOffset || from == 0)
          ids.append(sample.id)
        }
      }
      #expect(ids == Array(0..<300), "\(points)")
    }
  }

  @Test(arguments: AvroFileCodec.allCases)
  func anOlderSchemaIsResolved(codec: AvroFileCodec) throws {
    // Without numbers, id an int, a field more, in another order.
    let older = """
      {"type":"record","name":"Sample","namespace":"files","fields":[{"name":"text","type":"string"},\
      {"name":"gone","type":"double"},{"name":"id","type":"int"},\
      {"name":"numbers","type":{"type":"array","items":"int"}}]}
      """
    var writer = try AvroRawFileWriter(
      inMemory: [], schemaText: older, AvroFileWriting(codec: codec, maxBlockCount: 9))
    for index in 0..<100 {
      let sample = Sample(index)
      var datum = AvroWriter()
      datum.writeString(sample.text)
      datum.writeDouble(1.5)
      datum.writeInt(Int32(index))
      datum.writeInts(sample.numbers.map { Int32($0) })
      try writer.append(try datum.bytes())
    }
    let bytes = try writer.finish()
    let result = read(bytes)
    #expect(result.error == nil)
    #expect(result.samples == (0..<100).map(Sample.init))
    let cut = read(Array(bytes.dropLast()))
    #expect(cut.samples == (0..<99).map(Sample.init))
    #expect(cut.error?.kind == .truncated)
  }

  @Test func pipesAreReadToTheEnd() throws {
    let bytes = try container(5000)
    let pipe = Pipe()
    let writing = Thread { [handle = pipe.fileHandleForWriting] in
      handle.write(Data(bytes))
      try? handle.close()
    }
    writing.start()
    var reader = try AvroFileReader<Sample>(descriptor: pipe.fileHandleForReading.fileDescriptor)
    var count = 0
    while try reader.next() != nil { count += 1 }
    #expect(count == 5000)
  }
}
