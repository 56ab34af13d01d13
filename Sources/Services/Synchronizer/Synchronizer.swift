public import KafkaRuntime
public import SchemaRegistry
public import TopologyModel

/// Brings a cluster and a schema registry to what is declared.
///
/// ```swift
/// let outcome = await Synchronizer(kafka: kafka, registry: registry).run(Topology.description) { print($0) }
/// exit(outcome.exitStatus)
/// ```
public struct Synchronizer: Sendable {
  public struct Settings: Sendable {
    public var options = PlanOptions()
    /// How often one request is made at most while the errors are transient.
    public var maxAttempts = 8
    /// The pause before attempt n is random, up to this times 2^(n-1).
    public var firstPauseMillis = 200
    public var maxPauseMillis = 5_000
    /// Of one request to the cluster.
    public var requestTimeoutMillis = 15_000

    public init() {}
  }

  let kafka: KafkaConfiguration
  let registry: RegistryClient?
  let settings: Settings

  /// - Parameter registry: may be left out where no topic has a schema.
  public init(kafka: KafkaConfiguration, registry: RegistryClient?, settings: Settings = Settings()) {
    self.kafka = kafka
    self.registry = registry
    self.settings = settings
  }

  // MARK: Planning

  /// Reads what a plan of `declared` needs. Throws when the cluster or the registry can't be read.
  public func read(_ declared: TopologyDescription) async throws(SynchronizerError) -> ActualState {
    try await withAdmin { admin throws(SynchronizerError) in
      try await StateReader(admin: admin, registry: registry, settings: settings).read(declared)
    }
  }

  /// Reads and plans; nothing is changed.
  public func plan(_ declared: TopologyDescription) async throws(SynchronizerError) -> SynchronizerPlan {
    Self.plan(declared: declared, actual: try await read(declared), options: settings.options)
  }

  // MARK: Applying

  /// Plans, applies the plan, and looks again. Nothing is changed when the definitions have problems, something is
  /// refused or can't be read; interrupted anywhere, the next run finishes.
  ///
  /// - Parameters:
  ///   - write: takes each line of text, for people.
  ///   - progress: is told of each step as it begins.
  public func run(
    _ declared: TopologyDescription, write: @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (SynchronizerProgress) -> Void = { _ in }
  ) async -> SynchronizerOutcome {
    var outcome = SynchronizerOutcome()
    do throws(SynchronizerError) {
      let plan = try await plan(declared)
      outcome.plan = plan
      for line in plan.lines { write(line) }
      try await apply(plan, declared, &outcome, progress, write)
    } catch {
      outcome.fail(error, write)
    }
    return outcome
  }

  /// Applies a plan that was made before, if the cluster and the registry are still as it saw them and the definitions
  /// are those it was made of; else nothing is changed.
  public func apply(
    _ saved: SynchronizerPlan, _ declared: TopologyDescription,
    write: @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (SynchronizerProgress) -> Void = { _ in }
  ) async -> SynchronizerOutcome {
    var outcome = SynchronizerOutcome(plan: saved)
    do throws(SynchronizerError) {
      let fresh = Self.plan(declared: declared, actual: try await read(declared), options: saved.options)
      try saved.check(against: fresh)
      for line in saved.lines { write(line) }
      try await apply(saved, declared, &outcome, progress, write)
    } catch {
      outcome.fail(error, write)
    }
    return outcome
  }

  private func apply(
    _ plan: SynchronizerPlan, _ declared: TopologyDescription, _ outcome: inout SynchronizerOutcome,
    _ progress: @escaping @Sendable (SynchronizerProgress) -> Void, _ write: @Sendable (String) -> Void
  ) async throws(SynchronizerError) {
    guard !plan.isBlocked else {
      throw SynchronizerError(
        message: plan.problems.isEmpty
          ? "\(count(plan.refusals.count, "change")) refused, see above; nothing was changed"
          : "the definitions can't be applied, see above; nothing was changed")
    }
    if plan.changes.isEmpty { return }
    var applied: [PlannedChange] = []
    defer { outcome.applied = applied }
    do throws(SynchronizerError) {
      applied = try await withAdmin { admin throws(SynchronizerError) in
        var applier = Applier(admin: admin, registry: registry, settings: settings, progress: progress)
        do throws(SynchronizerError) {
          try await applier.apply(plan)
          try await verify(plan, declared, admin)
        } catch {
          // What was done before is part of what happened.
          throw SynchronizerError(message: error.message, applied: applier.applied)
        }
        return applier.applied
      }
    } catch {
      applied = error.applied
      throw error
    }
    write("done: \(SynchronizerOutcome.summary(of: applied))")
  }

  /// Reads again until the cluster shows what was done: metadata takes a moment to get around.
  private func verify(
    _ plan: SynchronizerPlan, _ declared: TopologyDescription, _ admin: KafkaAdmin
  ) async throws(SynchronizerError) {
    var pause = Backoff(settings)
    while true {
      let actual = try await StateReader(admin: admin, registry: registry, settings: settings).read(declared)
      let again = Self.plan(declared: declared, actual: actual, options: plan.options)
      if again.isEmpty { return }
      guard await pause.wait() else {
        let lines = again.problems + again.changes.flatMap(\.lines) + again.refusals.flatMap(\.lines)
        throw SynchronizerError(message: "still to do after it was done: \(lines.joined(separator: "; "))")
      }
    }
  }

  func withAdmin<R: Sendable>(
    _ body: (KafkaAdmin) async throws(SynchronizerError) -> R
  ) async throws(SynchronizerError) -> R {
    let admin: KafkaAdmin
    do {
      admin = try KafkaAdmin(kafka, requestTimeoutMillis: settings.requestTimeoutMillis)
    } catch {
      throw SynchronizerError(message: "\(error)")
    }
    do throws(SynchronizerError) {
      let result = try await body(admin)
      await admin.close()
      return result
    } catch {
      await admin.close()
      throw error
    }
  }
}

extension SynchronizerPlan {
  /// Throws when this plan is no longer what would be planned, with what is different.
  func check(against fresh: SynchronizerPlan) throws(SynchronizerError) {
    guard clusterID == fresh.clusterID else {
      throw SynchronizerError(message: "the plan is for cluster \(clusterID), this is \(fresh.clusterID)")
    }
    guard declared == fresh.declared else {
      throw SynchronizerError(message: "the definitions are not those that the plan was made of; make it anew")
    }
    // Notes are about what is left alone: others may go on there.
    var (mine, now) = (self, fresh)
    (mine.notes, now.notes) = ([], [])
    if mine == now { return }
    let (old, new) = (Set(changes), Set(fresh.changes))
    let moved = old.symmetricDifference(new).map { "\($0.action.rawValue) \($0.target)" }
    let refused = Set(refusals).symmetricDifference(fresh.refusals).map(\.target)
    let what = Set(moved + refused).sorted().prefix(10).joined(separator: ", ")
    throw SynchronizerError(
      message: "the cluster or the registry is not as the plan saw it\(what.isEmpty ? "" : ": see \(what)"); nothing "
        + "was changed, make the plan anew")
  }
}

/// A step of a run that begins.
public struct SynchronizerProgress: Sendable, Hashable {
  /// Counts from 1.
  public let step: Int
  public let steps: Int
  /// Such as `create topic orders`.
  public let text: String
}

/// What a run did.
public struct SynchronizerOutcome: Sendable, Hashable, Codable {
  /// `nil` when not even a plan could be made.
  public internal(set) var plan: SynchronizerPlan?
  public internal(set) var applied: [PlannedChange] = []
  /// Why it stopped, if it did not finish.
  public internal(set) var failure: String?

  /// 0 all is as declared, 1 failed or refused.
  public var exitStatus: Int32 { failure == nil ? 0 : 1 }

  /// As JSON, the same for the same outcome. Ends with a newline.
  public var json: String { Canonical.text(of: self, isPretty: true) + "\n" }

  mutating func fail(_ error: SynchronizerError, _ write: (String) -> Void) {
    failure = error.message
    if !applied.isEmpty { write("done before the failure: \(Self.summary(of: applied))") }
    write("failed: \(error)")
  }

  static func summary(of applied: [PlannedChange]) -> String {
    let words: [(PlannedChange.Action, String, String)] = [
      (.createTopic, "topic", "created"), (.addPartitions, "topic", "enlarged"),
      (.alterConfig, "topic", "configured"), (.setLevel, "level", "set"), (.registerSchema, "schema", "registered"),
      (.addAccess, "ACL", "added"), (.removeAccess, "ACL", "removed"), (.deleteTopic, "topic", "deleted"),
    ]
    return words.compactMap { action, noun, verb in
      let number = applied.filter { $0.action == action }.count
      return number == 0 ? nil : "\(count(number, noun)) \(verb)"
    }.joined(separator: ", ")
  }
}

/// Why a run stopped, and what to do next.
public struct SynchronizerError: Error, Sendable, Hashable, CustomStringConvertible {
  public let message: String
  /// What had been done by then.
  let applied: [PlannedChange]
  public var description: String { message }

  init(message: String, applied: [PlannedChange] = []) {
    self.message = message
    self.applied = applied
  }
}
