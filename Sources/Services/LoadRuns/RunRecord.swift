import Foundation

/// The first line of a run file (docs/load-test.md, "The run file").
public struct RunHeader: Codable, Hashable, Sendable {
  public static let format = 1

  public var type = "header"
  public var format = RunHeader.format
  /// ISO 8601.
  public var startedAt: String
  /// `git describe` of the checkout, or "unknown".
  public var revision: String
  public var machine: Machine
  public var settings: LoadTestSettings
  /// Such as "bank": "debug", "postgres": "15.14".
  public var versions: [String: String]
  /// From the start of a service's process to its first answer that it is ready.
  public var startUpMillis: [String: Double]

  public init(
    startedAt: String, revision: String, machine: Machine, settings: LoadTestSettings, versions: [String: String],
    startUpMillis: [String: Double]
  ) {
    self.startedAt = startedAt
    self.revision = revision
    self.machine = machine
    self.settings = settings
    self.versions = versions
    self.startUpMillis = startUpMillis
  }
}

/// What is asked of the bank.
public enum InteractionKind: String, Codable, Sendable, CaseIterable {
  case deposit, transfer
  case wrongToken = "wrong-token"
  case insufficientFunds = "insufficient-funds"

  /// The bank has to refuse it.
  public var isRefused: Bool { self == .wrongToken || self == .insufficientFunds }
}

/// One interaction.
public struct RunRow: Codable, Hashable, Sendable {
  public var type = "row"
  /// From 1, of all clients together.
  public var loop: Int
  /// From 0.
  public var client: Int
  /// When it was due, from the start of the loops.
  public var atMillis: Double
  public var kind: InteractionKind
  /// Heartbeats a second while it began.
  public var load: Double
  /// Until the row was there (for what is refused: the answer), from when it was due. Of a time-out a lower bound.
  public var latencyMillis: Double
  /// Until the answer to the request; not known of the browser.
  public var answerMillis: Double?
  public var timedOut: Bool
  /// What the bank answered that it should not have.
  public var failure: String?
  public var sample: Sample?

  public init(
    loop: Int, client: Int, atMillis: Double, kind: InteractionKind, load: Double, latencyMillis: Double,
    answerMillis: Double? = nil, timedOut: Bool = false, failure: String? = nil, sample: Sample? = nil
  ) {
    self.loop = loop
    self.client = client
    self.atMillis = atMillis
    self.kind = kind
    self.load = load
    self.latencyMillis = latencyMillis
    self.answerMillis = answerMillis
    self.timedOut = timedOut
    self.failure = failure
    self.sample = sample
  }
}

/// Figures of the machine and of the bank's services.
public struct Sample: Codable, Hashable, Sendable {
  /// Of a service with all its processes.
  public struct Usage: Codable, Hashable, Sendable {
    /// Of all cores together, since the sample before.
    public var cpuPercent: Double
    public var memoryMiB: Double

    public init(cpuPercent: Double, memoryMiB: Double) {
      self.cpuPercent = cpuPercent
      self.memoryMiB = memoryMiB
    }
  }

  /// Whose usage is known: the names in run.json.
  public static let parts = ["postgres", "command-handler", "broker", "graphql-endpoint"]
  /// Whose lag is known. What waits for the generator is load that has not reached the bank.
  public static let consumers = ["command-generator", "command-handler", "graphql-endpoint"]

  /// When the figures were read, from the start of the loops; the row that has them may have begun long before.
  public var atMillis: Double?
  /// Heartbeats a second that were asked for then.
  public var load: Double?
  /// Sent so far.
  public var heartbeats: Int?
  /// Commands that have an outcome so far.
  public var commands: Int?
  public var usage: [String: Usage]
  /// Records that wait, by service and topic: "command-handler confirm_money_transfer". As the services told last.
  public var lagRecords: [String: Int]

  public init(
    atMillis: Double? = nil, load: Double? = nil, heartbeats: Int?, commands: Int?, usage: [String: Usage],
    lagRecords: [String: Int]
  ) {
    self.atMillis = atMillis
    self.load = load
    self.heartbeats = heartbeats
    self.commands = commands
    self.usage = usage
    self.lagRecords = lagRecords
  }
}

/// The last line of a run file: without it the file was cut off.
public struct RunEnd: Codable, Hashable, Sendable {
  public enum Reason: String, Codable, Sendable {
    case maxLoops, maxSeconds, maxTimeOuts
    /// Ctrl-C.
    case stopped
    /// Too many answers that should not have been, or the bank has ended.
    case failed
  }

  public var type = "end"
  public var reason: Reason
  /// Words of a failure.
  public var message: String?
  public var loops: Int
  public var timeOuts: Int
  public var failures: Int
  public var seconds: Double
  /// More loops than the profile's `minLoops`, and no failure.
  public var isGood: Bool
  /// Of the interactions that were not refused, time-outs included: value at most, and how many.
  public var latencyMicros: [[Int]]

  public init(
    reason: Reason, message: String? = nil, loops: Int, timeOuts: Int, failures: Int, seconds: Double, isGood: Bool,
    latencyMicros: LatencyHistogram
  ) {
    self.reason = reason
    self.message = message
    self.loops = loops
    self.timeOuts = timeOuts
    self.failures = failures
    self.seconds = seconds
    self.isGood = isGood
    self.latencyMicros = latencyMicros.buckets.map { [$0.upTo, $0.count] }
  }
}
