import BankSupport
import JSONText
import Synchronization

/// Pace and count of the heartbeat, which may be read and changed while it runs.
///
/// `GET /` gives `{"batchSize":20,"sleepMillis":100,"counter":1234}`; `POST /` with a JSON object of `batchSize`
/// (0 … 10000), `sleepMillis` (1 … 3600000) or both sets them and answers the same; anything else is a 400.
public final class HeartbeatControl: Sendable {
  /// How much, how often.
  public struct Pace: Hashable, Sendable {
    /// Beats at a time.
    public var batchSize: Int
    /// From one batch to the next.
    public var sleepMillis: Int

    public static let batchSizes = 0...10_000
    public static let sleeps = 1...3_600_000

    /// Throws `SupportError` for what is out of range.
    public init(batchSize: Int = 0, sleepMillis: Int = 1_000) throws(SupportError) {
      guard Self.batchSizes.contains(batchSize) else { throw Self.outOfRange("batchSize", Self.batchSizes) }
      guard Self.sleeps.contains(sleepMillis) else { throw Self.outOfRange("sleepMillis", Self.sleeps) }
      self.batchSize = batchSize
      self.sleepMillis = sleepMillis
    }

    private static func outOfRange(_ name: String, _ range: ClosedRange<Int>) -> SupportError {
      SupportError("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    /// With the changes that the body of a POST asks for.
    func changed(by body: [UInt8]) throws(SupportError) -> Pace {
      let json: JSONValue
      do {
        json = try JSONValue(parsing: body)
      } catch {
        throw SupportError("the body is not JSON: \(error)")
      }
      guard case .object(let members) = json, !members.isEmpty else {
        throw SupportError("send an object with batchSize, sleepMillis or both")
      }
      var (batchSize, sleepMillis) = (batchSize, sleepMillis)
      var seen: Set<String> = []
      for member in members {
        guard seen.insert(member.name).inserted else { throw SupportError("\(member.name) is there twice") }
        let number: Int? = if case .integer(let value) = member.value { Int(exactly: value) } else { nil }
        switch member.name {
        case "batchSize":
          guard let number else { throw Self.outOfRange(member.name, Self.batchSizes) }
          batchSize = number
        case "sleepMillis":
          guard let number else { throw Self.outOfRange(member.name, Self.sleeps) }
          sleepMillis = number
        default:
          throw SupportError("there is no setting of that name; send batchSize, sleepMillis or both")
        }
      }
      return try Pace(batchSize: batchSize, sleepMillis: sleepMillis)
    }
  }

  private struct State {
    var pace: Pace
    var counter: Int64 = 0
    /// Goes up with each change of the pace.
    var changes = 0
    /// What waits for the next batch; cancelled by a change.
    var sleeper: Task<Void, Never>?
  }

  static let behindLimit = Duration.seconds(1)

  private let state: Mutex<State>

  public init(_ pace: Pace) {
    state = Mutex(State(pace: pace))
  }

  public var pace: Pace { state.withLock { $0.pace } }

  /// The last beat that the broker has, or 0.
  public internal(set) var counter: Int64 {
    get { state.withLock { $0.counter } }
    set { state.withLock { $0.counter = newValue } }
  }

  /// Sets the pace from now on; a batch that is waited for comes one new `sleepMillis` after the one before it.
  public func setPace(_ pace: Pace) {
    state.withLock { state in
      state.pace = pace
      state.changes += 1
      state.sleeper?.cancel()
    }
  }

  /// Waits for one `sleepMillis` after `start`, whatever that is by then. Returns early when the task is cancelled.
  ///
  /// - Returns: when the next batch was due, from which the one after it counts: what a timer or an acknowledgement is
  ///   late does not add up. No more than `behindLimit` is made up for, so that little piles up while the broker is
  ///   away, and nothing after a change.
  func waitForNextBatch(after start: ContinuousClock.Instant) async -> ContinuousClock.Instant {
    let changesBefore = state.withLock { $0.changes }
    while !Task.isCancelled {
      let (deadline, changes) = state.withLock { state in
        (start + .milliseconds(state.pace.sleepMillis), state.changes)
      }
      let now = ContinuousClock.now
      if now >= deadline { return changes == changesBefore ? max(deadline, now - Self.behindLimit) : now }
      let sleeper = Task { () -> Void in try? await Task.sleep(until: deadline, clock: .continuous) }
      state.withLock { state in
        state.sleeper = sleeper
        if state.changes != changes { sleeper.cancel() }
      }
      await withTaskCancellationHandler {
        await sleeper.value
      } onCancel: {
        sleeper.cancel()
      }
    }
    return .now
  }

  // MARK: HTTP

  /// `GET /` and `POST /`.
  public var routes: [HTTPRoute] {
    [
      HTTPRoute(.get, "/") { _ in self.reply },
      HTTPRoute(.post, "/") { body in self.change(body) },
    ]
  }

  var reply: HTTPReply {
    let (pace, counter) = state.withLock { ($0.pace, $0.counter) }
    return HTTPReply(
      body: #"{"batchSize":\#(pace.batchSize),"sleepMillis":\#(pace.sleepMillis),"counter":\#(counter)}"#)
  }

  func change(_ body: [UInt8]) -> HTTPReply {
    do {
      setPace(try pace.changed(by: body))
      return reply
    } catch {
      return HTTPReply(status: 400, body: JSONValue.object([.init("error", .string(error.message))]).text)
    }
  }
}
