import Foundation

/// The calls of the system that the proxy makes; none of them waits.
enum Socket {
  private static let chunkBytes = 64 << 10

  enum Input {
    case bytes([UInt8])
    case nothing, ended, failed
  }

  /// Listens on a free port of the loopback.
  static func listener() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, stream, 0)
    var address = loopback(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 128) == 0 && getsockname(descriptor, $0, &size) == 0
      }
    }
    guard descriptor >= 0, isBound else { throw LoopbackProxyError(description: "no port is free: \(errno)") }
    prepare(descriptor)
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  static func pipe() throws -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Foundation.pipe(&ends) == 0 else { throw LoopbackProxyError(description: "no pipe: \(errno)") }
    for end in ends { prepare(end) }
    return (ends[0], ends[1])
  }

  static func drain(_ descriptor: Int32) {
    var bytes = [UInt8](repeating: 0, count: 64)
    while Foundation.read(descriptor, &bytes, bytes.count) > 0 {}
  }

  static func accept(_ listener: Int32) -> Int32? {
    let descriptor = Foundation.accept(listener, nil, nil)
    guard descriptor >= 0 else { return nil }
    prepare(descriptor)
    sendAtOnce(descriptor)
    return descriptor
  }

  /// - Returns: nil when the target takes no connection; else the socket, and whether it is still being connected.
  static func connect(to target: ProxyTarget) -> (descriptor: Int32, isConnecting: Bool)? {
    let descriptor: Int32
    let result: Int32
    switch target {
    case .port(let port):
      descriptor = socket(AF_INET, stream, 0)
      prepare(descriptor)
      sendAtOnce(descriptor)
      var address = loopback(port: port)
      result = withAddress(&address) { Foundation.connect(descriptor, $0, $1) }
    case .unixSocket(let path):
      descriptor = socket(AF_UNIX, stream, 0)
      prepare(descriptor)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
        close(descriptor)
        return nil
      }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      result = withAddress(&address) { Foundation.connect(descriptor, $0, $1) }
    }
    if result == 0 { return (descriptor, false) }
    if errno == EINPROGRESS { return (descriptor, true) }
    close(descriptor)
    return nil
  }

  /// What came of a connection that was being made; 0 is good.
  static func error(of descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
  }

  static func read(_ descriptor: Int32) -> Input {
    var bytes = [UInt8](repeating: 0, count: chunkBytes)
    let count = Foundation.read(descriptor, &bytes, bytes.count)
    if count > 0 { return .bytes(Array(bytes[..<count])) }
    if count == 0 { return .ended }
    return errno == EAGAIN || errno == EINTR ? .nothing : .failed
  }

  /// - Returns: how many bytes the receiver took; nil when it is gone.
  static func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int? {
    let count = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, noSignal) }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  /// A few bytes, for which there is room.
  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    _ = writeSome(bytes[...], to: descriptor)
  }

  /// The other side sees a reset, and what was on its way is lost.
  static func reset(_ descriptor: Int32) {
    var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Foundation.linger>.size))
    close(descriptor)
  }

  private static func prepare(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private static func sendAtOnce(_ descriptor: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func withAddress<Address>(
    _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
  }

  #if canImport(Glibc)
    private static let stream = Int32(SOCK_STREAM.rawValue)
    private static let noSignal = Int32(MSG_NOSIGNAL)
  #else
    private static let stream = SOCK_STREAM
    private static let noSignal: Int32 = 0
  #endif
}
