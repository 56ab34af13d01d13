import AvroFile
import AvroRuntime
import Foundation
import Testing

@Suite struct DamageTests {
  /// Records of whole blocks that end at or before `count` bytes.
  private func whole(_ bytes: [UInt8], _ count: Int) throws -> Int {
    let ends = try blockStarts(bytes)
    guard let end = ends.last(where: { $0 <= count }) else { return 0 }
    return read(Array(bytes[..<end])).samples.count
  }

  @Test(arguments: AvroFileCodec.allCases)
  func cutAnywhere(codec: AvroFileCodec) throws {
    let bytes = try container(20, AvroFileWriting(codec: codec, maxBlockCount: 4))
    let starts = try blockStarts(bytes)
    for count in 0..<bytes.count {
      let cut = Array(bytes[..<count])
      let result = read(cut)
      if starts.contains(count) {
        #expect(result.error == nil)
      } else {
        #expect(result.error?.kind == .truncated, "\(count)")
        #expect(result.error?.offset != nil)
      }
      #expect(result.samples.count == (try whole(bytes, count)), "\(count)")
      if count >= starts[0] {
        let skipped = read(cut, AvroFileReading(onDamage: .skip))
        #expect(skipped.error == nil)
        #expect(skipped.samples == result.samples)
        #expect(skipped.damage.isEmpty == starts.contains(count))
      }
    }
  }

  @Test(arguments: AvroFileCodec.allCases)
  func changedBytesNeverCrash(codec: AvroFileCodec) throws {
    let bytes = try container(60, AvroFileWriting(codec: codec, maxBlockCount: 10))
    var generator = SeededGenerator(state: 7)
    let limits = AvroFileLimits(maxHeaderBytes: 1 << 20, maxUncompressedBlockBytes: 1 << 20)
    let rounds = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == nil ? 400 : 20_000
    for _ in 0..<rounds {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let result = read(changed, AvroFileReading(onDamage: .skip, limits: limits))
      #expect(result.samples.count <= 200)
      _ = read(changed, AvroFileReading(limits: limits))
    }
  }

  @Test(arguments: AvroFileCodec.allCases)
  func damagedBlocksAreSkippedAndReported(codec: AvroFileCodec) throws {
    let bytes = try container(100, AvroFileWriting(codec: codec, maxBlockCount: 10))
    let starts = try blockStarts(bytes)
    // The marker of the third block, and a byte in the middle of the sixth.
    var changed = bytes
    changed[starts[3] - 1] ^= 1
    changed[starts[5] + 4] ^= 0x55
    changed[starts[5] + 3] ^= 0xFF
    let failed = read(changed)
    #expect(failed.samples == (0..<20).map(Sample.init))
    #expect(failed.error?.kind == .wrongSyncMarker)
    #expect(failed.error?.offset == Int64(starts[2]))
    let skipped = read(changed, AvroFileReading(onDamage: .skip))
    #expect(skipped.error == nil)
    // The block behind a wrong marker goes with it: nothing says where it begins.
    let good = Array(0..<20) + Array(40..<50) + Array(60..<100)
    #expect(skipped.samples.filter { good.contains(Int($0.id)) } == good.map(Sample.init))
    if codec != .null {
      #expect(skipped.damage.items.map(\.offset) == [Int64(starts[2]), Int64(starts[5])])
      #expect(skipped.damage.byteCount == Int64(starts[4] - starts[2] + starts[6] - starts[5]))
      #expect(skipped.damage.items.last?.lostCount == 10)
    }
  }

  @Test func errorsStay() throws {
    let bytes = try container(10)
    var reader = try AvroFileReader<Sample>(bytes: Array(bytes.dropLast()))
    for _ in 0..<3 { #expect(throws: AvroFileError.self) { try reader.next() } }
  }

  private static let marker = [UInt8](repeating: 9, count: 16)

  /// A header and one block as it is said.
  private func file(codec: AvroFileCodec = .null, _ prefix: [UInt8], _ data: [UInt8]) throws -> [UInt8] {
    try container(0, AvroFileWriting(codec: codec, syncMarker: Self.marker)) + prefix + data + Self.marker
  }

  private func long(_ value: Int64) throws -> [UInt8] { try value.avroBytes() }

  @Test func countsAndLengthsThatCannotBe() throws {
    let datum = try Sample(1).avroBytes()
    let length = try long(Int64(datum.count))
    #expect(read(try file(long(1) + length, datum)).samples == [Sample(1)])
    #expect(read(try file(long(-1) + length, datum)).error?.kind == .malformedBlock)
    #expect(read(try file(long(1) + long(-5), datum)).error?.kind == .malformedBlock)
    #expect(read(try file(long(.min) + long(.min), datum)).error?.kind == .malformedBlock)
    #expect(read(try file(long(1) + long(.max), datum)).error?.kind == .limitExceeded)
    #expect(read(try file(long(1) + long(1 << 20), datum)).error?.kind == .truncated)
    #expect(read(try file(long(.max) + length, datum)).error?.kind == .malformedBlock)
    #expect(read(try file([UInt8](repeating: 255, count: 11), datum)).error?.kind == .malformedBlock)
    #expect(read(try file(long(1) + long(Int64(datum.count + 1)), datum + [0])).error?.kind == .malformedBlock)
    let short = read(try file(long(2) + length, datum))
    #expect(short.samples == [Sample(1)])
    guard case .invalidDatum(let error)? = short.error?.kind else {
      Issue.record("\(String(describing: short.error))")
      return
    }
    #expect(error.kind == .truncated)
    #expect(read(try file(long(0) + long(0), [])).error == nil)
  }

  @Test func headersThatCannotBe() throws {
    func kind(_ bytes: [UInt8]) -> AvroFileError.Kind? { read(bytes).error?.kind }
    let good = try container(0)
    #expect(kind([]) == .truncated)
    #expect(kind(Array("Obj".utf8)) == .truncated)
    #expect(kind(Array("Obj\u{2}".utf8)) == .notAContainerFile)
    #expect(kind(Array("nothing of the kind".utf8)) == .notAContainerFile)
    #expect(kind(Array(good[..<4]) + [0] + Self.marker) == .malformedHeader)
    #expect(kind(Array(good[..<4]) + [2, 2, 0xFF, 0, 0] + Self.marker) == .malformedHeader)
    #expect(kind(Array(good[..<4]) + [2] + (try long(.max)) + Self.marker) == .truncated)
    #expect(kind(Array(good[..<4]) + [2] + (try long(-1)) + Self.marker) == .malformedHeader)
    #expect(kind(try replacing("null", "nope", in: good)) == .unknownCodec("nope"))
    guard case .invalidSchema? = kind(try replacing("record", "recort", in: good)) else {
      Issue.record("a schema that is none")
      return
    }
    let large = try container(0, AvroFileWriting(metadata: ["x": [UInt8](repeating: 1, count: 100_000)]))
    #expect(kind(large) == nil)
    let limits = AvroFileLimits(maxHeaderBytes: 50_000)
    #expect(read(large, AvroFileReading(limits: limits)).error?.kind == .limitExceeded)
  }

  private func replacing(_ old: String, _ new: String, in bytes: [UInt8]) throws -> [UInt8] {
    let range = try #require(Data(bytes).range(of: Data(old.utf8)))
    return Array(bytes[..<range.lowerBound]) + Array(new.utf8) + Array(bytes[range.upperBound...])
  }

  @Test(arguments: [AvroFileCodec.deflate, .zstandard, .bzip2, .xz, .snappy])
  func bombs(codec: AvroFileCodec) throws {
    let bomb = Sample(id: 1, text: String(repeating: "a", count: 20 << 20), numbers: [])
    var writer = try AvroFileWriter<Sample>(inMemory: [], AvroFileWriting(codec: codec))
    try writer.append(Sample(0))
    try writer.flush()
    try writer.append(bomb)
    let bytes = try writer.finish()
    let limited = read(bytes, AvroFileReading(limits: AvroFileLimits(maxUncompressedBlockBytes: 1 << 20)))
    #expect(limited.samples == [Sample(0)])
    #expect(limited.error?.kind == .limitExceeded)
    #expect(limited.error?.message.contains("maxUncompressedBlockBytes") == true)
    if codec != .snappy {
      // Twenty megabytes out of so few bytes are too much for the ratio alone.
      #expect(bytes.count < 22_000)
      #expect(read(bytes).error?.kind == .limitExceeded)
      #expect(read(bytes, AvroFileReading(limits: AvroFileLimits(maxRatio: 1 << 20))).samples == [Sample(0), bomb])
    } else {
      #expect(read(bytes).samples == [Sample(0), bomb])
    }
  }

  @Test func memoryOfCodecsIsBounded() throws {
    let text = (0..<200_000).map { String($0) }.joined()
    var writer = try AvroFileWriter<Sample>(inMemory: [], AvroFileWriting(codec: .xz))
    try writer.append(Sample(id: 1, text: text, numbers: []))
    let bytes = try writer.finish()
    #expect(read(bytes).error == nil)
    let small = AvroFileLimits(maxCodecMemoryBytes: 100_000)
    let result = read(bytes, AvroFileReading(limits: small))
    #expect(result.error?.kind == .limitExceeded)
    #expect(result.error?.message.contains("maxCodecMemoryBytes") == true)
  }

  @Test func schemasOfNothingEndSoon() throws {
    // Records of records of nothing, 2^60 of them in a datum that takes no bytes.
    var text = #"{"type":"record","name":"R0","fields":[{"name":"n","type":"null"}]}"#
    for level in 1...60 {
      text = """
        {"type":"record","name":"R\(level)","fields":[{"name":"a","type":\(text)},{"name":"b","type":"R\(level - 1)"}]}
        """
    }
    var writer = try AvroRawFileWriter(inMemory: [], schemaText: text)
    try writer.append([])
    var reader = try AvroRawFileReader(bytes: try writer.finish())
    #expect(try reader.next() == [])
    #expect(try reader.next() == nil)
    var nulls = try AvroRawFileWriter(inMemory: [], schemaText: "\"null\"", AvroFileWriting(syncMarker: Self.marker))
    try nulls.append([])
    let file = try nulls.finish()
    let claimed = Array(file[..<(file.count - 18)]) + (try long(1 << 40)) + [0] + Self.marker
    var claims = try AvroRawFileReader(bytes: claimed)
    #expect(throws: AvroFileError.self) { try claims.next() }
  }
}
