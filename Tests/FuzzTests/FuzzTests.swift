import Foundation
import FuzzTargets
import Testing

/// The inputs that fuzzing has found, corpora and past crashes, run again: a failure ends the process, as it would have
/// ended the fuzzer. `scripts/fuzz` finds new ones.
@Suite struct FuzzTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fuzz")

  static func inputs(of target: String) throws -> [[UInt8]] {
    let corpus = try String(contentsOf: folder.appending(path: "Corpora/\(target).txt"), encoding: .utf8)
    var inputs = try corpus.split(separator: "\n").map { line in
      [UInt8](try #require(Data(base64Encoded: String(line)), "\(target).txt has a line that is not base64"))
    }
    let crashes = folder.appending(path: "Crashes/\(target)")
    let files = (try? FileManager.default.contentsOfDirectory(at: crashes, includingPropertiesForKeys: nil)) ?? []
    for file in files { inputs.append([UInt8](try Data(contentsOf: file))) }
    return inputs
  }

  @Test(arguments: FuzzTarget.all.map(\.name)) func keptInputsPass(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    let inputs = try Self.inputs(of: name)
    #expect(!inputs.isEmpty)
    for input in inputs { input.withUnsafeBytes(target.run) }
  }

  /// A quick look beyond them: each input cut short and with a byte changed, from a seed that is fixed.
  @Test(arguments: FuzzTarget.all.map(\.name)) func neighboursOfKeptInputsPass(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    for var input in try Self.inputs(of: name) where !input.isEmpty {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      input[Int((state >> 33) % UInt64(input.count))] ^= UInt8(truncatingIfNeeded: state >> 24) | 1
      input.withUnsafeBytes(target.run)
      input.removeLast(Int((state >> 40) % UInt64(input.count)))
      input.withUnsafeBytes(target.run)
    }
  }
}
