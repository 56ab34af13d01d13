import AvroRuntime
import Testing

/// Any bytes give a value or an error: no trap, no hang, no allocation that the bytes do not account for.
@Suite struct HostileBytesTests {
  func failure<Value>(
    _ bytes: [UInt8], limits: AvroLimits = AvroLimits(), _ read: (inout AvroReader) throws(AvroError) -> Value
  ) -> AvroError? {
    do throws(AvroError) {
      try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
        var reader = AvroReader(UnsafeRawBufferPointer(buffer), limits: limits)
        _ = try read(&reader)
      }
      return nil
    } catch {
      return error
    }
  }

  static let tooLong = [UInt8](repeating: 0xFF, count: 10)

  @Test func varints() {
    let long: (inout AvroReader) throws(AvroError) -> Int64 = { (reader) throws(AvroError) in try reader.readLong() }
    #expect(failure([], long)?.kind == .truncated)
    #expect(failure([0x80], long)?.kind == .truncated)
    #expect(failure([UInt8](repeating: 0x80, count: 9), long)?.kind == .truncated)
    #expect(failure(Self.tooLong, long)?.kind == .malformedVarint)
    #expect(failure(Self.tooLong + Self.tooLong, long)?.kind == .malformedVarint)
    #expect(failure([UInt8](repeating: 0x80, count: 9) + [2], long)?.kind == .malformedVarint)
    #expect(failure([UInt8](repeating: 0xFF, count: 9) + [1], long) == nil)
    #expect(failure([0x80, 0x00], long) == nil)
    #expect(
      failure([0x80, 0x80, 0x80, 0x80, 0x10]) { (reader) throws(AvroError) in try reader.readInt() }?.kind
        == .intOutOfRange)
  }

  @Test func lengths() {
    let string: (inout AvroReader) throws(AvroError) -> String = { (reader) throws(AvroError) in
      try reader.readString()
    }
    let huge: [UInt8] = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    #expect(failure([0x01], string) == AvroError(.negativeLength, offset: 1))
    #expect(failure([0x04, 0x61], string) == AvroError(.truncated, offset: 1))
    #expect(failure(huge, string)?.kind == .truncated)
    #expect(failure(huge) { (reader) throws(AvroError) in try reader.readBytes() }?.kind == .truncated)
    #expect(
      failure(huge) { (reader) throws(AvroError) in try AvroBigDecimal.decode(from: &reader) }?.kind == .truncated)
    #expect(failure([2]) { (reader) throws(AvroError) in try reader.readRaw(-1) }?.kind == .negativeLength)
    #expect(failure([2]) { (reader) throws(AvroError) in try reader.readBoolean() }?.kind == .invalidBoolean)
    #expect(failure([8]) { (reader) throws(AvroError) in try Kind.decode(from: &reader) }?.kind == .indexOutOfRange)
    #expect(failure([1]) { (reader) throws(AvroError) in try Kind.decode(from: &reader) }?.kind == .indexOutOfRange)
    #expect(
      failure([4]) { (reader) throws(AvroError) in try reader.readOptional(Int64.self, valueIndex: 1) }?.kind
        == .indexOutOfRange)
  }

  /// Overlong forms, surrogates, bytes that start nothing, characters cut short: nothing is repaired.
  @Test(arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF], [0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80]])
  func utf8(wrong: [UInt8]) {
    for padding in [0, 7, 20] {
      let text = [UInt8](repeating: 0x61, count: padding) + wrong
      let error = failure([UInt8(text.count * 2)] + text) { (reader) throws(AvroError) in try reader.readString() }
      #expect(error == AvroError(.invalidUTF8, offset: 1))
    }
  }

  @Test func blocks() {
    let longs: (inout AvroReader) throws(AvroError) -> [Int64] = { (reader) throws(AvroError) in
      try reader.readLongs()
    }
    #expect(failure([0x06, 0x00, 0x00], longs)?.kind == .invalidBlock)
    #expect(failure([0x01, 0x7F, 0x00, 0x00], longs)?.kind == .invalidBlock)
    #expect(failure([0x01, 0x7E, 0x00, 0x00], longs)?.kind == .invalidBlock)
    let least: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    #expect(failure(least + [0x00], longs)?.kind == .invalidBlock)
    let most: [UInt8] = [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
    #expect(failure(most, longs)?.kind == .invalidBlock)
    #expect(
      failure([0x06] + [UInt8](repeating: 0, count: 20)) { (reader) throws(AvroError) in
        try reader.readDoubles()
      }?.kind == .invalidBlock)
    #expect(failure(most) { (reader) throws(AvroError) in try reader.readFloats() }?.kind == .invalidBlock)
    // A block that says 2 items of a byte at least, and then is cut short.
    #expect(failure([0x04, 0x80, 0x80], longs)?.kind == .truncated)
  }

  @Test func itemsWithoutBytes() {
    let nulls: (inout AvroReader) throws(AvroError) -> [AvroNull] = { (reader) throws(AvroError) in
      try reader.readArray(of: AvroNull.self, minimumItemBytes: 0)
    }
    let limits = AvroLimits(maxEmptyItems: 5)
    #expect(failure([0x0A, 0x00], limits: limits, nulls) == nil)
    #expect(failure([0x0C, 0x00], limits: limits, nulls)?.kind == .tooManyEmptyItems)
    #expect(failure([0x06, 0x06, 0x00], limits: limits, nulls)?.kind == .tooManyEmptyItems)
    #expect(failure([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], nulls)?.kind == .tooManyEmptyItems)
  }

  @Test func depth() throws {
    // Items of one child each: 100,000 levels.
    let deep = [UInt8](repeating: 0x02, count: 100_000)
    #expect(failure(deep) { (reader) throws(AvroError) in try Tree.decode(from: &reader) }?.kind == .tooDeep)
    let list = [[UInt8]](repeating: [0x00, 0x02], count: 100_000).flatMap { $0 }
    #expect(failure(list) { (reader) throws(AvroError) in try Node.decode(from: &reader) }?.kind == .tooDeep)
    #expect(throws: AvroError.self) { try Node.chain(101).avroBytes() }
    let bytes = try Node.chain(100).avroBytes()
    #expect(try Node(avroBytes: bytes) == Node.chain(100))
    #expect(
      failure(bytes, limits: AvroLimits(maxDepth: 99)) { (reader) throws(AvroError) in
        try Node.decode(from: &reader)
      }?.kind == .tooDeep)
  }

  @Test func writerHasALimit() throws {
    var writer = AvroWriter(capacity: 16, maxBytes: 100)
    for _ in 0..<1000 { writer.writeString("0123456789") }
    #expect(writer.failure?.kind == .tooLarge)
    writer.reset()
    writer.writeBytes([UInt8](repeating: 1, count: 5000))
    writer.writeLongs([Int64](repeating: .max, count: 5000))
    writer.writeDoubles([Double](repeating: 1, count: 5000))
    #expect(writer.failure == AvroError(.tooLarge, offset: 0))
    writer.reset()
    writer.writeString("fine")
    #expect(try writer.bytes() == "fine".avroBytes())
  }

  static let readerCount = 33

  /// Every way to read, by number.
  func readSomething(_ number: Int, _ reader: inout AvroReader) throws(AvroError) {
    switch number {
    case 0: _ = try reader.readBoolean()
    case 1: _ = try reader.readInt()
    case 2: _ = try reader.readLong()
    case 3: _ = try reader.readFloat()
    case 4: _ = try reader.readDouble()
    case 5: _ = try reader.readString()
    case 6: _ = try reader.readBytes()
    case 7: _ = try reader.readRaw(7)
    case 8: _ = try reader.readUUID()
    case 9: _ = try reader.readUUIDText()
    case 10: _ = try reader.readIndex(below: 3)
    case 11: _ = try reader.readBlockCount(minimumItemBytes: 3)
    case 12: _ = try reader.readLongs()
    case 13: _ = try reader.readInts()
    case 14: _ = try reader.readFloats()
    case 15: _ = try reader.readDoubles()
    case 16: _ = try reader.readBooleans()
    case 17: _ = try reader.readArray(of: String.self)
    case 18: _ = try reader.readArray(of: AvroNull.self, minimumItemBytes: 0)
    case 19: _ = try reader.readMap(of: Double.self)
    case 20: _ = try reader.readOptional(String.self, valueIndex: 0)
    case 21: _ = try reader.readDecimal() as AvroDecimal<4>
    case 22: _ = try reader.readDecimal(fixedSize: 17) as AvroDecimal<4>
    case 23: _ = try AvroBigDecimal.decode(from: &reader).description
    case 24: _ = try AvroDuration.decode(from: &reader)
    case 25: _ = try AvroTimestampMicros.decode(from: &reader)
    case 26: _ = try Kind.decode(from: &reader)
    case 27: _ = try Sha.decode(from: &reader)
    case 28: _ = try ConfirmMoneyTransfer.decode(from: &reader)
    case 29: _ = try WideEvent.decode(from: &reader)
    case 30: _ = try Logical.decode(from: &reader)
    case 31: _ = try Node.decode(from: &reader)
    default: _ = try Tree.decode(from: &reader)
    }
  }

  /// Bytes drawn so that numbers are mostly small: the deep paths are reached.
  func hostile(_ random: inout SeededGenerator) -> [UInt8] {
    let count = random.below(60)
    let small = random.below(4)
    return (0..<count).map { _ in
      let byte = UInt8(truncatingIfNeeded: random.next())
      return random.below(4) < small ? byte & 0x07 : byte
    }
  }

  @Test func randomBytes() {
    var random = SeededGenerator(state: 4)
    var values = 0
    let rounds = 200_000
    for round in 0..<rounds {
      let bytes = hostile(&random)
      let error = failure(bytes) { (reader) throws(AvroError) in
        try readSomething(round % Self.readerCount, &reader)
      }
      if error == nil { values += 1 }
    }
    // Both ends have been reached, or the generator is of no use.
    #expect(values > rounds / 50 && values < rounds * 49 / 50)
  }

  /// Good encodings with a few bytes changed, which gets deeper than noise.
  @Test func damagedRecords() {
    var random = SeededGenerator(state: 5)
    var failures = 0
    for _ in 0..<4000 {
      guard var wide = try? random.wideEvent().avroBytes(), var logical = try? random.logical().avroBytes() else {
        Issue.record("a value can't be encoded")
        return
      }
      for _ in 0...random.below(3) {
        wide[random.below(wide.count)] = UInt8(truncatingIfNeeded: random.next())
        logical[random.below(logical.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      if failure(wide, { (reader) throws(AvroError) in try WideEvent.decode(from: &reader) }) != nil { failures += 1 }
      if failure(logical, { (reader) throws(AvroError) in try Logical.decode(from: &reader) }) != nil { failures += 1 }
    }
    #expect(failures > 100 && failures < 7900)
  }
}
