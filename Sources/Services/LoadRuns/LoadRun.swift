import Foundation

/// A run file that was read.
public struct LoadRun: Sendable, Hashable {
  /// A larger file is refused.
  public static let fileLimitBytes = 256 << 20
  /// So are more rows.
  public static let rowLimit = 1_000_000

  public var name: String
  public var header: RunHeader
  public var rows: [RunRow]
  public var end: RunEnd

  public init(name: String, header: RunHeader, rows: [RunRow], end: RunEnd) {
    self.name = name
    self.header = header
    self.rows = rows
    self.end = end
  }

  /// Reads the lines of a run file.
  ///
  /// - Parameter name: for messages.
  /// - Throws: for anything but a header, rows and an end, in this order, with figures that can be.
  public init(name: String, parsing bytes: [UInt8]) throws(RunProblem) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard !bytes.isEmpty else { throw RunProblem("\(name) is empty") }
    guard lines.last?.isEmpty == true else { throw Self.cutOff(name, "in line \(lines.count)") }
    let whole = lines.dropLast()
    guard let first = whole.first, let last = whole.last else { throw RunProblem("\(name) is empty") }
    self.name = name
    let decoder = JSONDecoder()
    header = try Self.decode(RunHeader.self, "header", first, line: 1, name, decoder)
    guard header.format == RunHeader.format else {
      throw RunProblem("\(name) has format \(header.format), this program knows \(RunHeader.format)")
    }
    if let problem = header.problem { throw RunProblem("\(name), line 1: \(problem)") }
    guard whole.count > 1, let ending = try? decoder.decode(RunEnd.self, from: Data(last)), ending.type == "end" else {
      throw Self.cutOff(name, "after line \(whole.count)")
    }
    if let problem = ending.problem { throw RunProblem("\(name), line \(whole.count): \(problem)") }
    end = ending
    guard whole.count <= Self.rowLimit + 2 else { throw RunProblem("\(name) has more than \(Self.rowLimit) rows") }
    rows = []
    rows.reserveCapacity(whole.count - 2)
    for (index, line) in whole.dropFirst().dropLast().enumerated() {
      let row = try Self.decode(RunRow.self, "row", line, line: index + 2, name, decoder)
      if let problem = row.problem { throw RunProblem("\(name), line \(index + 2): \(problem)") }
      rows.append(row)
    }
  }

  private static func decode<Record: TypedRecord>(
    _ type: Record.Type, _ wanted: String, _ line: ArraySlice<UInt8>, line number: Int, _ name: String,
    _ decoder: JSONDecoder
  ) throws(RunProblem) -> Record {
    let record: Record
    do { record = try decoder.decode(type, from: Data(line)) } catch {
      throw RunProblem("\(name), line \(number): this is no \(wanted) of a run file")
    }
    guard record.type == wanted else {
      throw RunProblem("\(name), line \(number): this is \"\(record.type.prefix(20))\", where a \(wanted) has to be")
    }
    return record
  }

  private static func cutOff(_ name: String, _ place: String) -> RunProblem {
    RunProblem("\(name) is cut off \(place): it has no end; leave it out, or run the test again")
  }
}

private protocol TypedRecord: Decodable { var type: String { get } }
extension RunHeader: TypedRecord {}
extension RunRow: TypedRecord {}

/// What figures of a run can be; what is drawn from others would be no chart, or end the program.
private enum Limits {
  static let time = 0...1e12
  static let count = 0...1_000_000_000_000_000
  static let percent = 0...1e4
  static let size = 0...1e9

  /// Besides 0 an axis has nothing below it.
  static let least = 1e-6

  /// - Returns: the first name whose value is out of its range.
  static func outside(_ figures: [(name: String, value: Double?, range: ClosedRange<Double>)]) -> String? {
    figures.first { _, value, range in
      guard let value else { return false }
      return !range.contains(value) || (value != 0 && value < least)
    }?.name
  }

  static func outside(_ counts: [(name: String, value: Int?)]) -> String? {
    counts.first { _, value in value.map { !count.contains($0) } ?? false }?.name
  }
}

extension RunHeader {
  /// What cannot be in a run; nil when all is well.
  fileprivate var problem: String? {
    let counts = [
      ("machine.cores", machine.cores), ("machine.memoryMiB", machine.memoryMiB),
      ("settings.clients", settings.clients),
      ("settings.heartbeatMillis", settings.heartbeatMillis),
    ]
    let times = startUpMillis.sorted { $0.key < $1.key }.map { ("startUpMillis of \($0.key)", $0.value, Limits.size) }
    return (Limits.outside(counts) ?? Limits.outside(times)).map { "\($0) is out of range" }
  }
}

extension RunEnd {
  fileprivate var problem: String? {
    let counts = [("loops", loops), ("timeOuts", timeOuts), ("failures", failures)]
    return (Limits.outside(counts) ?? Limits.outside([("seconds", seconds, Limits.time)])).map {
      "\($0) is out of range"
    }
  }
}

extension RunRow {
  fileprivate var problem: String? {
    if let name = Limits.outside([
      ("atMillis", atMillis, Limits.time), ("load", load, Limits.size), ("latencyMillis", latencyMillis, Limits.time),
      ("answerMillis", answerMillis, Limits.time), ("sample.atMillis", sample?.atMillis, Limits.time),
      ("sample.load", sample?.load, Limits.size),
    ]) {
      return "\(name) is out of range"
    }
    guard let sample else { return nil }
    for usage in sample.usage.values
    where Limits.outside([
      ("cpuPercent", usage.cpuPercent, Limits.percent), ("memoryMiB", usage.memoryMiB, Limits.size),
    ]) != nil {
      return "a usage is out of range"
    }
    if let name = Limits.outside([("heartbeats", sample.heartbeats), ("commands", sample.commands)]) {
      return "\(name) is out of range"
    }
    return Limits.outside(sample.lagRecords.map { ("lag", $0.value) }) == nil ? nil : "a lag is out of range"
  }
}

/// What is wrong with a run file, and what to do.
public struct RunProblem: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
