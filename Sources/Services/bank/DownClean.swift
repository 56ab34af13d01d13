import ArgumentParser
import BankSupport
import Foundation
import Glibc

struct Down: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Stop the bank that runs on a home.")
  private static let limitSeconds = 15.0

  @OptionGroup var options: HomeOptions

  func run() throws {
    let home = options.homePath
    guard HomeLock.isHeld(home: home) else {
      print("no bank runs on \(home)")
      return
    }
    guard let pid = try RunFile.read(home: home)?.pid, Leftovers.isBank(pid) else {
      throw SupportError("a bank is just starting or ending on \(home): try again")
    }
    guard kill(pid, SIGTERM) == 0 else {
      throw SupportError("cannot signal process \(pid): \(String(cString: strerror(errno)))")
    }
    let limit = ContinuousClock.now + .seconds(Self.limitSeconds)
    while HomeLock.isHeld(home: home) {
      if .now > limit { throw SupportError("process \(pid) did not stop within \(Int(Self.limitSeconds)) s") }
      usleep(50_000)
    }
    print("stopped")
  }
}

struct Clean: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Remove a home with everything in it: accounts, topics, passwords.")

  @OptionGroup var options: HomeOptions

  func run() throws {
    let home = options.homePath
    guard FileManager.default.fileExists(atPath: home) else {
      print("there is no \(home)")
      return
    }
    let isHome = [RunFile.path(home: home), Secrets.path(home: home)].contains {
      FileManager.default.fileExists(atPath: $0)
    }
    guard isHome else {
      throw SupportError("\(home) is not a bank's home (no run.json, no secrets): nothing was removed")
    }
    // Held until the end, so that nothing starts on what is being removed.
    let lock = try HomeLock(home: home)
    try withExtendedLifetime(lock) {
      for note in try Leftovers.clean(home: home) { print(note) }
      try FileManager.default.removeItem(atPath: home)
    }
    print("removed \(home)")
  }
}
