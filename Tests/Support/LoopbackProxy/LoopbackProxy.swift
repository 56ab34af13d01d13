import Foundation
import Synchronization

/// Where a proxy sends what it takes.
public enum ProxyTarget: Sendable {
  /// A TCP port of the loopback.
  case port(Int)
  /// The path of a Unix socket.
  case unixSocket(String)
}

public enum ProxyDirection: Sendable, Hashable {
  case toServer, toClient
}

/// How the way between client and server is. TCP hides single lost packets: what is left of them for who uses it are
/// stalls, and in the end a reset.
public struct ProxyConditions: Sendable {
  /// Each chunk is held for this long, in each direction, and for up to `jitterMillis` more.
  public var latencyMillis = 0
  public var jitterMillis = 0
  /// Of 1,000 chunks so many wait for `stallMillis`, and all behind them do too.
  public var stallsPerMille = 0
  public var stallMillis = 200
  /// Of 1,000 chunks so many end their connection with a reset instead.
  public var resetsPerMille = 0
  /// Nothing passes in these directions, not even the end of a connection: half open.
  public var blocked: Set<ProxyDirection> = []
  /// New connections are reset at once.
  public var refuses = false

  public init() {}
}

/// What becomes of bytes that a client sends.
public enum ProxyVerdict: Sendable {
  case pass
  /// The server never gets them: the connection is reset first.
  case cutBefore
  /// They are given to the server, and the connection ends in the same moment: nobody knows what came of them.
  case cutAfter
  /// The server gets them and answers, and the client sees a reset in place of the answer.
  case cutAtAnswer
  /// From these bytes on nothing more of this connection reaches the server, until ``LoopbackProxy/release()``.
  case hold
}

/// A TCP proxy on a free port of the loopback, with a way between client and server that can be made bad. It counts
/// connections, so that a client that tries again without a pause shows as a number.
///
/// One thread serves all connections. At most `maxConnections` are open and 1 MiB waits in each direction of one; the
/// sender of more has to wait.
public final class LoopbackProxy: Sendable {
  public static let maxConnections = 200

  public struct Counts: Sendable {
    /// Connections that clients have made, or tried to.
    public var attempts = 0
    /// Those that the server, or `refuses`, did not take.
    public var refused = 0
    public var open = 0
    /// Connections that the proxy has ended with a reset.
    public var cut = 0
    public var stalls = 0
    /// Answers that clients did not get, after a verdict `cutAtAnswer`.
    public var answersLost = 0
    public var bytesToServer = 0
    public var bytesToClient = 0
  }

  public let port: Int
  private let shared: ProxyShared

  /// - Parameters:
  ///   - target: looked for anew for each connection, so it may come and go.
  ///   - isKafka: the target is a broker on a port of 127.0.0.1; where its answers name that port they name the proxy's.
  ///   - seed: of what is left to chance.
  /// - Throws: when no port is free.
  public init(to target: ProxyTarget, isKafka: Bool = false, seed: UInt64 = 1) throws {
    let listener = try Socket.listener()
    port = listener.port
    let (reader, writer) = try Socket.pipe()
    shared = ProxyShared(wake: writer)
    var renaming: (from: Int, to: Int)?
    if isKafka, case .port(let from) = target { renaming = (from, port) }
    let loop = ProxyLoop(
      shared: shared, target: target, renaming: renaming, listener: listener.descriptor, wake: reader, seed: seed)
    Thread.detachNewThread { loop.run() }
  }

  deinit { shared.order { $0.isStopped = true } }

  /// `host:port`
  public var address: String { "127.0.0.1:\(port)" }

  /// Changes the way for what passes from now on. What waits in a direction that was blocked passes now.
  public func set(_ change: (inout ProxyConditions) -> Void) { shared.order { change(&$0.conditions) } }

  /// Asks `judge` about all that clients send, chunk by chunk; nil asks nobody. It is called on the proxy's thread.
  public func judge(_ judge: (@Sendable ([UInt8]) -> ProxyVerdict)?) { shared.order { $0.judge = judge } }

  /// As a verdict ``ProxyVerdict/hold`` on each connection that is open now.
  public func holdAll() { shared.order { $0.isHeld = true } }

  /// Lets go on what was held.
  public func release() { shared.order { $0.isReleased = true } }

  /// Ends all connections with a reset.
  public func cut() { shared.order { $0.isCut = true } }

  public var counts: Counts { shared.state.withLock { $0.counts } }

  /// How many connections were made in the busiest second since then.
  public func busiestSecond(since start: ContinuousClock.Instant) -> Int {
    let attempts = shared.state.withLock { $0.attempts.filter { $0 >= start } }
    var busiest = 0
    var first = 0
    for (index, attempt) in attempts.enumerated() {
      while attempts[first].duration(to: attempt) > .seconds(1) { first += 1 }
      busiest = max(busiest, index - first + 1)
    }
    return busiest
  }

  /// How many connections were made since then.
  public func attempts(since start: ContinuousClock.Instant) -> Int {
    shared.state.withLock { state in state.attempts.count { $0 >= start } }
  }
}

public struct LoopbackProxyError: Error, CustomStringConvertible {
  public let description: String
}

/// What the proxy's thread and its owner share.
final class ProxyShared: Sendable {
  struct State: Sendable {
    var conditions = ProxyConditions()
    var judge: (@Sendable ([UInt8]) -> ProxyVerdict)?
    var isCut = false
    var isHeld = false
    var isReleased = false
    var isStopped = false
    var counts = LoopbackProxy.Counts()
    /// The last ones, at most `maxAttempts`.
    var attempts: [ContinuousClock.Instant] = []
  }

  static let maxAttempts = 100_000
  let state = Mutex(State())
  private let wake: Int32

  init(wake: Int32) { self.wake = wake }

  deinit { close(wake) }

  func order(_ change: (inout State) -> Void) {
    state.withLock { change(&$0) }
    var byte: UInt8 = 1
    _ = write(wake, &byte, 1)
  }

  func count(_ change: (inout LoopbackProxy.Counts) -> Void) { state.withLock { change(&$0.counts) } }

  func noteAttempt() {
    state.withLock { state in
      state.counts.attempts += 1
      if state.attempts.count == Self.maxAttempts { state.attempts.removeFirst(Self.maxAttempts / 2) }
      state.attempts.append(.now)
    }
  }
}
