import Foundation

/// How much of each fault is injected: a short form in every run of the tests, the full figures in `make test-faults`
/// (`BANK_TEST_FAULTS`), and what takes minutes by itself in `make test-long` (`BANK_TEST_LONG`).
enum FaultSize {
  static let isLong = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil
  static let isFull = isLong || ProcessInfo.processInfo.environment["BANK_TEST_FAULTS"] != nil

  static func of<Value>(short: Value, full: Value) -> Value { isFull ? full : short }
}
