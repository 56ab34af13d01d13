import Foundation

/// The time of day, for what people read and for record keys; never for measuring.
public enum WallClock {
  /// Milliseconds since 1970.
  public static func millis() -> Int64 {
    Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down))
  }

  /// Hours, minutes and seconds in the machine's time zone, `14:05:09`.
  public static func localTime() -> String {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }
}
