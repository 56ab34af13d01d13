import Foundation

/// A line of `.tools/peers.txt`, or one of the project's own peers.
struct Peer: Sendable {
  /// How the tables call it.
  var name: String
  var version: String
  /// A process for each case, so that a JIT learns one at a time.
  var hasProcessPerCase: Bool
  var command: [String]
}

/// A peer that can't be measured here, and why.
struct MissingPeer: Sendable {
  var name: String
  var reason: String
}

struct PeerList: Sendable {
  var peers: [Peer] = []
  var missing: [MissingPeer] = []

  /// Reads what `scripts/peers` wrote.
  init(file: String) throws {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw BenchError("\(file) is not there: run scripts/peers first")
    }
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      switch (parts.first, parts.count) {
      case ("peer", 5):
        peers.append(
          Peer(
            name: parts[1], version: parts[3], hasProcessPerCase: parts[2] == "case",
            command: parts[4].split(separator: " ").map(String.init)))
      case ("missing", 3): missing.append(MissingPeer(name: parts[1], reason: parts[2]))
      default: throw BenchError("\(file): a line is not understood: \(line)")
      }
    }
  }
}

/// Names that gates and tables ask for.
enum PeerName {
  static let swift = "Swift"
  static let debug = "Swift (debug)"
  static let floorPrefix = "C ("
  /// The better of the C peers.
  static let floor = "C"
  static let libavro = "libavro"
}

struct BenchError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// A peer at work: answers one line at a time.
final class PeerProcess {
  let peer: Peer
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var received: [UInt8] = []

  /// A peer that says nothing for so long is given up.
  private static let patienceMillis: Int32 = 180_000

  init(_ peer: Peer) throws {
    self.peer = peer
    // Through env, which looks for programs on PATH.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = peer.command
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func ask(_ line: String) throws -> String {
    do {
      try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      throw BenchError("\(peer.name) has ended before it was asked: \(line)")
    }
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        let answer = String(decoding: received[..<end], as: UTF8.self)
        received.removeSubrange(...end)
        return answer
      }
      var waiting = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Self.patienceMillis) > 0 else {
        throw BenchError("\(peer.name) does not answer: \(line)")
      }
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw BenchError("\(peer.name) ended when it was asked: \(line)") }
      received.append(contentsOf: data)
    }
  }

  func stop() {
    try? input.fileHandleForWriting.write(contentsOf: Data("quit\n".utf8))
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}
