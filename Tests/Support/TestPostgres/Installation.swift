import Foundation

/// The installed Postgres programs, and how to run them as someone who is not root, which they refuse.
struct Installation {
  let programs: String
  /// Put before each command.
  let prefix: [String]
  /// Who has to own the folder, when that is not the caller.
  let folderOwner: String?

  static func find() throws -> Installation {
    let programs = try findPrograms()
    guard geteuid() == 0 else { return Installation(programs: programs, prefix: [], folderOwner: nil) }
    let mapped = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if (try? run(mapped + ["true"])) == 0 {
      return Installation(programs: programs, prefix: mapped, folderOwner: nil)
    }
    let lowered = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
    if (try? run(lowered + ["true"])) == 0 {
      return Installation(programs: programs, prefix: lowered, folderOwner: "postgres")
    }
    throw TestPostgresError("postgres does not run as root: allow user namespaces, or add a user named postgres")
  }

  private static func findPrograms() throws -> String {
    let root = "/usr/lib/postgresql"
    let versions = ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).compactMap { Int($0) }
    let folders = versions.sorted(by: >).map { "\(root)/\($0)/bin" }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in folders + path.split(separator: ":").map({ String($0) }) {
      if FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") { return folder }
    }
    throw TestPostgresError("no initdb in \(root)/*/bin or PATH: install postgresql")
  }

  func makeCluster(in directory: URL, owner: String, password: String) async throws {
    let passwordFile = directory.appendingPathComponent("password")
    try password.write(to: passwordFile, atomically: false, encoding: .utf8)
    if let folderOwner {
      try FileManager.default.setAttributes([.ownerAccountName: folderOwner], ofItemAtPath: directory.path)
      try FileManager.default.setAttributes([.ownerAccountName: folderOwner], ofItemAtPath: passwordFile.path)
    }
    let command =
      prefix + [
        "\(programs)/initdb", "--pgdata=\(directory.path)/data", "--username=\(owner)",
        "--pwfile=\(passwordFile.path)", "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8",
        "--no-locale", "--no-sync", "--no-instructions",
      ]
    let log = directory.appendingPathComponent("initdb.log")
    let status = try await Task.detached { try Self.run(command, log: log) }.value
    guard status == 0 else {
      let output = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
      throw TestPostgresError("initdb failed with \(status):\n\(output.suffix(2000))")
    }
  }

  /// Has a cluster speak TLS with this certificate, and refuse who comes over TCP without.
  func requireTLS(in directory: URL, certificate: String, key: String) throws {
    let data = directory.appendingPathComponent("data")
    let rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    let settings = "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n"
    for (name, content) in [
      ("server.crt", try Data(contentsOf: URL(fileURLWithPath: certificate))),
      ("server.key", try Data(contentsOf: URL(fileURLWithPath: key))), ("pg_hba.conf", Data(rules.utf8)),
      ("postgresql.auto.conf", Data(settings.utf8)),
    ] {
      let file = data.appendingPathComponent(name)
      try content.write(to: file)
      var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
      if let folderOwner { attributes[.ownerAccountName] = folderOwner }
      try FileManager.default.setAttributes(attributes, ofItemAtPath: file.path)
    }
  }

  /// - Parameter smallDiskMegabytes: of a disk of its own at `small` in the folder; nil for none.
  func startServer(
    in directory: URL, port: Int, settings: [String: String], smallDiskMegabytes: Int?
  ) throws -> Guardian {
    let fast = [
      "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB",
      "max_connections": "100", "max_wal_size": "256MB", "autovacuum": "off", "jit": "off",
      "listen_addresses": "127.0.0.1", "port": String(port), "unix_socket_directories": directory.path,
    ]
    let all = fast.merging(settings) { _, chosen in chosen }.sorted { $0.key < $1.key }
    let command =
      try smallDisk(in: directory, megabytes: smallDiskMegabytes) + prefix
      + ["\(programs)/postgres", "-D", "\(directory.path)/data"] + all.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    return try Guardian(directory: directory, command: command)
  }

  /// Put before the server's command: mounts a tmpfs that only the server sees and that goes with it. Who is not root
  /// gets the right to mount from a user namespace.
  private func smallDisk(in directory: URL, megabytes: Int?) throws -> [String] {
    guard let megabytes else { return [] }
    let disk = directory.appendingPathComponent("small").path
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let isRoot = geteuid() == 0
    let unshare = ["unshare"] + (isRoot ? [] : ["--user", "--map-root-user"]) + ["--mount"]
    // As itself again: a server that sees itself as root refuses to start.
    let back = isRoot ? "" : "unshare --user --map-user=\(geteuid()) --map-group=\(getegid())"
    let owner = folderOwner.map { "chown \($0) \"$1\" &&" } ?? ""
    let script =
      "mount -t tmpfs -o size=\(megabytes)m,mode=0700 tmpfs \"$1\" && \(owner) shift && exec \(back) \"$@\""
    return unshare + ["sh", "-c", script, "small-disk", disk]
  }

  @discardableResult
  private static func run(_ command: [String], log: URL? = nil) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardInput = FileHandle.nullDevice
    if let log {
      _ = FileManager.default.createFile(atPath: log.path, contents: nil)
      let file = try FileHandle(forWritingTo: log)
      process.standardOutput = file
      process.standardError = file
    } else {
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
    }
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
