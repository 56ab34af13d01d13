/// Memory that grows. Its bytes are not set to 0 first, and are kept when it is emptied.
///
/// Unchecked: it has one owner, because it can't be copied, and lends its memory within a call only.
struct ByteBuffer: ~Copyable, @unchecked Sendable {
  private(set) var base: UnsafeMutableRawPointer
  private(set) var capacity: Int
  /// Bytes that mean something, from the start.
  var count = 0

  init(capacity: Int = 0) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  /// Where the next byte goes.
  var end: UnsafeMutableRawPointer { base + count }
  var free: Int { capacity - count }

  /// Makes room for `more` bytes behind those that are there.
  mutating func reserve(_ more: Int) {
    if more > capacity - count { setCapacity(max(capacity * 2, count + more)) }
  }

  /// Room for more within a bound: twice as much as there is, not over `maxCapacity`.
  /// - Returns: false when the bound has been reached.
  mutating func grow(maxCapacity: Int) -> Bool {
    guard capacity < maxCapacity else { return false }
    setCapacity(min(max(capacity * 2, 64 << 10), maxCapacity))
    return true
  }

  private mutating func setCapacity(_ newCapacity: Int) {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
    capacity = newCapacity
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    reserve(bytes.count)
    end.copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { append($0) }
  }

  /// Forgets the first `number` bytes and moves the rest to the start.
  mutating func removeFirst(_ number: Int) {
    memoryMove(base, base + number, count - number)
    count -= number
  }

  /// Forgets all bytes, and memory past `keptBytes`, which one large block would otherwise hold for ever.
  mutating func removeAll(keptBytes: Int = 16 << 20) {
    count = 0
    if capacity > keptBytes { setCapacity(max(keptBytes, 64)) }
  }
}

private func memoryMove(_ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ count: Int) {
  // copyMemory allows the two to overlap.
  if count > 0 { target.copyMemory(from: source, byteCount: count) }
}
