import AvroRuntime
import AvroSchema
import Foundation
import RandomAvro
import Testing

/// Random schemas, what they become, and values of them, read by our plans and by fastavro.
///
/// Where fastavro deviates:
/// - It finds out that items, values or fields don't match when the first is met, and reads empty arrays and maps of
///   them; the specification has arrays match when their items do, so there is no plan. Such a pair has to be
///   incompatible for the checker as well.
/// - It takes the first branch of a reader's union that a value can be promoted to, though a later one is of the
///   value's own type. The unions here have one number and one text each; tables test the others.
@Suite struct FastavroTests {
  struct Request: Encodable {
    var w: String
    var r: String
    var d: [[String?]]
  }

  struct Answer: Decodable {
    var error: String?
    var d: [[String?]]?
  }

  static let pairCount = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 100_000 : 2_000
  static let valuesPerSchema = 4

  @Test func resolvesAsFastavro() throws {
    let peer = try FastavroPeer()
    var random = RandomAvro(seed: 20_260)
    var compared = 0
    var resolved = 0
    for round in 0..<(Self.pairCount / Self.valuesPerSchema) {
      let writer = random.record()
      let reader = random.evolved(writer)
      guard let text = try? Schema(parsing: reader.text()), text == reader else { continue }
      let values = (0..<Self.valuesPerSchema).map { _ in random.bytes(of: writer) }
      let ours = values.map { Ours($0, writer: writer, reader: reader) }
      try peer.send(Self.line(writer, reader, values, ours))
      let answer = try JSONDecoder().decode(Answer.self, from: try #require(try peer.receive()))
      let answers = try #require(answer.d, "round \(round): \(answer.error ?? "") \(writer.text()) \(reader.text())")
      for (index, theirs) in answers.enumerated() {
        let place: Comment =
          "round \(round), ours \(ours[index]), theirs \(theirs), writer \(writer.text()), reader \(reader.text()), bytes \(Self.hex(values[index]))"
        compared += 1
        switch ours[index] {
        case .bytes:
          resolved += 1
          // Bytes read as a string: neither can be read when it is no text, each with its own first bad place.
          #expect(theirs[0] == theirs[1] || theirs.allSatisfy { $0?.hasPrefix("!UnicodeDecodeError") == true }, place)
        case .failure(let error):
          // The same inside a branch of a union: the plan gives up the branch.
          let isGivenUp = error.kind == .unresolvable && !reader.canRead(writer)
          #expect(isGivenUp || theirs[0]?.hasPrefix("!") == true, place)
        case .noPlan: #expect(!reader.canRead(writer), place)
        }
      }
    }
    #expect(compared > Self.pairCount / 2)
    #expect(resolved > compared / 2)
  }

  enum Ours: CustomStringConvertible {
    case bytes([UInt8])
    case failure(AvroError)
    case noPlan(ResolutionError)

    init(_ bytes: [UInt8], writer: Schema, reader: Schema) {
      do throws(ResolutionError) {
        let plan = try ResolutionPlan(writer: writer, reader: reader)
        self = Self.resolved(bytes, plan)
      } catch {
        self = .noPlan(error)
      }
    }

    private static func resolved(_ bytes: [UInt8], _ plan: ResolutionPlan) -> Ours {
      do throws(AvroError) {
        var output = AvroWriter()
        try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
          try plan.resolve(UnsafeRawBufferPointer(buffer), into: &output)
        }
        return .bytes(try output.bytes())
      } catch {
        return .failure(error)
      }
    }

    var description: String {
      switch self {
      case .bytes(let bytes): FastavroTests.hex(bytes)
      case .failure(let error): "\(error)"
      case .noPlan(let error): "\(error)"
      }
    }
  }

  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  static func line(_ writer: Schema, _ reader: Schema, _ values: [[UInt8]], _ ours: [Ours]) -> String {
    let pairs = zip(values, ours).map { value, ours -> String in
      guard case .bytes(let bytes) = ours else { return "[\"\(hex(value))\",null]" }
      return "[\"\(hex(value))\",\"\(hex(bytes))\"]"
    }
    return "{\"w\":\(writer.text()),\"r\":\(reader.text()),\"d\":[\(pairs.joined(separator: ","))]}"
  }
}
