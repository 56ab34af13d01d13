/// A place in an input file. Lines and columns count from 1, columns in Unicode scalars.
struct Location: Hashable, Sendable, Comparable {
  /// Index into the list of inputs.
  var file: Int
  var line: Int
  var column: Int

  static func < (left: Location, right: Location) -> Bool {
    (left.file, left.line, left.column) < (right.file, right.line, right.column)
  }
}

/// One thing that is wrong with the input.
struct Problem: Error, Hashable, Sendable {
  var location: Location
  var message: String

  init(_ location: Location, _ message: String) {
    self.location = location
    self.message = message
  }
}

/// Collects problems of a run; every reader and check adds to the same one.
final class Diagnostics {
  private(set) var problems: Set<Problem> = []

  /// What one run prints at most; a broken generator of YAML could otherwise fill a terminal.
  static let printedLimit = 1000

  /// Hints cost time that grows with the vocabulary; past these a message comes without one.
  private var hintsLeft = 200

  /// `; did you mean "x"?`, or nothing when no candidate is near.
  func hint(_ name: String, among candidates: some Sequence<String>) -> String {
    guard hintsLeft > 0 else { return "" }
    hintsLeft -= 1
    return NearName.hint(name, among: candidates)
  }

  func error(_ location: Location, _ message: String) {
    problems.insert(Problem(location, message))
  }

  func add(_ problem: Problem) {
    problems.insert(problem)
  }

  func remove(where isGone: (Problem) -> Bool) {
    problems = problems.filter { !isGone($0) }
  }

  /// Lines of the form `file:line:column: error: message`, sorted by input, line and column.
  func lines(paths: [String], severity: String = "error") -> [String] {
    let sorted = problems.sorted { ($0.location, $0.message) < ($1.location, $1.message) }
    var lines = sorted.prefix(Self.printedLimit).map { problem in
      let place = problem.location
      let path = paths.indices.contains(place.file) ? paths[place.file] : "-"
      return "\(path):\(place.line):\(place.column): \(severity): \(problem.message)"
    }
    if sorted.count > Self.printedLimit {
      lines.append("avrogen: \(sorted.count - Self.printedLimit) more problems are not shown")
    }
    return lines
  }
}
