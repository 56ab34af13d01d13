import Foundation
import Glibc
import LoadRuns
import Synchronization

/// What a person sees on standard error: on a terminal one line that changes, else a line now and then.
final class ProgressLine: Sendable {
  private static let plainSeconds = 10.0
  private let isInteractive = isatty(2) == 1
  private let lastLine = Mutex(Date.distantPast)

  /// A line that stays.
  func say(_ text: String) { write((isInteractive ? "\r\u{1B}[K" : "") + text + "\n") }

  func show(_ figures: @autoclosure () -> Figures) {
    let isDue = lastLine.withLock { last in
      guard Date().timeIntervalSince(last) >= (isInteractive ? 1 : Self.plainSeconds) else { return false }
      last = Date()
      return true
    }
    guard isDue else { return }
    write(isInteractive ? "\r\u{1B}[K" + figures().line : figures().line + "\n")
  }

  struct Figures {
    var loops: Int
    var load: Double
    var timeOuts: Int
    var failures: Int
    var histogram: LatencyHistogram
    var secondsLeft: Double?

    var line: String {
      func millis(_ share: Double) -> String {
        histogram.quantile(share).map { String(format: "%.1f", Double($0) / 1000) } ?? "-"
      }
      var parts = [
        "\(loops) loops", "load \(String(format: "%.0f", load))/s", "p50 \(millis(0.5)) ms", "p99 \(millis(0.99)) ms",
        "\(timeOuts) time-outs",
      ]
      if failures > 0 { parts.append("\(failures) FAILURES") }
      if let left = secondsLeft {
        let seconds = Int(max(0, left).rounded(.up))
        parts.append(String(format: "%d:%02d left", seconds / 60, seconds % 60))
      }
      return parts.joined(separator: " · ")
    }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
