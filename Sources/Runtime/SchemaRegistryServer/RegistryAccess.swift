import AvroSchema
import FoundationEssentials
import HummingbirdTLS

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Certificate and key of a registry that is asked by HTTPS, as PEM files.
public struct RegistryTLS: Sendable {
  /// The registry's own certificate first, then those between it and the root.
  public var certificateChainFile: String
  public var privateKeyFile: String

  public init(certificateChainFile: String, privateKeyFile: String) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
  }

  func configuration() throws(EmbeddedRegistryError) -> TLSConfiguration {
    do {
      return .makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(certificateChainFile).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: privateKeyFile, format: .pem)))
    } catch {
      throw EmbeddedRegistryError(
        message: "cannot use \(certificateChainFile) and \(privateKeyFile) for TLS: \(error); name PEM files")
    }
  }
}

/// Who may ask, by HTTP basic authentication (RFC 7617).
public struct RegistryUsers: Sendable {
  /// By name, the SHA-256 of `name:password`.
  private var digests: [String: [UInt8]] = [:]

  /// Everyone may ask while there is nobody in it.
  public init() {}

  public var isEmpty: Bool { digests.isEmpty }

  /// - Parameter name: without a colon.
  public mutating func add(name: String, password: String) {
    digests[name] = SHA256.digest(of: Array("\(name):\(password)".utf8))
  }

  /// A user a line, `name:password`; empty lines and those that begin with `#` are nothing. Lines may end as on Windows.
  public init(file path: String) throws(EmbeddedRegistryError) {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw EmbeddedRegistryError(message: "cannot read the users in \(path): \(error)")
    }
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        throw EmbeddedRegistryError(message: "\(path), line \(number + 1): write name:password")
      }
      add(name: String(line[..<colon]), password: String(line[line.index(after: colon)...]))
    }
    guard !isEmpty else { throw EmbeddedRegistryError(message: "there is no user in \(path)") }
  }

  /// - Parameter credentials: `name:password`.
  func admit(_ credentials: String) -> Bool {
    let name = String(credentials.prefix { $0 != ":" })
    let given = SHA256.digest(of: Array(credentials.utf8))
    // As long for a name that is not there, and wherever the first difference is.
    let wanted = digests[name] ?? [UInt8](repeating: 0, count: given.count)
    return zip(given, wanted).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}

/// What a request has to show before it is looked at.
struct RegistryAccess: Sendable {
  static let challenge = "Basic realm=\"schema registry\", charset=\"UTF-8\""

  var users = RegistryUsers()
  /// The registry listens on loopback: other names may be pointed there by whoever owns them (DNS rebinding).
  var checksHost = false

  func checkCredentials(_ authorization: String?) throws(RegistryFailure) {
    guard !users.isEmpty else { return }
    guard let authorization, authorization.lowercased().hasPrefix("basic "),
      let data = Data(base64Encoded: String(authorization.dropFirst(6).filter { !$0.isWhitespace })),
      let credentials = String(validating: data, as: UTF8.self), users.admit(credentials)
    else {
      throw RegistryFailure(status: 401, "Unauthorized: send a user and a password that this registry knows.")
    }
  }

  /// - Parameter host: the header `Host`; nil is let through, since browsers always send it.
  func checkHost(_ host: String?) throws(RegistryFailure) {
    guard checksHost, let host, !Self.isAddress(host) else { return }
    throw RegistryFailure(status: 421, "Ask by an IP address or by localhost: nobody else can point those names here.")
  }

  /// An IP address or localhost, with or without a port.
  private static func isAddress(_ host: String) -> Bool {
    if host.hasPrefix("[") {
      var address = in6_addr()
      return inet_pton(AF_INET6, String(host.dropFirst().prefix { $0 != "]" }), &address) == 1
    }
    let name = host.prefix { $0 != ":" }.lowercased()
    var address = in_addr()
    return name == "localhost" || inet_pton(AF_INET, name, &address) == 1
  }

  /// Whether an address to listen on can be reached from this machine only.
  static func isLoopback(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
