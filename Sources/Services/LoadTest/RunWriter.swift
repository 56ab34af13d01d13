import BankSupport
import Foundation
import Glibc
import LoadRuns
import Synchronization

/// Writes a run file, each line whole as soon as it is known: what is cut off loses no row before it.
final class RunWriter: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "load-test-file")
  private let problem = Mutex<String?>(nil)

  /// Makes the file.
  /// - Throws: when there is one, or it can't be made.
  init(path: String) throws {
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  deinit { close(descriptor) }

  /// Looks whether the file could be made, before anything is started for it.
  static func check(path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    do {
      try FileManager.default.createDirectory(
        atPath: folder.isEmpty ? "." : folder, withIntermediateDirectories: true)
    } catch { throw LoadTestProblem("cannot make the folder \(folder): \(error.localizedDescription)") }
    guard !FileManager.default.fileExists(atPath: path) else {
      throw LoadTestProblem("\(path) is there already, and run files are not overwritten: choose another --output")
    }
  }

  func write(_ record: some Encodable & Sendable) {
    queue.async { [self] in
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      do {
        let line = Array(try encoder.encode(record)) + [UInt8(ascii: "\n")]
        var written = 0
        while written < line.count {
          let count = line[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
          if count < 0 && errno == EINTR { continue }
          guard count > 0 else { throw SupportError(String(cString: strerror(errno))) }
          written += count
        }
      } catch {
        problem.withLock { $0 = "cannot write the run file: \(error)" }
      }
    }
  }

  /// What could not be written so far; nil when all was.
  var failure: String? { problem.withLock(\.self) }

  /// Returns when all that was given is written.
  func flush() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  private static func failure(_ path: String) -> LoadTestProblem {
    errno == EEXIST
      ? LoadTestProblem("\(path) is there already, and run files are not overwritten: choose another --output")
      : LoadTestProblem("cannot make \(path): \(String(cString: strerror(errno)))")
  }
}
