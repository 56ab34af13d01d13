import Foundation

/// How much of each fault is injected: a short form of some of them in every run of the tests, all of them with their full
/// figures in `make test-faults` (`BANK_TEST_FAULTS`), and what takes minutes by itself in `make test-long`
/// (`BANK_TEST_LONG`).
enum FaultSize {
  static let isLong = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil
  static let isFull = isLong || ProcessInfo.processInfo.environment["BANK_TEST_FAULTS"] != nil

  static func of<Value>(short: Value, full: Value) -> Value { isFull ? full : short }
}
