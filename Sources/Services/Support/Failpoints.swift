import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Where a test can interfere with a service, by the names of its steps. In debug builds only: in others nothing can be
/// set, and `reach` does nothing.
public struct Failpoints<Step: RawRepresentable & CaseIterable & Hashable & Sendable>: Sendable
where Step.RawValue == String {
  #if DEBUG
    private let actions = FailpointActions<Step>()
  #endif

  public init() {}

  /// Runs what was set for the step.
  ///
  /// - Throws: what a test lets it throw.
  @inline(__always)
  public func reach(_ step: Step) throws {
    #if DEBUG
      try actions.run(step)
    #endif
  }

  /// Sets what the environment variable `BANK_FAILPOINT` says: `<step>=<action>[@n]`, for tests that start a service as a
  /// process. Builds that are not debug builds take no notice of it.
  ///
  /// | action | at the step |
  /// | --- | --- |
  /// | `kill` | kill -9 of this process, the n-th time (without `@n` the first) |
  /// | `stop` | SIGSTOP of this process, the n-th time (without `@n` the first); SIGCONT lets it go on |
  /// | `sleep:<millis>` | the thread sleeps, the n-th time (without `@n` each time) |
  ///
  /// - Throws: `SupportError` for a value that is not of that form, or names no step of this service.
  public func arm(_ environment: BankEnvironment) throws(SupportError) {
    #if DEBUG
      guard let text = environment.variable("BANK_FAILPOINT") else { return }
      let order = try FailpointOrder<Step>(text)
      let reached = Mutex(0)
      actions.set(order.step) {
        let count = reached.withLock { reached in
          reached += 1
          return reached
        }
        if order.number == nil || order.number == count { order.action.perform() }
      }
    #endif
  }

  #if DEBUG
    /// Runs `action` each time the service reaches the step, until it is set again; nil removes it.
    public func set(_ step: Step, _ action: (@Sendable () throws -> Void)?) {
      actions.set(step, action)
    }
  #endif
}

#if DEBUG
  private final class FailpointActions<Step: Hashable & Sendable>: Sendable {
    private let bySteps = Mutex<[Step: @Sendable () throws -> Void]>([:])

    func set(_ step: Step, _ action: (@Sendable () throws -> Void)?) {
      bySteps.withLock { $0[step] = action }
    }

    func run(_ step: Step) throws {
      let action = bySteps.withLock { $0[step] }
      try action?()
    }
  }

  private enum FailpointAction: Sendable {
    case kill, stop
    case sleep(millis: UInt32)

    func perform() {
      switch self {
      case .kill: raiseInProcess(SIGKILL)
      case .stop: raiseInProcess(SIGSTOP)
      case .sleep(let millis): usleep(millis * 1_000)
      }
    }

    private func raiseInProcess(_ signal: Int32) {
      Glibc.kill(getpid(), signal)
    }
  }

  /// What `BANK_FAILPOINT` asks for.
  private struct FailpointOrder<Step: RawRepresentable & CaseIterable & Sendable>: Sendable
  where Step.RawValue == String {
    private static var maxSleepMillis: UInt32 { 600_000 }

    let step: Step
    let action: FailpointAction
    /// The time at which it acts; nil is each time.
    let number: Int?

    init(_ text: String) throws(SupportError) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let step = Step(rawValue: String(parts[0])) else {
        throw Self.refusal(text, "the step must be one of \(Step.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      let words = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      let number = words.count == 2 ? Int(words[1]) : nil
      guard words.count == 1 || number.map({ $0 > 0 }) == true else {
        throw Self.refusal(text, "what follows @ must be a number from 1")
      }
      self.step = step
      switch words[0] {
      case "kill": (action, self.number) = (.kill, number ?? 1)
      case "stop": (action, self.number) = (.stop, number ?? 1)
      default:
        guard words[0].hasPrefix("sleep:"), let millis = UInt32(words[0].dropFirst(6)), millis <= Self.maxSleepMillis
        else {
          throw Self.refusal(text, "the action must be kill, stop or sleep:<millis>, \(Self.maxSleepMillis) at most")
        }
        (action, self.number) = (.sleep(millis: millis), number)
      }
    }

    private static func refusal(_ text: String, _ what: String) -> SupportError {
      SupportError("BANK_FAILPOINT is \"\(text)\": it must be <step>=<action>[@n], and \(what)")
    }
  }
#endif
