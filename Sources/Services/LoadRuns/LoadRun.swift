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
    guard whole.count > 1, let ending = try? decoder.decode(RunEnd.self, from: Data(last)), ending.type == "end" else {
      throw Self.cutOff(name, "after line \(whole.count)")
    }
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

extension RunRow {
  /// What cannot be in a run; nil when all is well.
  fileprivate var problem: String? {
    let figures = [("atMillis", atMillis), ("load", load), ("latencyMillis", latencyMillis)]
    for (name, value) in figures where !value.isFinite || value < 0 || value > 1e12 {
      return "\(name) is out of range"
    }
    for usage in sample?.usage.values.map(\.self) ?? []
    where !usage.cpuPercent.isFinite || !usage.memoryMiB.isFinite || usage.cpuPercent < 0 || usage.memoryMiB < 0 {
      return "a usage is out of range"
    }
    return nil
  }
}

/// What is wrong with a run file, and what to do.
public struct RunProblem: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
