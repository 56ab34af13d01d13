import BenchSupport
import Foundation

/// One line of the table.
struct Step: Encodable {
  let server: String
  let own: Int
  let unfiltered: Int
  let eventsPerSecond: Double
  let deliveries: Int
  let expected: Int
  let deliveriesPerSecond: Double
  /// nil when nothing came.
  let p50Millis: Double?
  let p99Millis: Double?
  let maxMillis: Double?
  let dropped: Int
  /// In cores.
  let serverCPU: Double
  let infrastructureCPU: Double
  let clientCPU: Double
  let serverMiB: Double
  let microsPerDelivery: Double

  init(
    server: Server, own: Int, unfiltered: Int, seconds: Int, offered: Int, sent: Int, figures: Tally.Figures,
    before: Usage, after: Usage
  ) {
    self.server = server.rawValue
    self.own = own
    self.unfiltered = unfiltered
    eventsPerSecond = Double(sent) / Double(seconds)
    deliveries = figures.deliveries
    expected = offered * (unfiltered + 1)
    deliveriesPerSecond = Double(figures.deliveries) / Double(seconds)
    let sorted = figures.latenciesMicros.sorted()
    func quantile(_ share: Double) -> Double? {
      sorted.isEmpty ? nil : Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]) / 1000
    }
    p50Millis = quantile(0.5)
    p99Millis = quantile(0.99)
    maxMillis = quantile(1)
    dropped = figures.dropped
    func cores(_ party: (Usage) -> ProcessUsage) -> Double {
      (party(after).cpuSeconds - party(before).cpuSeconds) / Double(seconds)
    }
    serverCPU = cores { $0.server }
    infrastructureCPU = cores { $0.infrastructure }
    clientCPU = cores { $0.clients }
    serverMiB = after.server.residentMiB
    microsPerDelivery = serverCPU * 1_000_000 / max(1, deliveriesPerSecond)
  }

  /// Nobody was dropped, everything came, and 99 of 100 within a second.
  var held: Bool { dropped == 0 && deliveries >= expected && (p99Millis ?? .infinity) < 1000 }

  static let header =
    "server  own   all   events/s  deliveries/s  of expected   p50 ms   p99 ms   max ms  dropped  "
    + "cores: server  broker+db  clients   RSS MiB  µs/delivery"

  var row: String {
    func number(_ value: Double?, _ width: Int, _ digits: Int = 1) -> String {
      let text = value.map { String(format: "%.\(digits)f", $0) } ?? "-"
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    return server.padding(toLength: 7, withPad: " ", startingAt: 0) + number(Double(own), 5, 0)
      + number(Double(unfiltered), 5, 0) + number(eventsPerSecond, 11, 0) + number(deliveriesPerSecond, 14, 0)
      + number(100 * Double(deliveries) / Double(max(1, expected)), 12) + "%" + number(p50Millis, 9)
      + number(p99Millis, 9) + number(maxMillis, 9) + number(Double(dropped), 9, 0) + number(serverCPU, 15, 2)
      + number(infrastructureCPU, 11, 2) + number(clientCPU, 9, 2) + number(serverMiB, 10, 0)
      + number(microsPerDelivery, 13, 2)
  }
}
