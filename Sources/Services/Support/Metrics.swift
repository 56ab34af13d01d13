import Synchronization

/// Counters, gauges and histograms of one process, as `GET /metrics` gives them (Prometheus text format 0.0.4).
///
/// Names and labels are those of docs/contracts.md. A metric keeps at most `labelSetLimit` different label sets; what
/// comes past that is gathered under `overflow="true"`.
public final class Metrics: Sendable {
  public typealias Labels = KeyValuePairs<String, String>

  /// Label sets one metric may have.
  public static let labelSetLimit = 200
  /// Upper bounds of a histogram's buckets in seconds.
  public static let bucketBoundsSeconds = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]

  private static let overflow = #"overflow="true""#
  private let families = Mutex<[String: Family]>([:])

  public init() {}

  /// Adds to a counter.
  public func add(_ amount: Int = 1, to name: String, _ labels: Labels = [:]) {
    update(name, .counter, labels) { $0.value += Double(amount) }
  }

  /// Adds to a counter of seconds.
  public func add(seconds: Double, to name: String, _ labels: Labels = [:]) {
    update(name, .counter, labels) { $0.value += seconds }
  }

  /// Sets a gauge.
  public func set(_ name: String, _ labels: Labels = [:], to value: some BinaryInteger) {
    update(name, .gauge, labels) { $0.value = Double(value) }
  }

  /// Sets a gauge.
  public func set(_ name: String, _ labels: Labels = [:], to value: Double) {
    update(name, .gauge, labels) { $0.value = value }
  }

  /// Puts one observation into a histogram.
  public func observe(_ name: String, _ labels: Labels = [:], seconds: Double) {
    update(name, .histogram, labels) { series in
      if series.buckets.isEmpty { series.buckets = Array(repeating: 0, count: Self.bucketBoundsSeconds.count) }
      if let bucket = Self.bucketBoundsSeconds.firstIndex(where: { seconds <= $0 }) { series.buckets[bucket] += 1 }
      series.count += 1
      series.value += seconds
    }
  }

  /// The value of a counter or gauge, or the sum of a histogram; nil when nothing was recorded.
  public func value(of name: String, _ labels: Labels = [:]) -> Double? {
    families.withLock { $0[name]?.series[Self.key(labels)]?.value }
  }

  /// Everything, sorted by name and labels.
  public func text() -> String {
    let snapshot = families.withLock { $0 }
    var text = ""
    for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
      if let help = Self.help[name] { text += "# HELP \(name) \(help)\n" }
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        text += family.kind == .histogram ? series.histogram(name, labels) : series.line(name, labels, series.value)
      }
    }
    return text
  }

  private static let help = [
    "bank_commands_total": "Commands that got an outcome: confirmed or the reason.",
    "bank_outbox_rows": "Outbox rows that are not sent yet.",
    "bank_consumer_lag_records": "Records of a partition that are not handled yet.",
    "bank_batch_duration_seconds": "From a batch's first record to its commit.",
    "bank_stage_seconds_total": "How long the stages of the handler's batches took.",
    "bank_stage_cpu_seconds_total": "Processor time of the handler's own threads in the stages of its batches.",
    "bank_subscribers": "Open subscriptions.",
    "bank_dead_letters_total": "Records that could not be read, by cause.",
    "bank_retries_total": "Tries again, by what did not answer.",
    "bank_conflicts_total": "Commands whose id was used before with another payload.",
    "bank_heartbeats_total": "Beats that were sent.",
    "bank_skipped_records_total": "Records that could not be read and were left out, by topic and cause.",
    "bank_sequence_gaps_total": "Changes of a balance that were taken although the one before is missing.",
    "bank_slow_subscribers_total": "Subscriptions that ended because their rows were not read.",
    "bank_slow_clients_total": "Connections that were closed because their messages were not read.",
    "bank_requests_total": "HTTP requests that were answered, by transport and status.",
    "bank_graphql_connections": "Open WebSockets and streams.",
    "bank_graphql_operations": "Operations that go on over WebSockets and streams.",
    "bank_rate_limited_total": "Requests that were refused after too many wrong secrets, by kind of secret.",
    "bank_internal_errors_total": "Errors that clients were not told the reason of.",
  ]

  private func update(_ name: String, _ kind: Kind, _ labels: Labels, _ change: (inout Series) -> Void) {
    let key = Self.key(labels)
    families.withLock { families in
      var family = families.removeValue(forKey: name) ?? Family(kind: kind)
      // A name keeps the kind that it had first: two kinds under one name are not Prometheus text.
      if family.kind == kind {
        let full = family.series.count >= Self.labelSetLimit && family.series[key] == nil
        change(&family.series[full ? Self.overflow : key, default: Series()])
      }
      families[name] = family
    }
  }

  private static func key(_ labels: Labels) -> String {
    labels.map { "\($0.key)=\"\(escape($0.value))\"" }.joined(separator: ",")
  }

  private static func escape(_ value: String) -> String {
    var escaped = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": escaped += #"\\"#
      case "\"": escaped += #"\""#
      case "\n": escaped += #"\n"#
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  private enum Kind: String { case counter, gauge, histogram }

  private struct Family {
    var kind: Kind
    var series: [String: Series] = [:]
  }

  private struct Series {
    var value = 0.0
    var count = 0
    var buckets: [Int] = []

    func line(_ name: String, _ labels: String, _ value: Double) -> String {
      "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(number(value))\n"
    }

    func histogram(_ name: String, _ labels: String) -> String {
      let prefix = labels.isEmpty ? "" : labels + ","
      var text = ""
      var below = 0
      for (bound, count) in zip(Metrics.bucketBoundsSeconds, buckets) {
        below += count
        text += line(name + "_bucket", prefix + "le=\"\(number(bound))\"", Double(below))
      }
      text += line(name + "_bucket", prefix + "le=\"+Inf\"", Double(count))
      text += line(name + "_sum", labels, value)
      return text + line(name + "_count", labels, Double(count))
    }

    private func number(_ value: Double) -> String {
      if let whole = Int64(exactly: value) { return String(whole) }
      if value.isNaN { return "NaN" }
      if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
      return "\(value)"
    }
  }
}
