import Foundation

/// The peer that is the project's own: answers the benchmark's lines (Peers/c/peer.h says which) from generated code.
@main
struct SwiftPeer {
  static func main() {
    guard CommandLine.arguments.count == 2 else {
      FileHandle.standardError.write(Data("usage: swift-peer DATA-FOLDER\n".utf8))
      exit(64)
    }
    let opener = CaseOpener(folder: CommandLine.arguments[1])
    var cases: [String: OpenCase] = [:]
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      if words.first == "quit" { break }
      print(answer(words, opener, &cases))
      fflush(nil)
    }
  }

  private static func answer(_ words: [String], _ opener: CaseOpener, _ cases: inout [String: OpenCase]) -> String {
    do {
      switch (words.first, words.count) {
      case ("open", 2):
        let opened = try opener.open(words[1])
        cases[words[1]] = opened
        return String(format: "ok %d %.1f", opened.recordCount, opened.meanBytes)
      case ("measure", 4):
        guard let measurement = cases[words[1]]?.measurements[words[2]] else { return "none" }
        let result = try measurement.run(samples: Int(words[3]) ?? 1)
        return String(format: "ns %.3f %.3f", result.minimum, result.median)
      default: return "error not understood"
      }
    } catch {
      return "error \(error)"
    }
  }
}
