import Foundation

/// Where a service finds broker, registry and database: the environment, then `<home>/run.json`, then an error that
/// names both (docs/contracts.md, "State of a run").
public struct BankEnvironment: Sendable {
  /// The role that owns the databases of an embedded Postgres; set-up connects with it.
  public static let embeddedOwner = "bank_owner"

  /// `<home>`, an absolute path.
  public let home: String
  /// Of the run in run.json, else the contract's plus `portOffset`.
  public let ports: Ports
  /// The run, where there is one.
  public let run: RunFile?
  let environment: [String: String]
  let secrets: Secrets

  /// Reads `<home>/run.json` and `<home>/secrets`; servers that nobody named are an error only when asked for.
  ///
  /// - Parameters:
  ///   - home: `--home`; nil takes `BANK_HOME`, else `.bank`.
  ///   - portOffset: `--port-offset`, used where there is no run.json.
  public static func resolve(
    home: String? = nil, portOffset: Int = 0, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(SupportError) -> BankEnvironment {
    let home = Files.absolute(home ?? environment["BANK_HOME"].nonEmpty ?? ".bank")
    let run = try RunFile.read(home: home)
    let ports = if let run { run.ports } else { try Ports(offset: portOffset) }
    return BankEnvironment(
      home: home, ports: ports, run: run, environment: environment, secrets: try Secrets.read(home: home))
  }

  /// The same, after run.json or secrets were written.
  public func reread() throws(SupportError) -> BankEnvironment {
    let run = try RunFile.read(home: home)
    return BankEnvironment(
      home: home, ports: run?.ports ?? ports, run: run, environment: environment,
      secrets: try Secrets.read(home: home))
  }

  /// `KAFKA_BROKERS`, else the run's.
  public func brokers() throws(SupportError) -> String {
    if let brokers = environment["KAFKA_BROKERS"].nonEmpty ?? run?.brokers { return brokers }
    throw missing("Kafka brokers", variable: "KAFKA_BROKERS", key: "brokers")
  }

  /// `SCHEMA_REGISTRY_URL`, else the run's; it may hold `user:password@`.
  public func registryURL() throws(SupportError) -> String {
    if let url = environment["SCHEMA_REGISTRY_URL"].nonEmpty ?? run?.registry { return url }
    throw missing("schema registry", variable: "SCHEMA_REGISTRY_URL", key: "registry")
  }

  /// What of broker, registry and Postgres is named by the environment and so is not to be started.
  public var named: Set<RunFile.Embedded> {
    var named: Set<RunFile.Embedded> = []
    if environment["KAFKA_BROKERS"].nonEmpty != nil { named.insert(.broker) }
    if environment["SCHEMA_REGISTRY_URL"].nonEmpty != nil { named.insert(.registry) }
    if databaseHost != nil { named.insert(.postgres) }
    return named
  }

  /// True when the broker is the one that the run started; it wants a pause after empty fetches.
  public var brokerIsEmbedded: Bool { !named.contains(.broker) && run?.embedded.contains(.broker) == true }

  /// librdkafka's properties from `RDKAFKA_<PROPERTY>`: in lower case, `.` for `_`.
  public var kafkaProperties: [String: String] {
    var properties: [String: String] = [:]
    for (name, value) in environment where name.hasPrefix("RDKAFKA_") {
      properties[name.dropFirst("RDKAFKA_".count).lowercased().replacing("_", with: ".")] = value
    }
    return properties
  }

  /// Who owns the databases: `PGUSER` beside a named server, else the embedded one's owner.
  public var databaseOwner: String {
    databaseHost == nil ? Self.embeddedOwner : environment["PGUSER"].nonEmpty ?? "postgres"
  }

  /// Host, port and password for a role. An address and its passwords come from the same place: a server named by the
  /// environment is asked with the environment's passwords, the embedded one with those in `secrets`.
  public func databaseAccess(
    role: String
  ) throws(SupportError) -> (host: String, port: Int, password: String?) {
    let owns = role == databaseOwner
    if let host = databaseHost {
      let portText = environment["DB_PORT"].nonEmpty ?? environment["PGPORT"].nonEmpty ?? "5432"
      guard let port = Int(portText), (1...65_535).contains(port) else {
        throw SupportError("DB_PORT is \"\(portText)\": it must be a number from 1 to 65535")
      }
      let password = owns ? nil : environment[Secrets.name(role: role)].nonEmpty
      return (host, port, password ?? environment["DB_PASSWORD"].nonEmpty ?? environment["PGPASSWORD"].nonEmpty)
    }
    guard let run else { throw missing("Postgres", variable: "DB_HOSTNAME", key: "database") }
    let name = owns ? "DB_PASSWORD" : Secrets.name(role: role)
    guard let password = secrets.values[name] else {
      throw SupportError("no \(name) in \(Secrets.path(home: home)): bank up writes it")
    }
    return (run.database.host, run.database.port, password)
  }

  /// A variable of the environment; nil when it is not set or empty.
  public func variable(_ name: String) -> String? { environment[name].nonEmpty }

  /// The address that services bind: `BANK_BIND`, else loopback.
  public var bindAddress: String { environment["BANK_BIND"].nonEmpty ?? "127.0.0.1" }

  /// Origins whose pages may ask the services that people use: those of the page's own port on this machine, and
  /// `BANK_ALLOWED_ORIGINS`, with commas.
  public var allowedOrigins: [String] {
    let others = (variable("BANK_ALLOWED_ORIGINS") ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }
    return ["localhost", "127.0.0.1", "[::1]"].map { "http://\($0):\(ports.page)" } + others.filter { !$0.isEmpty }
  }

  private var databaseHost: String? { environment["DB_HOSTNAME"].nonEmpty ?? environment["PGHOST"].nonEmpty }

  private func missing(_ what: String, variable: String, key: String) -> SupportError {
    SupportError(
      "no \(what): set \(variable), or start the bank (\"bank up\") so that \(RunFile.path(home: home)) has \"\(key)\"")
  }
}

extension String? {
  /// An empty variable counts as not set.
  var nonEmpty: String? { self?.isEmpty == false ? self : nil }
}
