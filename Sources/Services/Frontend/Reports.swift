import BankSupport
import Foundation
import Synchronization

/// What measurements have left: files under `/reports/`, read when asked for, as they come and go while the bank runs.
public struct Reports: Sendable {
  /// A larger file is not served.
  public static let fileLimitBytes = 16 << 20
  /// A longer list ends there.
  public static let listLimit = 1_000

  /// Looked at in this order.
  let folders: [String]
  /// Disk is waited for here, one request at a time, and not on the threads that everything else runs on.
  private let queue = DispatchQueue(label: "reports")
  private let remembered = Remembered()
  private let rememberedFor: Duration

  /// - Parameter rememberedFor: how long it is believed that there are reports, or none. Whoever asks for the settings
  ///   over and over then does not have folders read each time.
  public init(folders: [String], rememberedFor: Duration = .seconds(2)) {
    self.folders = folders
    self.rememberedFor = rememberedFor
  }

  /// `<home>/reports`, and the `docs/results` that stand in the working folder or in one above the program.
  public static func standard(home: String) -> Reports {
    var folders = ["\(home)/reports", Files.absolute("docs/results")]
    if let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      var parent = URL(filePath: program)
      // Such as .build/x86_64-unknown-linux-gnu/debug/bank.
      for _ in 0..<4 {
        parent.deleteLastPathComponent()
        folders.append(parent.appending(path: "docs/results").path)
      }
    }
    var seen: Set<String> = []
    return Reports(folders: folders.filter { seen.insert($0).inserted })
  }

  /// Whether there is anything to show, as it was at most `rememberedFor` ago.
  public func hasAny() async -> Bool {
    if let known = remembered.value { return known }
    return await onQueue {
      // The one before in the queue may have looked meanwhile.
      if let known = remembered.value { return known }
      let found = !Self.names(in: folders, limit: 1).isEmpty
      remembered.set(found, until: .now + rememberedFor)
      return found
    }
  }

  /// What was found last, until it is too old.
  private final class Remembered: Sendable {
    private let found = Mutex<(hasAny: Bool, until: ContinuousClock.Instant)?>(nil)

    var value: Bool? {
      found.withLock { found in
        guard let found, ContinuousClock.now < found.until else { return nil }
        return found.hasAny
      }
    }

    func set(_ hasAny: Bool, until: ContinuousClock.Instant) {
      found.withLock { $0 = (hasAny, until) }
    }
  }

  /// - Parameter path: behind `/reports/`, percent-encoded; empty for the list.
  /// - Returns: nil when there is no such file, when it is too large or of a kind that is not served.
  public func file(_ path: String) async -> PageFile? {
    guard path.isEmpty || !path.utf8.contains(0) else { return nil }
    return await onQueue { path.isEmpty ? list() : read(path) }
  }

  /// Each part of the path is the name of something in a folder: no `..`, nothing hidden, no separator in disguise.
  static func safeName(_ part: Substring) -> String? {
    guard let name = String(part).removingPercentEncoding, !name.isEmpty, !name.hasPrefix("."),
      !name.contains(where: { $0 == "/" || $0 == "\\" || $0 == "\0" || $0.isNewline })
    else { return nil }
    return name
  }

  private func read(_ path: String) -> PageFile? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let names = parts.compactMap { Self.safeName($0) }
    guard names.count == parts.count, let last = names.last, let contentType = PageFile.contentType(ofName: last)
    else { return nil }
    for folder in folders {
      // A link that leads out of the folder is none of its files.
      let root = URL(filePath: folder).resolvingSymlinksInPath().path
      let file = URL(filePath: "\(folder)/\(names.joined(separator: "/"))").resolvingSymlinksInPath().path
      guard file.hasPrefix(root + "/"), Self.isRegular(file) else { continue }
      guard let bytes = try? Files.read(file, limitBytes: Self.fileLimitBytes) else { continue }
      return PageFile(bytes, contentType: contentType)
    }
    return nil
  }

  private func list() -> PageFile? {
    if let index = read("index.html") { return index }
    let names = Self.names(in: folders)
    guard !names.isEmpty else { return nil }
    let items = names.map { name in
      "    <li><a href=\"/reports/\(Self.encoded(name))\">\(Self.escaped(name))</a></li>\n"
    }
    let text = """
      <!doctype html>
      <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Reports – Open Bank</title>
        <link rel="icon" href="/logo.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/style/base.css">
        <link rel="stylesheet" href="/style/frame.css">
      </head>
      <body>
        <main id="main">
          <h1>Reports</h1>
          <ul>
      \(items.joined())    </ul>
          <p><a href="/#/background">Back to the bank</a></p>
        </main>
      </body>
      </html>

      """
    return PageFile(Array(text.utf8), contentType: "text/html; charset=utf-8")
  }

  /// Files that are served, as paths from the folders, in order; those of a hidden folder are not.
  private static func names(in folders: [String], limit: Int = listLimit) -> [String] {
    var names: Set<String> = []
    for folder in folders {
      guard let found = FileManager.default.enumerator(atPath: folder) else { continue }
      while names.count < limit, let name = found.nextObject() as? String {
        let isShown = name.split(separator: "/").allSatisfy { !$0.hasPrefix(".") }
        guard isShown, PageFile.contentType(ofName: name) != nil, isRegular("\(folder)/\(name)") else { continue }
        names.insert(name)
      }
    }
    return names.sorted()
  }

  private static func isRegular(_ path: String) -> Bool {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType == .typeRegular
  }

  private static func encoded(_ name: String) -> String {
    let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")
    return name.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }

  private func onQueue<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
  }
}
