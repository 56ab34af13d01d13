/// Where a Postgres is and how to talk to it.
public struct PostgresConfiguration: Sendable {
  /// A host name, an address, or the folder of a Unix socket (starts with `/`).
  public var host: String
  public var port: Int
  public var database: String
  public var user: String
  /// Without one libpq looks further: `PGPASSWORD`, then the password file.
  public var password: String?
  /// Shown in `pg_stat_activity`.
  public var applicationName: String
  /// Connecting ends after this many seconds.
  public var connectTimeoutSeconds: Int
  /// The server cancels a statement that takes longer; 0 for no limit. A server that is still silent five seconds later
  /// is given up: the statement throws `connectionLost`, or `commitOutcomeUnknown` for a COMMIT.
  public var statementTimeoutMillis: Int
  /// A connection keeps this many prepared statements; the one that was unused longest goes first.
  public var maxPreparedStatements: Int
  /// Any other keyword of libpq's connection string, such as `sslmode`; these win over everything above.
  public var keywords: [String: String]

  /// - Parameters:
  ///   - host: host name, address, or folder of a Unix socket
  ///   - keywords: libpq's connection keywords beside the ones that have a parameter here
  public init(
    host: String, port: Int = 5432, database: String, user: String, password: String? = nil,
    applicationName: String = "open-bank-mark", connectTimeoutSeconds: Int = 10, statementTimeoutMillis: Int = 0,
    maxPreparedStatements: Int = 256, keywords: [String: String] = [:]
  ) {
    self.host = host
    self.port = port
    self.database = database
    self.user = user
    self.password = password
    self.applicationName = applicationName
    self.connectTimeoutSeconds = connectTimeoutSeconds
    self.statementTimeoutMillis = statementTimeoutMillis
    self.maxPreparedStatements = maxPreparedStatements
    self.keywords = keywords
  }

  /// What libpq gets. A peer that vanished is noticed after about 25 seconds, not after the kernel's two hours.
  var parameters: [(keyword: String, value: String)] {
    var values = [
      "host": host, "port": String(port), "dbname": database, "user": user,
      "application_name": applicationName,
      "connect_timeout": String(connectTimeoutSeconds),
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "25000",
    ]
    values["password"] = password
    values.merge(keywords) { _, chosen in chosen }
    values["client_encoding"] = "UTF8"
    return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// For messages: everything but the password.
  var place: String {
    let values = Dictionary(uniqueKeysWithValues: parameters.map { ($0.keyword, $0.value) })
    let database = values["dbname"] ?? self.database
    let user = values["user"] ?? self.user
    return "\(values["host"] ?? host):\(values["port"] ?? String(port)), database \(database), as \(user)"
  }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Never holds the password.
  public var description: String { "Postgres at \(place)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["place": place]) }
}
