import AvroSchema
import Foundation

extension SynchronizerPlan {
  /// The plan as JSON that is the same for the same plan, for ``init(json:)`` and for other programs. Ends with a
  /// newline.
  public var json: String { Canonical.text(of: self, isPretty: true) + "\n" }

  /// Reads what ``json`` wrote.
  public init(json: some Sequence<UInt8>) throws(SynchronizerError) {
    let bytes = Data(json)
    let form: Int
    do {
      form = try JSONDecoder().decode(Form.self, from: bytes).format
    } catch {
      throw SynchronizerError(message: "not a plan: make one with \"bank synchronize plan --json\"")
    }
    guard form == Self.currentFormat else {
      throw SynchronizerError(
        message: "a plan of format \(form), and this program knows \(Self.currentFormat); make the plan anew")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: bytes)
    } catch {
      throw SynchronizerError(message: "the plan can't be read, make it anew: \(error)")
    }
  }
}

/// What every form of a plan has.
private struct Form: Decodable { var format: Int }

/// JSON with sorted keys, and hashes of it.
enum Canonical {
  static func text(of value: some Encodable, isPretty: Bool = false) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
    // Values of numbers, texts, lists and mappings: there is nothing that JSON can't say.
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// The first 16 digits of the SHA-256, which is enough to see that something moved.
  static func hash(of value: some Encodable) -> String {
    let digits = Array("0123456789abcdef")
    return SHA256.digest(of: text(of: value).utf8).prefix(8)
      .reduce(into: "") { $0 += [digits[Int($1 >> 4)], digits[Int($1 & 15)]] }
  }
}
