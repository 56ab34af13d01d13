import Foundation
import Glibc

/// Writes lines, and one that is rewritten in place where a person looks at it.
final class Terminal {
  let isInteractive: Bool
  // With --json standard output is for the figures, and what is said goes to standard error.
  private let speech: Int32
  private var hasLiveLine = false

  init(json: Bool) {
    speech = json ? 2 : 1
    isInteractive = !json && isatty(1) == 1
  }

  /// A line that stays.
  func line(_ text: String) {
    write((hasLiveLine ? "\r\u{1B}[K" : "") + text + "\n", to: speech)
    hasLiveLine = false
  }

  /// A line of figures for another program.
  func figures(_ text: String) { write(text + "\n", to: 1) }

  /// On a terminal the last line, rewritten; elsewhere a line of its own.
  func live(_ text: String) {
    guard isInteractive else { return write(text + "\n", to: 1) }
    var size = winsize()
    let width = ioctl(1, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 10 ? Int(size.ws_col) - 1 : 79
    write("\r\u{1B}[K" + text.prefix(width), to: 1)
    hasLiveLine = true
  }

  private func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let count = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // Nobody reads any more: the bank goes on.
      if count <= 0 { return }
      start += count
    }
  }
}
