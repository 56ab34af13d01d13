/// A pattern that a whole name has to match: a small regular expression, matched in time that grows with the product of
/// both lengths, whatever the pattern is.
///
/// Characters stand for themselves, but for `.` (any), `[a-z_]` and `[^.]` (one of, none of), `( )`, `|`, `*`, `+`, `?`,
/// and `\` before one of these.
public struct NamePattern: Sendable, Hashable {
  /// Characters of a pattern.
  public static let maxLength = 200
  /// Groups inside each other.
  public static let maxDepth = 20

  /// Why a text is no pattern.
  public struct Invalid: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
  }

  public let text: String
  private let states: [State]
  private let start: Int

  public init(_ text: String) throws(Invalid) {
    guard !text.isEmpty else { throw Invalid(description: "the pattern is empty") }
    guard text.unicodeScalars.count <= Self.maxLength else {
      throw Invalid(description: "the pattern has more than \(Self.maxLength) characters")
    }
    self.text = text
    var parser = Parser(text)
    let tree = try parser.whole()
    var states = [State.accept]
    start = Self.add(tree, before: 0, to: &states)
    self.states = states
  }

  /// Whether all of `name` is of this form.
  public func matches(_ name: String) -> Bool {
    var current = closure([start])
    for scalar in name.unicodeScalars {
      var next: Set<Int> = []
      for index in current {
        if case .one(let set, let target) = states[index], set.contains(scalar) { next.insert(target) }
      }
      if next.isEmpty { return false }
      current = closure(next)
    }
    return current.contains(0)
  }

  /// With what is reached without a character.
  private func closure(_ start: Set<Int>) -> Set<Int> {
    var (found, pending) = (start, Array(start))
    while let index = pending.popLast() {
      guard case .fork(let targets) = states[index] else { continue }
      for target in targets where found.insert(target).inserted { pending.append(target) }
    }
    return found
  }

  // MARK: States (Thompson's construction)

  private enum State: Sendable, Hashable {
    case accept
    case one(Characters, Int)
    case fork([Int])
  }

  private struct Characters: Sendable, Hashable {
    var ranges: [ClosedRange<Unicode.Scalar>]
    var isNegated = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }
  }

  private indirect enum Tree {
    case one(Characters)
    case sequence([Tree])
    case either([Tree])
    case optional(Tree)
    /// Any number of times; at least once, or also never.
    case many(Tree, canBeNone: Bool)
  }

  /// Adds the states of `tree`, and gives the first of them.
  private static func add(_ tree: Tree, before next: Int, to states: inout [State]) -> Int {
    switch tree {
    case .one(let set):
      states.append(.one(set, next))
    case .sequence(let items):
      return items.reversed().reduce(next) { add($1, before: $0, to: &states) }
    case .either(let items):
      let starts = items.map { add($0, before: next, to: &states) }
      states.append(.fork(starts))
    case .optional(let item):
      let start = add(item, before: next, to: &states)
      states.append(.fork([start, next]))
    case .many(let item, let canBeNone):
      let fork = states.count
      states.append(.fork([]))
      let start = add(item, before: fork, to: &states)
      states[fork] = .fork([start, next])
      return canBeNone ? fork : start
    }
    return states.count - 1
  }

  // MARK: Parsing

  private struct Parser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    mutating func whole() throws(Invalid) -> Tree {
      let tree = try alternatives()
      if let extra = peek { throw Invalid(description: "\"\(extra)\" at character \(position + 1) closes nothing") }
      return tree
    }

    private mutating func alternatives() throws(Invalid) -> Tree {
      var items = [try sequence()]
      while peek == "|" {
        position += 1
        items.append(try sequence())
      }
      return items.count == 1 ? items[0] : .either(items)
    }

    private mutating func sequence() throws(Invalid) -> Tree {
      var items: [Tree] = []
      while let scalar = peek, scalar != "|", scalar != ")" {
        var item = try atom()
        quantifiers: while let mark = peek {
          switch mark {
          case "*": item = .many(item, canBeNone: true)
          case "+": item = .many(item, canBeNone: false)
          case "?": item = .optional(item)
          default: break quantifiers
          }
          position += 1
        }
        items.append(item)
      }
      return .sequence(items)
    }

    private mutating func atom() throws(Invalid) -> Tree {
      guard let scalar = peek else { throw Invalid(description: "the pattern ends too early") }
      position += 1
      switch scalar {
      case ".": return .one(Characters(ranges: [], isNegated: true))
      case "[": return .one(try characters())
      case "(":
        depth += 1
        guard depth <= NamePattern.maxDepth else {
          throw Invalid(description: "more than \(NamePattern.maxDepth) groups inside each other")
        }
        let tree = try alternatives()
        guard peek == ")" else { throw Invalid(description: "a \"(\" is not closed") }
        position += 1
        depth -= 1
        return tree
      case "*", "+", "?": throw Invalid(description: "\"\(scalar)\" at character \(position) repeats nothing")
      case "]", "{", "}", "^", "$":
        throw Invalid(description: "\"\(scalar)\" at character \(position) means nothing here; write \\\(scalar)")
      case "\\": return .one(Characters(ranges: [try escaped()...scalars[position - 1]]))
      default: return .one(Characters(ranges: [scalar...scalar]))
      }
    }

    private mutating func escaped() throws(Invalid) -> Unicode.Scalar {
      guard let scalar = peek else { throw Invalid(description: "nothing behind the last \\") }
      guard !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
        throw Invalid(description: "\\\(scalar) is no escape: \\ stands before punctuation")
      }
      position += 1
      return scalar
    }

    private mutating func characters() throws(Invalid) -> Characters {
      var set = Characters(ranges: [])
      if peek == "^" {
        set.isNegated = true
        position += 1
      }
      while let scalar = peek, scalar != "]" {
        position += 1
        let low = scalar == "\\" ? try escaped() : scalar
        guard peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
          set.ranges.append(low...low)
          continue
        }
        position += 1
        let next = scalars[position]
        position += 1
        let high = next == "\\" ? try escaped() : next
        guard low <= high else { throw Invalid(description: "\(low)-\(high) goes backwards") }
        set.ranges.append(low...high)
      }
      guard peek == "]" else { throw Invalid(description: "a \"[\" is not closed") }
      guard !set.ranges.isEmpty else { throw Invalid(description: "[] is empty") }
      position += 1
      return set
    }
  }
}
