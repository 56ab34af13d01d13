import Testing

@testable import avrogen

/// Types that refer to each other and stand in files of their own.
@Suite struct SplitSchemaTests {
  private static let files = [
    (
      "order.avsc",
      #"{"type":"record","name":"Order","namespace":"a","fields":[{"name":"lines","type":{"type":"array","items":"Line"}},{"name":"state","type":"b.State","default":"NEW"}]}"#
    ),
    (
      "line.avsc",
      #"{"type":"record","name":"Line","namespace":"a","fields":[{"name":"of","type":["null","Order"]},{"name":"code","type":"b.Code"}]}"#
    ),
    ("state.avsc", #"{"type":"enum","name":"State","namespace":"b","symbols":["NEW","PAID"]}"#),
    (
      "code.yaml",
      "namespace: b\ntypes: { code: { name: Code, type: fixed, size: 4 } }\nrecords: { Bill: [order: a.Order] }\n"
    ),
  ]

  /// Each schema is emitted complete in itself, whichever file comes first.
  @Test func orderOfFilesDecidesNothing() throws {
    var seen: Set<[String: String]> = []
    for order in Self.orders(of: Self.files.count) {
      let inputs = order.map { Loader.Input(path: Self.files[$0].0, bytes: Array(Self.files[$0].1.utf8)) }
      switch Loader.load(inputs) {
      case .good(let model):
        seen.insert(Dictionary(uniqueKeysWithValues: emitAvsc(model).map { ($0.name, $0.text) }))
      case .bad(let lines): Issue.record("\(order): \(lines.joined(separator: "\n"))")
      }
    }
    #expect(seen.count == 1)
    #expect(
      Set(try #require(seen.first).keys)
        == ["a.Order.avsc", "a.Line.avsc", "b.State.avsc", "b.Code.avsc", "b.Bill.avsc"])
  }

  /// A file that is left out is missed by name, in each that refers to it.
  @Test func whatIsMissingIsNamed() throws {
    let inputs = Self.files.dropLast().map { Loader.Input(path: $0.0, bytes: Array($0.1.utf8)) }
    guard case .bad(let lines) = Loader.load(inputs) else {
      Issue.record("b.Code is defined nowhere")
      return
    }
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("line.avsc:1:") == true && lines.first?.contains("b.Code") == true, "\(lines)")
  }

  private static func orders(of count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return orders(of: count - 1).flatMap { order in
      (0...order.count).map { place in Array(order[..<place]) + [count - 1] + Array(order[place...]) }
    }
  }
}
