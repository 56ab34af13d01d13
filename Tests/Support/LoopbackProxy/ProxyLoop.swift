import Foundation

/// The proxy's thread.
///
/// `@unchecked Sendable`: it is handed over to its thread, and nobody else has it from then on.
final class ProxyLoop: @unchecked Sendable {
  private let shared: ProxyShared
  private let target: ProxyTarget
  private let renaming: (from: Int, to: Int)?
  private let listener: Int32
  private let wake: Int32
  private var connections: [ProxyConnection] = []
  private var conditions = ProxyConditions()
  private var judge: (@Sendable ([UInt8]) -> ProxyVerdict)?
  private var random: SplitMix

  init(
    shared: ProxyShared, target: ProxyTarget, renaming: (from: Int, to: Int)?, listener: Int32, wake: Int32,
    seed: UInt64
  ) {
    self.shared = shared
    self.target = target
    self.renaming = renaming
    self.listener = listener
    self.wake = wake
    random = SplitMix(state: seed)
  }

  func run() {
    while takeOrders() {
      let now = ContinuousClock.now
      for connection in connections { pass(connection, now) }
      connections.removeAll(where: \.isClosed)
      shared.count { [count = connections.count] in $0.open = count }
      wait(now)
    }
    for connection in connections { connection.reset() }
    close(listener)
    close(wake)
  }

  /// - Returns: false when the proxy is to end.
  private func takeOrders() -> Bool {
    let state = shared.state.withLock { state in
      defer {
        state.isCut = false
        state.isHeld = false
        state.isReleased = false
      }
      return state
    }
    conditions = state.conditions
    judge = state.judge
    if state.isHeld { for connection in connections { connection.isHeld = true } }
    if state.isReleased { for connection in connections { release(connection) } }
    if state.isCut { for connection in connections { cut(connection) } }
    return !state.isStopped
  }

  private func release(_ connection: ProxyConnection) {
    // Who has given up waiting does not want it done later.
    if connection.isHeld, connection[.toServer].isEnded { connection.reset() }
    connection.isHeld = false
  }

  private func cut(_ connection: ProxyConnection) {
    guard !connection.isClosed else { return }
    connection.reset()
    shared.count { $0.cut += 1 }
  }

  // MARK: Waiting

  private func wait(_ now: ContinuousClock.Instant) {
    var entries = [
      pollfd(fd: wake, events: Int16(POLLIN), revents: 0), pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
    ]
    var next = now + .seconds(1)
    for connection in connections {
      for direction in [ProxyDirection.toServer, .toClient] {
        entries.append(pollfd(fd: -1, events: 0, revents: 0))
        let lane = connection[direction]
        if !isBlocked(connection, direction), !lane.needsRoom, let due = lane.due { next = min(next, due) }
      }
      let (client, server) = connection.events
      // An entry without events would report the end of a connection over and over.
      if client != 0 { entries[entries.count - 2] = pollfd(fd: connection.client, events: client, revents: 0) }
      if server != 0 { entries[entries.count - 1] = pollfd(fd: connection.server, events: server, revents: 0) }
    }
    let millis = now.duration(to: next).components
    let timeout = millis.seconds * 1000 + millis.attoseconds / 1_000_000_000_000_000 + 1
    guard poll(&entries, nfds_t(entries.count), Int32(max(0, timeout))) > 0 else { return }
    if entries[0].revents != 0 { Socket.drain(wake) }
    for (index, connection) in connections.enumerated() {
      let (client, server) = (entries[2 * index + 2].revents, entries[2 * index + 3].revents)
      if client != 0 { takeIn(connection, .toServer, client) }
      if server != 0, !connection.isClosed { takeIn(connection, .toClient, server) }
    }
    if entries[1].revents != 0 { accept() }
  }

  private func isBlocked(_ connection: ProxyConnection, _ direction: ProxyDirection) -> Bool {
    conditions.blocked.contains(direction) || (direction == .toServer && (connection.isHeld || connection.isConnecting))
  }

  /// What was ordered before a client connected or sent something holds for it, however lately this thread has looked.
  private func lookAgain() {
    (conditions, judge) = shared.state.withLock { ($0.conditions, $0.judge) }
  }

  private func accept() {
    lookAgain()
    while let client = Socket.accept(listener) {
      shared.noteAttempt()
      guard !conditions.refuses, connections.count < LoopbackProxy.maxConnections,
        let (server, isConnecting) = Socket.connect(to: target)
      else {
        Socket.reset(client)
        shared.count { $0.refused += 1 }
        continue
      }
      connections.append(
        ProxyConnection(
          client: client, server: server, isConnecting: isConnecting,
          renamer: renaming.map { KafkaPortRenamer(from: $0.from, to: $0.to) }))
    }
  }

  // MARK: Reading

  /// - Parameter direction: in which the bytes go that can be read.
  private func takeIn(_ connection: ProxyConnection, _ direction: ProxyDirection, _ events: Int16) {
    let socket = direction == .toServer ? connection.client : connection.server
    if events & Int16(POLLOUT) != 0 || (direction == .toClient && connection.isConnecting) {
      if direction == .toClient, connection.isConnecting {
        guard Socket.error(of: socket) == 0 else {
          connection.reset()
          shared.count { $0.refused += 1 }
          return
        }
        connection.isConnecting = false
      }
      // There is room again for what goes the other way.
      connection[direction.opposite].needsRoom = false
    }
    guard events & Int16(POLLIN | POLLHUP | POLLERR) != 0, connection[direction].canTake else { return }
    switch Socket.read(socket) {
    case .bytes(let bytes): take(bytes, connection, direction)
    case .nothing: break
    case .ended: connection[direction].isEnded = true
    case .failed:
      // Who is cut off from the other side is not told.
      if isBlocked(connection, direction) {
        connection[direction].isEnded = true
      } else {
        connection.reset()
      }
    }
  }

  private func take(_ bytes: [UInt8], _ connection: ProxyConnection, _ direction: ProxyDirection) {
    lookAgain()
    if direction == .toServer, let judge {
      switch judge(bytes) {
      case .pass: break
      case .cutBefore: return cut(connection)
      case .cutAfter:
        Socket.write(bytes, to: connection.server)
        connection.close()
        return shared.count { $0.cut += 1 }
      case .cutAtAnswer: connection.losesAnswer = true
      case .hold: connection.isHeld = true
      }
    }
    if direction == .toClient, connection.losesAnswer {
      shared.count { $0.answersLost += 1 }
      return cut(connection)
    }
    if draws(conditions.resetsPerMille) { return cut(connection) }
    let now = ContinuousClock.now
    if draws(conditions.stallsPerMille) {
      connection[direction].notBefore = now + .milliseconds(conditions.stallMillis)
      shared.count { $0.stalls += 1 }
    }
    let extra = conditions.jitterMillis > 0 ? Int.random(in: 0...conditions.jitterMillis, using: &random) : 0
    let whole = direction == .toClient ? connection.renamer?.rename(bytes) ?? bytes : bytes
    connection[direction].append(whole, due: now + .milliseconds(conditions.latencyMillis + extra))
  }

  private func draws(_ perMille: Int) -> Bool {
    perMille > 0 && Int.random(in: 0..<1000, using: &random) < perMille
  }

  // MARK: Writing

  private func pass(_ connection: ProxyConnection, _ now: ContinuousClock.Instant) {
    for direction in [ProxyDirection.toServer, .toClient] {
      guard !connection.isClosed, !isBlocked(connection, direction) else { continue }
      let socket = direction == .toServer ? connection.server : connection.client
      while !connection[direction].needsRoom, let due = connection[direction].due, due <= now {
        guard let count = Socket.writeSome(connection[direction].head, to: socket) else {
          connection.reset()
          return
        }
        connection[direction].advance(count)
        shared.count { counts in
          if direction == .toServer { counts.bytesToServer += count } else { counts.bytesToClient += count }
        }
      }
      connection.passEnd(direction)
    }
  }
}

extension ProxyDirection {
  var opposite: ProxyDirection { self == .toServer ? .toClient : .toServer }
}

/// Sebastiano Vigna's SplitMix64: the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
