import Foundation
import Glibc
import Testing

/// The built `bank` program, run beside the test.
final class BankProgram {
  let home: String
  let portOffset: Int
  private let folder = TemporaryFolder()
  private(set) var up: Process?
  private var output: String { folder.path + "/up.log" }

  init() throws {
    home = folder.path + "/home"
    portOffset = try Self.freeOffset()
  }

  deinit {
    // Its children die with it.
    if let up, up.isRunning { kill(up.processIdentifier, SIGKILL) }
  }

  /// Beside the test bundle.
  static func path() throws -> String {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("bank").path
  }

  /// Runs a verb to its end.
  ///
  /// - Parameter program: nil for `bank`.
  func run(
    _ arguments: [String], of program: String? = nil, environment: [String: String] = [:]
  ) throws -> (status: Int32, output: String) {
    let file = folder.path + "/\(UUID().uuidString).log"
    let process = try start(arguments, of: program, output: file, environment: environment)
    let limit = Date().addingTimeInterval(60)
    while process.isRunning {
      if Date() > limit {
        kill(process.processIdentifier, SIGKILL)
        Issue.record("bank \(arguments.joined(separator: " ")) did not end within 60 s")
      }
      usleep(10_000)
    }
    return (process.terminationStatus, try String(contentsOfFile: file, encoding: .utf8))
  }

  /// The same in a mount namespace of its own, where the system's only root certificate is the one in that file.
  func run(
    _ arguments: [String], environment: [String: String], trusting root: String
  ) throws -> (status: Int32, output: String) {
    let script = #"mount --bind "$1" /etc/ssl/certs/ca-certificates.crt && shift && exec "$@""#
    return try run(
      ["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", root, try Self.path()] + arguments,
      of: "/usr/bin/unshare", environment: environment)
  }

  /// `bank <verb> --home … --port-offset …`
  func run(verb: String, _ more: String...) throws -> (status: Int32, output: String) {
    try run([verb, "--home", home, "--port-offset", String(portOffset)] + more)
  }

  /// Starts `bank up` and waits until its output holds a text.
  func startUp(_ more: [String] = ["--infrastructure-only"], until text: String = "ready") throws {
    try? FileManager.default.removeItem(atPath: output)
    up = try start(["up", "--home", home, "--port-offset", String(portOffset)] + more, output: output)
    try wait("\"\(text)\" in the output") { log.contains(text) || up?.isRunning != true }
    try #require(log.contains(text), "\(log)")
  }

  /// What `bank up` has printed.
  var log: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

  /// Waits for `bank up` to end and gives its exit status.
  func upStatus() throws -> Int32 {
    let process = try #require(up)
    try wait("bank up to end") { !process.isRunning }
    return process.terminationStatus
  }

  /// Polls until something holds, 60 s at most.
  func wait(_ what: String, _ holds: () -> Bool) throws {
    let limit = Date().addingTimeInterval(60)
    while !holds() {
      try #require(Date() < limit, "waited 60 s for \(what); output:\n\(log)")
      usleep(20_000)
    }
  }

  /// Processes whose command line or working folder names the home.
  func processes() -> [pid_t] {
    let manager = FileManager.default
    let home = home
    return ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(pid_t.init).filter { pid in
      guard pid != getpid() else { return false }
      let folder = (try? manager.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) ?? ""
      let arguments = manager.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
      return folder.hasPrefix(home) || String(decoding: arguments, as: UTF8.self).contains(home)
    }
  }

  /// The pid of a child from run.json; nil when it isn't there.
  func pid(of name: String) -> pid_t? {
    let content = FileManager.default.contents(atPath: home + "/run.json") ?? Data()
    let object = try? JSONSerialization.jsonObject(with: content) as? [String: Any]
    let services = object?["services"] as? [[String: Any]] ?? []
    return (services.first { $0["name"] as? String == name }?["pid"] as? Int).map(pid_t.init)
  }

  private func start(
    _ arguments: [String], of program: String? = nil, output: String, environment: [String: String] = [:]
  ) throws -> Process {
    try Data().write(to: URL(fileURLWithPath: output))
    let handle = try #require(FileHandle(forWritingAtPath: output))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try program ?? Self.path())
    process.arguments = arguments
    // Servers that the caller's environment names are not for these tests.
    var variables = ProcessInfo.processInfo.environment.filter { name, _ in
      !["KAFKA_BROKERS", "SCHEMA_REGISTRY_URL", "BANK_HOME"].contains(name) && !name.hasPrefix("DB_")
        && !name.hasPrefix("PG") && !name.hasPrefix("RDKAFKA_")
    }
    variables.merge(environment) { $1 }
    process.environment = variables
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// An offset at which none of the contract's ports is bound.
  private static func freeOffset() throws -> Int {
    for _ in 0..<200 {
      let offset = Int.random(in: 1000...14_000)
      let ports = [9092, 15_432, 8081, 8181, 8888, 17_888, 17_889, 17_890].map { $0 + offset }
      if ports.allSatisfy({ TestPort.bound($0) != nil }) { return offset }
    }
    throw CancellationError()
  }
}

/// A bound TCP port on loopback, released with the object.
final class TestPort {
  private let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Nil when the port is taken.
  static func bound(_ port: Int) -> TestPort? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    let held = TestPort(descriptor: descriptor)
    // Connections that were closed a moment ago don't count.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(clamping: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return result == 0 && listen(descriptor, 1) == 0 ? held : nil
  }
}
