public import PostgresRuntime
public import TopologyModel

/// Brings databases to what their definitions say: makes those that are missing, applies the generated SQL, sets the
/// passwords of roles, and writes down which version it was.
///
/// Doing it again changes nothing, and two at once wait for each other. What was set up from other definitions is left
/// alone where it does not fit them, with an error that names each difference.
public enum SetupDBService {
  /// Advisory locks hold in one database only, so all set-ups of a server take this one in the maintenance database.
  static let lockKey: Int64 = 0x6F62_6D5F_7365_7475

  /// - Parameters:
  ///   - server: how the owner connects; its `database` is not used
  ///   - descriptions: the databases, in the order in which they are set up
  ///   - passwords: by role; a role without one keeps what it has. Sent as SCRAM verifiers, never logged
  ///   - maintenanceDatabase: one that is there always
  ///   - lockTimeoutMillis: how long another set-up may take, and how long services may hold up the statements
  /// - Returns: what was done
  /// - Throws: `SetupError`, or `PostgresError` when the server cannot be reached
  @discardableResult
  public static func run(
    _ server: PostgresConfiguration, databases descriptions: [DatabaseDescription], passwords: [String: String] = [:],
    maintenanceDatabase: String = "postgres", lockTimeoutMillis: Int = 60_000
  ) async throws -> SetupReport {
    let roles = Set(descriptions.flatMap(\.roles))
    let unknown = passwords.keys.filter { !roles.contains($0) }.sorted()
    guard unknown.isEmpty else { throw SetupError.unknownRoles(unknown, known: roles.sorted()) }
    var place = server
    place.database = maintenanceDatabase
    place.applicationName = "setup-db"
    let maintenance = try await PostgresConnection.connect(place)
    do {
      // The lock goes with the connection, also when this process is killed.
      try await lock(maintenance, timeoutMillis: lockTimeoutMillis)
      var report = SetupReport(databases: [], passwordsSet: passwords.keys.sorted())
      for description in descriptions {
        place.database = description.name
        report.databases.append(try await setUp(description, place, maintenance, lockTimeoutMillis))
      }
      for (role, password) in passwords.sorted(by: { $0.key < $1.key }) {
        try await setPassword(password, role: role, maintenance)
      }
      await maintenance.close()
      return report
    } catch {
      await maintenance.close()
      throw error
    }
  }

  private static func lock(_ maintenance: PostgresConnection, timeoutMillis: Int) async throws {
    do {
      try await maintenance.run { session in
        try session.script("set lock_timeout = \(unsafe: String(max(1, timeoutMillis)))")
        try session.execute("select pg_advisory_lock(\(lockKey))")
      }
    } catch let error as PostgresError where error.sqlState == "55P03" {
      throw SetupError.lockHeld(seconds: Double(timeoutMillis) / 1000)
    }
  }

  private static func setPassword(_ password: String, role: String, _ maintenance: PostgresConnection) async throws {
    do {
      try await maintenance.run { session in try session.setPassword(password, ofRole: role) }
    } catch let error as PostgresError {
      throw SetupError.role(role, error)
    }
  }

  private static func setUp(
    _ description: DatabaseDescription, _ place: PostgresConfiguration, _ maintenance: PostgresConnection,
    _ lockTimeoutMillis: Int
  ) async throws -> SetupReport.Database {
    do {
      let isCreated = try await create(description.name, maintenance)
      let connection = try await PostgresConnection.connect(place)
      do {
        let version = try await connection.transaction { session in
          try session.script("set local lock_timeout = \(unsafe: String(max(1, lockTimeoutMillis)))")
          return try apply(description, session)
        }
        await connection.close()
        return SetupReport.Database(
          name: description.name, isCreated: isCreated, isChanged: version.isNew, version: version.number)
      } catch {
        await connection.close()
        throw error
      }
    } catch let error as PostgresError {
      throw SetupError.database(description.name, error)
    }
  }

  /// False when it is there already.
  private static func create(_ name: String, _ maintenance: PostgresConnection) async throws -> Bool {
    try await maintenance.run { session in
      let isThere = try session.first("select exists (select from pg_database where datname = \(name))", as: Bool.self)
      guard isThere != true else { return false }
      do {
        // template1 can't be copied while someone is connected to it.
        try session.script("create database \(identifier: name) template template0 encoding 'UTF8'")
        return true
      } catch let error as PostgresError where error.sqlState == "42P04" || error.isUniqueViolation {
        // Made at this moment by someone who does not take the lock.
        return false
      }
    }
  }

  private static func apply(
    _ description: DatabaseDescription, _ session: PostgresSession
  ) throws -> (number: Int, isNew: Bool) {
    let last = try lastVersion(session)
    let isNew = last?.checksum != description.checksum
    let wanted = isNew ? try TableShape.declared(by: description.sql, session) : []
    try session.script("set local search_path to public")
    try session.script(SQL(unsafe: description.sql))
    guard isNew else { return (last?.number ?? 0, false) }
    let differences = TableShape.differences(wanted: wanted, found: try TableShape.read(schema: "public", session))
    guard differences.isEmpty else { throw SetupError.differs(description.name, differences) }
    let number = (last?.number ?? 0) + 1
    try session.script(
      """
      create table if not exists schema_version (
        version integer primary key, checksum text not null, applied_at timestamptz not null default now())
      """)
    try session.execute("insert into schema_version (version, checksum) values (\(number), \(description.checksum))")
    return (number, true)
  }

  private static func lastVersion(_ session: PostgresSession) throws -> (number: Int, checksum: String)? {
    let isThere = try session.first("select to_regclass('public.schema_version') is not null", as: Bool.self)
    guard isThere == true else { return nil }
    return try session.first(
      "select version, checksum from public.schema_version order by version desc limit 1", as: Int.self, String.self)
  }
}

/// What a set-up did.
public struct SetupReport: Sendable, Hashable {
  public struct Database: Sendable, Hashable {
    public var name: String
    /// It was not there before.
    public var isCreated: Bool
    /// Its definitions were not the ones that it had before.
    public var isChanged: Bool
    /// Number of its row in `schema_version`, from 1.
    public var version: Int

    public init(name: String, isCreated: Bool, isChanged: Bool, version: Int) {
      self.name = name
      self.isCreated = isCreated
      self.isChanged = isChanged
      self.version = version
    }
  }

  public var databases: [Database]
  /// Roles that got a password.
  public var passwordsSet: [String]

  public init(databases: [Database], passwordsSet: [String]) {
    self.databases = databases
    self.passwordsSet = passwordsSet
  }
}

/// Why a set-up stopped. What it began in a database is rolled back.
public enum SetupError: Error, Sendable, CustomStringConvertible {
  /// A password was given for roles that no database has.
  case unknownRoles([String], known: [String])
  /// Another set-up did not end in time.
  case lockHeld(seconds: Double)
  /// What a database has differs from its definitions where set-up does not change anything: one line each.
  case differs(String, [String])
  case database(String, PostgresError)
  case role(String, PostgresError)

  public var description: String {
    switch self {
    case .unknownRoles(let roles, let known):
      "no database has the role \(roles.joined(separator: ", ")); roles are: \(known.joined(separator: ", "))"
    case .lockHeld(let seconds):
      "another set-up of this server was at work for \(seconds) s: wait for it, or end it, and try again"
    case .differs(let name, let differences):
      "database \(name) was set up from other definitions: change it by hand, or drop it (bank clean) and set it up "
        + "anew\n  " + differences.joined(separator: "\n  ")
    case .database(let name, let error): "set-up of database \(name): \(error)"
    case .role(let name, let error): "password of role \(name): \(error)"
    }
  }
}
