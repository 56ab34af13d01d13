import AvroRuntime

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// SplitMix64: the same seed gives the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

extension SeededGenerator {
  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }
  mutating func bool() -> Bool { Bool.random(using: &self) }

  /// All lengths of the encoding come up equally often.
  mutating func long() -> Int64 { Int64(truncatingIfNeeded: next()) >> Int64(below(64)) }
  mutating func int() -> Int32 { Int32(truncatingIfNeeded: Int64(truncatingIfNeeded: next())) >> Int32(below(32)) }
  mutating func double() -> Double { Double.random(in: -1e9...1e9, using: &self) }
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
  mutating func uuid() -> UUID { UUID(uuid: bytes(16).withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }) }

  /// One to four bytes a character; lengths around where Swift changes its representation.
  mutating func string() -> String {
    let alphabet: [Character] = bool() ? Array("abcXYZ 0123") : Array("aé€😀\u{0}漢\u{7F}\u{80}")
    return String((0..<below(40)).map { _ in alphabet[below(alphabet.count)] })
  }

  mutating func many<Item>(_ make: (inout SeededGenerator) -> Item) -> [Item] {
    (0..<below(12)).map { _ in make(&self) }
  }

  mutating func address() -> Address { Address(street: string(), city: string()) }

  mutating func outcome() -> WideEvent.Outcome {
    switch below(6) {
    case 0: .null
    case 1: .boolean(bool())
    case 2: .long(long())
    case 3: .double(double())
    case 4: .string(string())
    default: .address(address())
    }
  }

  mutating func wideEvent() -> WideEvent {
    WideEvent(
      kind: Kind.allCases[below(4)], score: double(), ratio: Float(double()), active: bool(), count: int(),
      owner: bool() ? address() : nil, note: bool() ? string() : nil, places: many { $0.address() },
      counters: AvroMap(pairs: many { ($0.string(), $0.long()) }),
      blobs: AvroMap(pairs: many { ($0.string(), $0.bytes($0.below(30))) }), labels: many { $0.string() },
      outcome: outcome(), outcomes: many { $0.outcome() }, longs: many { $0.long() }, ints: many { $0.int() },
      floats: many { Float($0.double()) }, doubles: many { $0.double() }, flags: many { $0.bool() },
      matrix: many { $0.many { $0.long() } }, payload: bytes(below(50)), nothing: many { _ in AvroNull() })
  }

  mutating func logical() -> Logical {
    Logical(
      id: uuid(), idText: uuid(), price: AvroDecimal(unscaled: Int128(long() % 10_000_000_000)),
      fixedPrice: AvroDecimal(unscaled: Int128(long() % 1_000_000_000_000_000_000)),
      big: AvroBigDecimal(unscaledBytes: bytes(below(30)), scale: int()), date: AvroDate(daysSinceEpoch: int()),
      timeMillis: AvroTimeMillis(millisSinceMidnight: int()), timeMicros: AvroTimeMicros(microsSinceMidnight: long()),
      timestampMillis: AvroTimestampMillis(millisSinceEpoch: long()),
      timestampMicros: AvroTimestampMicros(microsSinceEpoch: long()),
      timestampNanos: AvroTimestampNanos(nanosSinceEpoch: long()),
      localMillis: AvroLocalTimestampMillis(millisSinceLocalEpoch: long()),
      localMicros: AvroLocalTimestampMicros(microsSinceLocalEpoch: long()),
      localNanos: AvroLocalTimestampNanos(nanosSinceLocalEpoch: long()),
      duration: AvroDuration(
        months: UInt32(truncatingIfNeeded: next()), days: UInt32(truncatingIfNeeded: next()),
        millis: UInt32(truncatingIfNeeded: next())),
      sha: Sha(bytes: AvroFixedBytes(bytes(20)) ?? AvroFixedBytes()), ids: many { $0.uuid() })
  }

  mutating func transfer() -> ConfirmMoneyTransfer {
    ConfirmMoneyTransfer(
      id: uuid(), token: string(), amount: long(), from: string(), to: string(), description: string())
  }

  mutating func tree(_ depth: Int) -> Tree {
    Tree(children: depth == 0 ? [] : (0..<below(4)).map { _ in tree(depth - 1) })
  }
}
