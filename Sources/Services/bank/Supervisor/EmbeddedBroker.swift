import BankSupport
import Foundation

/// The Kafka-protocol broker that `bank up` starts when `KAFKA_BROKERS` names no real one.
enum EmbeddedBroker {
  static let name = "broker"

  /// How to start it.
  static func plan(home: String, port: Int) throws(SupportError) -> ChildPlan {
    let data = "\(home)/broker"
    try Files.makeFolder(data)
    let command = [try binary(), "start", "--only", "kafka", "--kafka-port", String(port), "--data-dir", data]
    return ChildPlan(name: name, kind: .infrastructure, command: command) {
      Loopback.accepts(port) ? nil : "port \(port) to answer"
    }
  }

  /// `BANK_BROKER_BINARY`, else `.tools/broker/noida-db` in the checkout: in the working folder, or above the program.
  static func binary(environment: [String: String] = ProcessInfo.processInfo.environment) throws(SupportError)
    -> String
  {
    let manager = FileManager.default
    if let named = environment["BANK_BROKER_BINARY"], !named.isEmpty {
      guard manager.isExecutableFile(atPath: named) else {
        throw SupportError("BANK_BROKER_BINARY is \(named): there is no program there")
      }
      return Files.absolute(named)
    }
    if let path = Files.tool("broker/noida-db"), manager.isExecutableFile(atPath: path) { return path }
    throw SupportError(
      "the embedded broker is not installed: run \"make setup\", or set BANK_BROKER_BINARY, or name a real Kafka with "
        + "KAFKA_BROKERS")
  }

  /// A warning when the broker's data has outgrown what it handles well: it rewrites one file about once a second.
  static func sizeWarning(home: String) -> String? {
    guard let sizeBytes = folderSizeBytes("\(home)/broker"), sizeBytes > 100_000_000 else { return nil }
    return "the embedded broker holds \(sizeBytes / 1_000_000) MB and gets slow past 100: bank clean, or a real Kafka"
  }

  private static func folderSizeBytes(_ folder: String) -> Int? {
    guard let names = try? FileManager.default.subpathsOfDirectory(atPath: folder) else { return nil }
    return names.prefix(10_000).reduce(0) { sum, name in
      let size = (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)"))?[.size] as? Int
      return sum + (size ?? 0)
    }
  }
}
