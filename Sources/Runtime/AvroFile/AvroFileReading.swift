/// How a container file is read.
public struct AvroFileReading: Hashable, Sendable {
  /// What is done about a block that can't be read.
  public enum OnDamage: Hashable, Sendable {
    /// Reading ends with an error, after all data before it.
    case fail
    /// Reading goes on behind the next sync marker; ``AvroFileReader/damage`` and its like say what was lost.
    case skip
  }

  public var onDamage: OnDamage
  public var limits: AvroFileLimits
  /// Only blocks that begin in this range of the file, in bytes from its start. Ranges that together cover the file
  /// give each datum exactly once, wherever they meet.
  public var range: Range<Int64>?

  public init(onDamage: OnDamage = .fail, limits: AvroFileLimits = AvroFileLimits(), range: Range<Int64>? = nil) {
    self.onDamage = onDamage
    self.limits = limits
    self.range = range
  }
}

/// A stretch of a container file that could not be read and was skipped.
public struct AvroFileDamage: Hashable, Sendable, CustomStringConvertible {
  /// Where the damaged block begins, in bytes from the start of the file.
  public var offset: Int64
  /// Up to the end of the next sync marker, or of the file.
  public var byteCount: Int64
  /// How many data the block has that were not given, as it says itself; nil when it can't be known.
  public var lostCount: Int64?
  public var error: AvroFileError

  public var description: String {
    let lost = lostCount.map { "\($0) data" } ?? "an unknown number of data"
    return "\(error) (skipped \(byteCount) bytes, \(lost))"
  }
}

/// All damage that one reader has skipped.
public struct AvroFileDamageReport: Hashable, Sendable {
  /// The first ones, up to ``AvroFileLimits/maxDamageReports``.
  public internal(set) var items: [AvroFileDamage] = []
  /// How many there were in all.
  public internal(set) var count = 0
  public internal(set) var byteCount: Int64 = 0

  public var isEmpty: Bool { count == 0 }

  public init() {}

  mutating func add(_ damage: AvroFileDamage, limit: Int) {
    if items.count < limit { items.append(damage) }
    count += 1
    byteCount += damage.byteCount
  }
}
