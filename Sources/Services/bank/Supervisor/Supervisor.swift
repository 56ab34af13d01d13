import BankSupport
import Foundation
import Glibc

/// Starts children in order, watches them, and stops them in the reverse of a fixed order. Main thread alone.
final class Supervisor {
  /// All of stopping, from the first signal to the last `kill`.
  static let stopLimitSeconds = 9.0
  /// Services have this much of it, so that one that hangs does not cost Postgres and the broker their clean end.
  static let serviceStopLimitSeconds = 6.0
  /// How often the size of the logs is looked at.
  private static let logLookSeconds = 60.0
  /// A service that ends this often without having lived a minute is given up, and with it the run.
  static let restartLimit = 6
  private static let livedSeconds = 60.0
  /// How exactly it is known how long a start took.
  private static let readyLookMicros: UInt32 = 25_000

  let home: String
  private let terminal: Terminal
  private(set) var run: RunFile
  private var children: [ChildProcess] = []
  private var lastLogLook = ContinuousClock.now
  private var waiting: [(plan: ChildPlan, notBefore: ContinuousClock.Instant)] = []
  private var backoffs: [String: Backoff] = [:]

  init(home: String, run: RunFile, terminal: Terminal) throws(SupportError) {
    self.home = home
    self.run = run
    self.terminal = terminal
    try Files.makeFolder("\(home)/logs")
    try run.write(home: home)
  }

  /// Remembers the incarnation in run.json.
  func note(incarnation: UUID) throws(SupportError) {
    run.incarnation = incarnation
    try run.write(home: home)
  }

  /// Starts a child and waits until it is ready.
  /// - Throws: `SupportError` with the tail of its log when it ends or takes too long; `Interrupted` when a signal came.
  func start(_ plan: ChildPlan, isInterrupted: () -> Bool) throws {
    let child = try launch(plan)
    let limit = ContinuousClock.now + .seconds(plan.readyLimitSeconds)
    while let wanting = plan.waitingFor() {
      if child.poll() { throw SupportError("\(plan.name) ended with \(child.ending):\n\(child.logTail())") }
      if isInterrupted() { throw Interrupted() }
      if .now > limit {
        throw SupportError(
          "\(plan.name) was not ready after \(Int(plan.readyLimitSeconds)) s, waited for \(wanting):\n"
            + child.logTail())
      }
      usleep(Self.readyLookMicros)
    }
    child.readyAt = Date()
    try record()
  }

  /// Looks at every child once: reports who ended, starts services again.
  /// - Throws: `SupportError` when what ended cannot be started again.
  func watch() throws {
    if lastLogLook + .seconds(Self.logLookSeconds) < .now {
      lastLogLook = .now
      for child in children { child.limitLog() }
    }
    for child in children where child.poll() {
      children.removeAll { $0 === child }
      let lived = child.age
      let what = "\(child.plan.name) ended with \(child.ending) after \(lived.components.seconds) s"
      let tail = child.logTail()
      guard child.plan.kind == .service else { throw SupportError("\(what), stopping everything:\n\(tail)") }
      var backoff = backoffs[child.plan.name] ?? Backoff(firstMillis: 500, maxMillis: 10_000)
      if lived > .seconds(Self.livedSeconds) { backoff.reset() }
      guard backoff.attempts < Self.restartLimit else {
        throw SupportError("\(what), for the \(Self.restartLimit + 1)th time, stopping everything:\n\(tail)")
      }
      let delayMillis = backoff.nextMillis()
      backoffs[child.plan.name] = backoff
      terminal.line("\(what), starting it again in \(delayMillis) ms; its last words:\n\(tail)")
      waiting.append((child.plan, .now + .milliseconds(delayMillis)))
      try record()
    }
    let due = waiting.filter { $0.notBefore <= .now }
    waiting.removeAll { $0.notBefore <= .now }
    for entry in due { _ = try launch(entry.plan) }
    for child in children where child.readyAt == nil && child.plan.waitingFor() == nil {
      child.readyAt = Date()
      try record()
    }
  }

  /// Stops all children: each of `order` is asked to and waited for before the next, those not named come last. What is
  /// left after `stopLimitSeconds` is killed.
  func stop(order: [String]) {
    waiting.removeAll()
    let began = ContinuousClock.now
    let rest = children.map(\.plan.name).filter { !order.contains($0) }
    for name in rest.filter({ isService($0) }) + order + rest.filter({ !isService($0) }) {
      guard let child = children.first(where: { $0.plan.name == name }) else { continue }
      let seconds = child.plan.kind == .service ? Self.serviceStopLimitSeconds : Self.stopLimitSeconds
      let limit = began + .seconds(seconds)
      child.send(child.plan.stopSignal)
      while !child.poll(), .now < limit { usleep(10_000) }
      if !child.poll() { terminal.line("\(name) did not stop in time and was killed") }
      // A server's own children end with it; this catches what doesn't.
      child.killGroup()
      while !child.poll() { usleep(10_000) }
      children.removeAll { $0 === child }
    }
    try? record()
  }

  private func isService(_ name: String) -> Bool {
    children.first { $0.plan.name == name }?.plan.kind == .service
  }

  private func launch(_ plan: ChildPlan) throws -> ChildProcess {
    let child = try ChildProcess(plan, home: home)
    children.append(child)
    try record()
    return child
  }

  private func record() throws(SupportError) {
    run.services = children.map {
      RunFile.Service(
        name: $0.plan.name, pid: $0.pid, started: $0.started.timeIntervalSince1970, ready: $0.readyAt != nil,
        readyAt: $0.readyAt?.timeIntervalSince1970)
    }
    try run.write(home: home)
  }
}

/// A signal asked the start to end.
struct Interrupted: Error {}
