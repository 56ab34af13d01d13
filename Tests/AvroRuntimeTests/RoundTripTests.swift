import AvroRuntime
import Testing

@Suite struct RoundTripTests {
  func check<Value: AvroValue>(_ value: Value) throws {
    let bytes = try value.avroBytes()
    #expect(try Value(avroBytes: bytes) == value)
    #expect(try Value(avroBytes: ([9, 9] + bytes)[2...]) == value)
    #expect(throws: AvroError(.trailingBytes, offset: bytes.count)) { try Value(avroBytes: bytes + [0]) }
    // Whatever is missing at the end is noticed.
    for count in [0, bytes.count / 2, bytes.count - 1] where count >= 0 && count < bytes.count {
      #expect(throws: AvroError.self) { try Value(avroBytes: Array(bytes.prefix(count))) }
    }
  }

  @Test func records() throws {
    var random = SeededGenerator(state: 1)
    for _ in 0..<300 {
      try check(random.wideEvent())
      try check(random.logical())
      try check(random.transfer())
      try check(random.tree(4))
      try check(random.outcome())
      try check(AvroMap(pairs: random.many { ($0.string(), $0.address()) }))
      try check(AvroBox(random.transfer()))
    }
    try check(Node.chain(100))
  }

  @Test func scalars() throws {
    var random = SeededGenerator(state: 2)
    for _ in 0..<5000 {
      try check(random.long())
      try check(random.int())
      try check(random.bool())
      try check(random.double())
      try check(Float(random.double()))
      try check(random.string())
    }
    #expect(try Double(avroBytes: Double.nan.avroBytes()).isNaN)
    #expect(try Double(avroBytes: (-Double.infinity).avroBytes()) == -.infinity)
    #expect(try Double(avroBytes: (-0.0).avroBytes()).sign == .minus)
  }

  /// A writer that is used again gives what a new one gives, also after growing and after a failure.
  @Test func writerIsReused() throws {
    var random = SeededGenerator(state: 3)
    var writer = AvroWriter(capacity: 1)
    for round in 0..<200 {
      let event = random.wideEvent()
      writer.reset()
      event.encode(to: &writer)
      #expect(try writer.bytes() == event.avroBytes())
      #expect(try writer.withBytes { Array($0) } == event.avroBytes())
      if round % 10 == 0 { writer.fail(.tooLarge) }
    }
  }
}
