import AvroSchema
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging

/// A schema registry: Confluent's REST API for Avro over one append-only file (docs/registry.md).
///
/// ```swift
/// let registry = EmbeddedRegistry(directory: ".bank/registry", host: "127.0.0.1", port: 8081)
/// try await registry.run()
/// ```
public struct EmbeddedRegistry: Sendable {
  public var directory: String
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  public var limits: RegistryLimits
  /// The compatibility level until a global one is set.
  public var defaultLevel: CompatibilityMode
  /// Refuses every change with code 42205, whatever the modes say.
  public var isReadOnly = false
  /// Everyone may ask when it is empty.
  public var users = RegistryUsers()
  /// Nil is plain HTTP.
  public var tls: RegistryTLS?
  public var logger: Logger
  /// Called once requests are answered, with the port.
  public var onReady: @Sendable (_ port: Int) async -> Void
  /// `fsync(2)` unless a test has put something in its place.
  var sync: (@Sendable (Int32) -> Int32)?

  /// - Parameters:
  ///   - directory: Where the registrations are kept; made when missing. One registry at a time may use it.
  ///   - host: Address to listen on.
  ///   - port: 0 takes a free one.
  public init(
    directory: String, host: String = "127.0.0.1", port: Int = 8081, limits: RegistryLimits = RegistryLimits(),
    defaultLevel: CompatibilityMode = .backward,
    logger: Logger = Logger(label: "schema-registry"),
    onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.directory = directory
    self.host = host
    self.port = port
    self.limits = limits
    self.defaultLevel = defaultLevel
    self.logger = logger
    self.onReady = onReady
  }

  /// Serves until the task is cancelled or the surrounding service group shuts down.
  ///
  /// Throws ``EmbeddedRegistryError`` when the directory, the certificate or the port can't be used.
  public func run() async throws {
    let http = HTTPServerBuilder.http1(
      configuration: .init(idleTimeout: .seconds(Int64(limits.idleTimeoutSeconds))))
    let server = if let tls { try HTTPServerBuilder.tls(http, tlsConfiguration: try tls.configuration()) } else { http }
    let store: RegistryStore
    do {
      store = try await RegistryStore(
        directory: directory, limits: limits, defaultLevel: defaultLevel, isReadOnly: isReadOnly, sync: sync)
    } catch {
      throw EmbeddedRegistryError(message: error.message)
    }
    for sentence in store.damage {
      logger.error("\(sentence); if it held a schema, register it again")
    }
    let counts = await store.counts()
    let scheme = tls == nil ? "http" : "https"
    let access = RegistryAccess(users: users, checksHost: RegistryAccess.isLoopback(host))
    let application = Application(
      responder: RegistryResponder(store: store, limits: limits, access: access, logger: logger),
      server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port),
        availableConnectionsDelegate: MaximumAvailableConnections(limits.maxConnections)),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? self.port
        logger.info(
          "schema registry ready on \(scheme)://\(host):\(port), \(counts.subjects) subjects, \(counts.schemas) schemas"
        )
        await onReady(port)
      },
      logger: quiet(logger))
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await application.run())
    } catch {
      outcome = .failure(error)
    }
    // Connections may keep the store alive for a moment; the directory is free when this returns.
    await store.close()
    do {
      try outcome.get()
    } catch is CancellationError {
      return
    } catch {
      throw EmbeddedRegistryError(
        message: "schema registry cannot listen on \(host):\(port): \(error); name a free port")
    }
  }

  /// Hummingbird and the service group write a line for every start and stop; ours says it once.
  private func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
  }
}

/// Why an embedded registry does not run.
public struct EmbeddedRegistryError: Error, CustomStringConvertible, Sendable {
  public var message: String
  public var description: String { message }
}
