import AvroFile
import AvroRuntime

extension FuzzTarget {
  /// The reader of container files, both when damage ends the reading and when it is skipped.
  public static let container = FuzzTarget(name: "container") { bytes in
    let limits = AvroFileLimits(maxBlockBytes: 1 << 20)
    let strict = count([UInt8](bytes), AvroFileReading(onDamage: .fail, limits: limits))
    let lenient = count([UInt8](bytes), AvroFileReading(onDamage: .skip, limits: limits))
    check(strict <= lenient, "\(strict) data when damage is an error, \(lenient) when it is skipped")
    let middle = Int64(bytes.count / 2)
    let halves = [0..<middle, middle..<Int64.max].map { range in
      count([UInt8](bytes), AvroFileReading(onDamage: .skip, limits: limits, range: range))
    }
    check(halves.reduce(0, +) >= strict, "\(strict) data in one piece, \(halves) in two")
  }

  /// Data read before the end or the first error.
  private static func count(_ bytes: [UInt8], _ reading: AvroFileReading) -> Int {
    var count = 0
    guard var reader = try? AvroRawFileReader(bytes: bytes, reading) else { return 0 }
    while count < 100_000, (try? reader.next()) ?? nil != nil { count += 1 }
    return count
  }
}
