import AllTypesFixture
import AvroRuntime
import Foundation
import LibAvroBridge
import Testing

/// What views and packed records give is what the record has.
@Suite struct ViewTests {
  private static let rounds = 100

  /// Random values of a record, with their bytes.
  private func forEachRandom<Record: AvroRecord>(
    _ type: Record.Type, _ body: (Record, [UInt8]) throws -> Void
  ) throws {
    let other = try LibAvroType(schemaText: Record.schemaText)
    var generator = SeededGenerator(seed: 42)
    for _ in 0..<Self.rounds {
      let bytes = try other.randomBytes(using: &generator)
      try body(try Record(avroBytes: bytes), bytes)
    }
  }

  @Test func primitives() throws {
    try forEachRandom(Primitives.self) { value, bytes in
      let packed = try Primitives.Packed(avroBytes: bytes)
      #expect(packed.text == value.text && packed.blob == value.blob && packed.bigNumber == value.bigNumber)
      try Primitives.View.withDecoded(bytes) { view in
        let text = try view.text.string()
        #expect(text == value.text)
        #expect(Bool(view.text == value.text))
        #expect(Bool(view.text != value.text + "x"))
        #expect(view.text.utf8Count == value.text.utf8.count)
        #expect(view.text.withUTF8 { Array($0) } == Array(value.text.utf8))
        #expect(view.blob.array() == value.blob)
        #expect(Bool(view.blob == value.blob))
        #expect(view.number == value.number && view.bigNumber == value.bigNumber && view.flag == value.flag)
        #expect(view.ratio.bitPattern == value.ratio.bitPattern)
      }
    }
  }

  @Test func logicals() throws {
    try forEachRandom(Logicals.self) { value, bytes in
      try Logicals.View.withDecoded(bytes) { view in
        #expect(view.cents == value.cents && view.price == value.price && view.uuidText == value.uuidText)
        #expect(view.plainUuid == value.plainUuid && view.date == value.date && view.period == value.period)
        #expect(view.bigDecimal.value == value.bigDecimal)
        #expect(Bool(view.huge == value.huge))
      }
      #expect(try Logicals.Packed(avroBytes: bytes).bigDecimal == value.bigDecimal)
    }
  }

  @Test func arrays() throws {
    try forEachRandom(Arrays.self) { value, bytes in
      let packed = try Arrays.Packed(avroBytes: bytes)
      #expect(packed.inners == value.inners && packed.optionalUuids == value.optionalUuids)
      try Arrays.View.withDecoded(bytes) { view in
        #expect(view.longs.array() == value.longs && view.booleans.array() == value.booleans)
        #expect(view.doubles.array().map(\.bitPattern) == value.doubles.map(\.bitPattern))
        #expect(view.nulls.count == value.nulls.count && view.empties.count == value.empties.count)
        #expect(view.colours.array() == value.colours && view.bigDecimals.array() == value.bigDecimals)
        var texts: [String] = []
        try view.texts.each { texts.append(try $0.string()) }
        #expect(texts == value.texts)
        var inners: [Inner] = []
        try view.inners.each { inners.append(Inner(left: try $0.left.string(), right: $0.right)) }
        #expect(inners == value.inners)
        var uuids: [UUID?] = []
        view.optionalUuids.each { uuids.append($0.value) }
        #expect(uuids == value.optionalUuids)
        var optionalTexts: [String?] = []
        try view.optionalTexts.each { optionalTexts.append(try $0.value.map { try $0.string() }) }
        #expect(optionalTexts == value.optionalTexts)
        var grid: [[Int64]] = []
        view.grid.each { grid.append($0.array()) }
        #expect(grid == value.grid)
        var sum: [AvroDecimal<2>] = []
        view.cube.each { $0.each { $0.each { sum.append($0.value) } } }
        #expect(sum == value.cube.flatMap { $0.flatMap { $0 } })
      }
    }
  }

  @Test func maps() throws {
    try forEachRandom(Maps.self) { value, bytes in
      let packed = try Maps.Packed(avroBytes: bytes)
      #expect(packed.texts == value.texts && packed.deep == value.deep)
      try Maps.View.withDecoded(bytes) { view in
        #expect(view.longs.count == value.longs.count)
        var texts: [(String, String)] = []
        try view.texts.each { texts.append((try $0.string(), try $1.string())) }
        #expect(texts.elementsEqual(value.texts) { $0 == $1 })
        var optionals: [Int64?] = []
        view.optionalLongs.each { optionals.append($1.value) }
        #expect(optionals == value.optionalLongs.map(\.value))
      }
    }
  }

  @Test func optionals() throws {
    try forEachRandom(Optionals.self) { value, bytes in
      let packed = try Optionals.Packed(avroBytes: bytes)
      #expect(packed.string == value.string && packed.bytes == value.bytes && packed.record == value.record)
      #expect(packed.uuid == value.uuid && packed.array == value.array && packed.map == value.map)
      try Optionals.View.withDecoded(bytes) { view in
        let string = try view.string.map { try $0.string() }
        #expect(string == value.string)
        let bytes = view.bytes.map { $0.array() }
        #expect(bytes == value.bytes)
        #expect(view.boolean == value.boolean && view.last?.bitPattern == value.last?.bitPattern)
        let array = view.array.map { $0.array() }
        #expect(array == value.array)
        switch view.record {
        case .some(let record):
          let left = try record.left.string()
          #expect(left == value.record?.left)
          #expect(record.right == value.record?.right)
        case .none: #expect(value.record == nil)
        }
      }
    }
  }

  @Test func unions() throws {
    try forEachRandom(Unions.self) { value, bytes in
      let packed = try Unions.Packed(avroBytes: bytes)
      #expect(packed.list == value.list && packed.listOrMap == value.listOrMap && packed.named == value.named)
      try Unions.View.withDecoded(bytes) { view in
        switch view.outcome {
        case .null: #expect(value.outcome == .null)
        case .boolean(let flag): #expect(value.outcome == .boolean(flag))
        case .int(let number): #expect(value.outcome == .int(number))
        case .long(let number): #expect(value.outcome == .long(number))
        case .float(let number):
          guard case .float(let other) = value.outcome else { throw Mismatch() }
          #expect(number.bitPattern == other.bitPattern)
        case .double(let number):
          guard case .double(let other) = value.outcome else { throw Mismatch() }
          #expect(number.bitPattern == other.bitPattern)
        case .bytes(let bytes): #expect(value.outcome == .bytes(bytes.array()))
        case .string(let view):
          let text = try view.string()
          #expect(value.outcome == .string(text))
        }
        var list: [Unions.ListElement] = []
        try view.list.each { item in
          switch item {
          case .null: list.append(.null)
          case .string(let text): list.append(.string(try text.string()))
          case .inner(let inner): list.append(.inner(Inner(left: try inner.left.string(), right: inner.right)))
          }
        }
        #expect(list == value.list)
      }
    }
  }

  private struct Mismatch: Error {}

  @Test func recursion() throws {
    let list = List(value: 1, next: List(value: 2, next: List(value: 3, next: nil)))
    let bytes = try list.avroBytes()
    let sum = try List.View.withDecoded(bytes) { Self.sum($0) }
    #expect(sum == 6)
    #expect(try List.Packed(avroBytes: bytes).next == list.next)
    try forEachRandom(Tree.self) { value, bytes in
      let names = try Tree.View.withDecoded(bytes) { try Self.names($0) }
      #expect(names == Self.names(value))
    }
  }

  private static func sum(_ list: borrowing List.View) -> Int64 {
    switch list.next {
    case .some(let next): list.value + next.withView { sum($0) }
    case .none: list.value
    }
  }

  private static func names(_ tree: borrowing Tree.View) throws -> [String] {
    var result = [try tree.name.string()]
    try tree.children.each { result += try names($0) }
    try tree.byName.each { result += [try $0.string()] + (try names($1)) }
    return result
  }

  private static func names(_ tree: Tree) -> [String] {
    [tree.name] + tree.children.flatMap { names($0) } + tree.byName.flatMap { [$0.key] + names($0.value) }
  }

  @Test func deepRecursionIsRefused() {
    let bytes = [UInt8](repeating: 2, count: 100_000)
    #expect(throws: AvroError.self) { try List.View.withDecoded(bytes) { _ in } }
    #expect(throws: AvroError.self) { try List.Packed(avroBytes: bytes) }
  }

  @Test func viewsRefuseBadUTF8WhenAskedAndPackedAtOnce() throws {
    let bytes: [UInt8] = [6, 0x61, 0xFF, 0x62, 4]
    let failure = #expect(throws: AvroError.self) { try Inner.Packed(avroBytes: bytes) }
    #expect(failure?.kind == .invalidUTF8 && failure?.offset == 1 && failure?.path == "/left")
    let (right, error) = try Inner.View.withDecoded(bytes) { view in
      do throws(AvroError) {
        _ = try view.left.string()
        return (view.right, AvroError?.none)
      } catch {
        return (view.right, error)
      }
    }
    #expect(right == 2)
    #expect(error?.kind == .invalidUTF8 && error?.offset == 1)
    // Inside what is nested too.
    let arrays = try Arrays(avroBytes: [UInt8](repeating: 0, count: 25))
    var encoded = try arrays.avroBytes()
    encoded.replaceSubrange(6...6, with: [2, 2, 0xC3, 0])
    #expect(throws: AvroError.self) { try Arrays.Packed(avroBytes: encoded) }
    #expect(try Arrays.View.withDecoded(encoded) { $0.texts.count } == 1)
  }

  @Test func errorsOfTheClosureKeepTheirType() throws {
    enum Failure: Error, AvroDecodingFailure, Equatable {
      case avro(AvroError)
      case mine
      init(_ error: AvroError) { self = .avro(error) }
    }
    func decode(_ bytes: [UInt8]) throws(Failure) -> Int64 {
      try Inner.View.withDecoded(bytes) { (view) throws(Failure) in
        if view.right == 1 { throw .mine }
        return view.right
      }
    }
    #expect(try decode([0, 4]) == 2)
    #expect(throws: Failure.mine) { try decode([0, 2]) }
    #expect(throws: Failure.avro(AvroError(.trailingBytes, offset: 2))) { try decode([0, 2, 0]) }
  }

  @Test func bytesAreCopiedWhereThereIsRoom() throws {
    try forEachRandom(Primitives.self) { value, bytes in
      try Primitives.View.withDecoded(bytes) { view in
        var target = [UInt8](repeating: 0, count: value.blob.count + 3)
        let fits = target.withUnsafeMutableBytes { view.blob.copy(to: $0) }
        #expect(fits && Array(target.prefix(value.blob.count)) == value.blob)
        guard !value.blob.isEmpty else { return }
        var small = [UInt8](repeating: 0, count: value.blob.count - 1)
        #expect(!small.withUnsafeMutableBytes { view.blob.copy(to: $0) })
      }
    }
  }
}
