/// Puts the proxy's port in place of the broker's where a broker's answers say where to find it: `127.0.0.1`, then the
/// port in four bytes (responses Metadata and FindCoordinator of the Kafka protocol).
///
/// An answer is its length in four bytes and so many bytes more. One of at most `maxHeldBytes` is passed on when it is
/// whole, so that no address is cut in two; a larger one holds records, not addresses, and passes as it comes.
struct KafkaPortRenamer {
  static let maxHeldBytes = 256 << 10

  private let old: [UInt8]
  private let new: [UInt8]
  private var held: [UInt8] = []
  /// Of a large answer that passes as it comes, still to come.
  private var passing = 0

  init(from: Int, to: Int) {
    func place(_ port: Int) -> [UInt8] {
      Array("127.0.0.1".utf8) + [0, 0, UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)]
    }
    old = place(from)
    new = place(to)
  }

  /// - Returns: what can be passed on now.
  mutating func rename(_ bytes: [UInt8]) -> [UInt8] {
    held += bytes
    var start = 0
    var passed: [UInt8] = []
    while start < held.count {
      if passing > 0 {
        let count = min(passing, held.count - start)
        passed += held[start..<start + count]
        passing -= count
        start += count
        continue
      }
      guard held.count - start >= 4 else { break }
      let length = held[start..<start + 4].reduce(0) { $0 << 8 | Int($1) } + 4
      if length > Self.maxHeldBytes {
        passing = length
        continue
      }
      guard held.count - start >= length else { break }
      passed += renamed(held[start..<start + length])
      start += length
    }
    held.removeFirst(start)
    return passed
  }

  private func renamed(_ answer: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var answer = answer
    var index = answer.startIndex
    while index + old.count <= answer.endIndex {
      if answer[index] == old[0], answer[index..<index + old.count].elementsEqual(old) {
        answer.replaceSubrange(index..<index + old.count, with: new)
        index += old.count
      } else {
        index += 1
      }
    }
    return answer
  }
}
