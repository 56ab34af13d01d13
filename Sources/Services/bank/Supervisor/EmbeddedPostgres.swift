import BankSupport
import Foundation
import Glibc

/// The private Postgres cluster that `bank up` makes and starts when the environment names no real one.
enum EmbeddedPostgres {
  static let name = "postgres"

  /// Makes the cluster when it isn't there, writes its settings, and says how to start it.
  ///
  /// - Parameter password: of the owner, `BankEnvironment.embeddedOwner`.
  static func plan(
    home: String, port: Int, password: String, announce: (String) -> Void
  ) throws(SupportError) -> ChildPlan {
    let data = "\(home)/postgres"
    let programs = try programFolder()
    let user = try unprivileged(data: data)
    if !FileManager.default.fileExists(atPath: "\(data)/PG_VERSION") {
      announce("making a Postgres cluster in \(data)")
      try initialize(data: data, programs: programs, user: user, password: password)
    }
    try Files.replace("\(data)/postgresql.auto.conf", with: Array(settings(port: port).utf8), mode: 0o600)
    try user.giveAway("\(data)/postgresql.auto.conf")
    let command = user.prefix + ProcessStart.bound(["\(programs)/postgres", "-D", data])
    return ChildPlan(
      name: name, kind: .infrastructure, command: command, stopSignal: SIGINT, readyLimitSeconds: 60
    ) {
      let (status, _) =
        (try? runToEnd(
          ["\(programs)/pg_isready", "-q", "-h", "127.0.0.1", "-p", "\(port)"],
          limitSeconds: 5)) ?? (2, "")
      return status == 0 ? nil : "port \(port) to answer"
    }
  }

  /// Loopback only and no Unix socket: its path could be too long below a deep home.
  private static func settings(port: Int) -> String {
    """
    # Written by bank up at each start.
    listen_addresses = '127.0.0.1'
    port = \(port)
    unix_socket_directories = ''
    password_encryption = 'scram-sha-256'
    max_connections = 100
    shared_buffers = '128MB'
    max_wal_size = '512MB'
    timezone = 'UTC'
    log_timezone = 'UTC'

    """
  }

  private static func initialize(
    data: String, programs: String, user: Unprivileged, password: String
  ) throws(SupportError) {
    let parent = URL(fileURLWithPath: data).deletingLastPathComponent().path
    // Made beside and renamed: a cluster that is there is a whole one, whenever this process ends.
    let unfinished = "\(parent)/postgres.new"
    let passwordFile = "\(parent)/postgres.password"
    defer { unlink(passwordFile) }
    try remove(unfinished)
    try Files.makeFolder(unfinished)
    try user.giveAway(unfinished)
    try Files.replace(passwordFile, with: Array((password + "\n").utf8), mode: 0o600)
    try user.giveAway(passwordFile)
    let command = [
      "\(programs)/initdb", "-D", unfinished, "-U", BankEnvironment.embeddedOwner, "--pwfile", passwordFile,
      "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
    ]
    let (status, output) = try runToEnd(command, prefix: user.prefix, limitSeconds: 120)
    guard status == 0 else { throw SupportError("initdb failed (exit status \(status)):\n\(output)") }
    guard rename(unfinished, data) == 0 else {
      throw SupportError("cannot rename \(unfinished): \(String(cString: strerror(errno)))")
    }
  }

  private static func remove(_ path: String) throws(SupportError) {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw SupportError("cannot remove \(path): \(error.localizedDescription)")
    }
  }

  /// Where `initdb` and `postgres` are: `BANK_POSTGRES_BIN`, PATH, else Debian's newest of 15 and up.
  static func programFolder(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(SupportError) -> String {
    var folders = environment["BANK_POSTGRES_BIN"].map { [$0] } ?? []
    folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    folders += (15...30).reversed().map { "/usr/lib/postgresql/\($0)/bin" }
    let found = folders.first { folder in
      ["initdb", "postgres", "pg_isready"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
      }
    }
    if let found { return found }
    throw SupportError(
      "Postgres is not installed (no initdb): run \"make setup\", or set BANK_POSTGRES_BIN to the folder that has it, "
        + "or name a real server with DB_HOSTNAME")
  }
}

/// How to run a program that refuses to run as root.
struct Unprivileged {
  /// What stands before the command.
  let prefix: [String]
  /// Who has to own its files; nil for the user that runs this.
  let owner: (user: uid_t, group: gid_t)?

  func giveAway(_ path: String) throws(SupportError) {
    guard let owner else { return }
    guard chown(path, owner.user, owner.group) == 0 else {
      throw SupportError("cannot give \(path) to the user postgres: \(String(cString: strerror(errno)))")
    }
  }
}

extension EmbeddedPostgres {
  /// Nothing when not root; a user namespace in which root has another number; else the user `postgres`, for whom
  /// every folder above must be open.
  static func unprivileged(data: String) throws(SupportError) -> Unprivileged {
    guard geteuid() == 0 else { return Unprivileged(prefix: [], owner: nil) }
    let namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    let (status, _) = try runToEnd(["true"], prefix: namespace, limitSeconds: 10)
    if status == 0 { return Unprivileged(prefix: namespace, owner: nil) }
    guard let account = getpwnam("postgres") else {
      throw SupportError(
        "Postgres does not run as root, user namespaces are switched off here, and there is no user postgres: run the "
          + "bank as another user, or name a real server with DB_HOSTNAME")
    }
    let owner = (user: account.pointee.pw_uid, group: account.pointee.pw_gid)
    var folder = URL(fileURLWithPath: data).deletingLastPathComponent()
    // The home is ours to open for passing through; what is in it stays closed.
    chmod(folder.path, 0o711)
    while folder.path != "/" {
      var facts = stat()
      if stat(folder.path, &facts) == 0, facts.st_mode & 0o001 == 0, facts.st_uid != owner.user {
        throw SupportError(
          "Postgres does not run as root, user namespaces are switched off here, and the user postgres cannot enter "
            + "\(folder.path): choose a --home elsewhere, run the bank as another user, or name a real server with "
            + "DB_HOSTNAME")
      }
      folder.deleteLastPathComponent()
    }
    return Unprivileged(
      prefix: ["setpriv", "--reuid=\(owner.user)", "--regid=\(owner.group)", "--clear-groups", "--"], owner: owner)
  }
}
