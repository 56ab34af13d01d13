import Foundation
import Synchronization

/// Counts failures by key in token buckets: each failure takes one, one comes back after a while, and with none left
/// the key is locked until then.
///
/// The memory is bounded: past `maxKeys` those are forgotten that have the most left, so that nobody unlocks a key by
/// failing under many others.
final class RateLimit: Sendable {
  struct Settings: Sendable {
    /// Failures in a row that are let through.
    var capacity: Int
    /// After which one failure is forgotten.
    var refillMillis: Int
    var maxKeys: Int
  }

  private struct Bucket {
    var left: Double
    var atMillis: Int64
  }

  private let settings: Settings
  private let nowMillis: @Sendable () -> Int64
  private let buckets = Mutex<[String: Bucket]>([:])

  /// - Parameter nowMillis: a clock that never goes back.
  init(_ settings: Settings, nowMillis: @escaping @Sendable () -> Int64 = RateLimit.uptimeMillis) {
    self.settings = settings
    self.nowMillis = nowMillis
  }

  /// Milliseconds since the machine started.
  static let uptimeMillis: @Sendable () -> Int64 = {
    Int64(ProcessInfo.processInfo.systemUptime * 1_000)
  }

  /// How long the key is locked; 0 when it is not.
  func lockedMillis(_ key: String) -> Int64 {
    let now = nowMillis()
    return buckets.withLock { buckets in
      guard let bucket = buckets[key] else { return 0 }
      return lockedMillis(left(bucket, now))
    }
  }

  /// Takes one failure ahead of knowing whether it is one.
  ///
  /// - Returns: 0; or how long the key is locked, and then nothing was taken.
  @discardableResult
  func take(_ key: String) -> Int64 {
    let now = nowMillis()
    return buckets.withLock { buckets in
      let left = buckets[key].map { self.left($0, now) } ?? Double(settings.capacity)
      guard left >= 1 else { return lockedMillis(left) }
      buckets[key] = Bucket(left: left - 1, atMillis: now)
      if buckets.count > settings.maxKeys { shrink(&buckets, now) }
      return 0
    }
  }

  /// It was no failure.
  func giveBack(_ key: String) {
    let now = nowMillis()
    buckets.withLock { buckets in
      guard let bucket = buckets[key] else { return }
      let left = left(bucket, now) + 1
      buckets[key] = left >= Double(settings.capacity) ? nil : Bucket(left: left, atMillis: now)
    }
  }

  /// Keys that are remembered.
  var count: Int { buckets.withLock { $0.count } }

  private func lockedMillis(_ left: Double) -> Int64 {
    left >= 1 ? 0 : Int64(((1 - left) * Double(settings.refillMillis)).rounded(.up))
  }

  private func left(_ bucket: Bucket, _ now: Int64) -> Double {
    min(Double(settings.capacity), bucket.left + Double(now - bucket.atMillis) / Double(settings.refillMillis))
  }

  /// To three quarters, so that it is rare.
  private func shrink(_ buckets: inout [String: Bucket], _ now: Int64) {
    let emptiest = buckets.sorted { left($0.value, now) < left($1.value, now) }
    buckets = Dictionary(
      emptiest.prefix(settings.maxKeys * 3 / 4).filter { left($0.value, now) < Double(settings.capacity) }
        .map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}
