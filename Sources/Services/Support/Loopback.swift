import Foundation
import Glibc

/// Plain sockets on 127.0.0.1, for short questions to programs of this machine. They block: ask from a thread that may
/// wait.
package enum Loopback {
  /// A longer answer counts as none.
  package static let answerLimitBytes = 8 << 20

  /// True when a port can be bound.
  package static func isFree(_ port: Int) -> Bool {
    guard let descriptor = makeSocket() else { return false }
    defer { close(descriptor) }
    // As servers do: connections of a server that just ended don't count.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    return withAddress(port) { bind(descriptor, $0, $1) } == 0
  }

  /// True when something accepts a connection.
  package static func accepts(_ port: Int) -> Bool {
    guard let descriptor = connected(port, timeoutMillis: 1000) else { return false }
    close(descriptor)
    return true
  }

  /// `GET path`; nil when there is no answer in time.
  package static func get(_ port: Int, _ path: String, timeoutMillis: Int = 1000) -> (status: Int, body: String)? {
    request("GET", port, path, timeoutMillis: timeoutMillis)
  }

  /// One HTTP request on a connection of its own, with a body of JSON; nil when there is no answer in time.
  package static func request(
    _ method: String, _ port: Int, _ path: String, json: String? = nil, timeoutMillis: Int
  ) -> (status: Int, body: String)? {
    guard let descriptor = connected(port, timeoutMillis: timeoutMillis) else { return nil }
    defer { close(descriptor) }
    var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
    if let json { head += "Content-Type: application/json\r\nContent-Length: \(json.utf8.count)\r\n" }
    let request = Array((head + "\r\n" + (json ?? "")).utf8)
    guard sendAll(descriptor, request) else { return nil }
    let limit = ContinuousClock.now + .milliseconds(timeoutMillis)
    var answer: [UInt8] = []
    var length: Int?
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while answer.count < answerLimitBytes, .now < limit {
      // Not every server closes when it was asked to.
      if length == nil { length = wholeLength(answer) }
      if let length, answer.count >= length { return parse(answer) }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 { return parse(answer) }
      if count < 0 { return nil }
      answer += buffer[..<count]
    }
    return nil
  }

  private static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  /// Of head and body; nil while the head is not there, and when it does not say how long the body is.
  private static func wholeLength(_ answer: [UInt8]) -> Int? {
    let blank = Array("\r\n\r\n".utf8)
    guard let end = answer.firstRange(of: blank) else { return nil }
    for line in String(decoding: answer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
      return Int(parts[1].trimmingCharacters(in: .whitespaces)).map { end.upperBound + $0 }
    }
    return nil
  }

  private static func parse(_ answer: [UInt8]) -> (status: Int, body: String)? {
    let text = String(decoding: answer, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let words = text[..<end.lowerBound].prefix { $0 != "\r\n" }.split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { return nil }
    return (status, String(text[end.upperBound...]))
  }

  private static func connected(_ port: Int, timeoutMillis: Int) -> Int32? {
    guard let descriptor = makeSocket() else { return nil }
    var limit = timeval(tv_sec: timeoutMillis / 1000, tv_usec: timeoutMillis % 1000 * 1000)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    if withAddress(port, { connect(descriptor, $0, $1) }) == 0 { return descriptor }
    close(descriptor)
    return nil
  }

  private static func makeSocket() -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    return descriptor < 0 ? nil : descriptor
  }

  private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(clamping: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
