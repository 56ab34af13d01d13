import Foundation

/// `<home>/secrets`: the passwords of an embedded Postgres as `NAME=value` lines, readable by the user alone.
public struct Secrets: Sendable {
  /// By name, such as `DB_PASSWORD` and `DB_PASSWORD_AUDIT`.
  public private(set) var values: [String: String]

  /// The name under which a role's password is kept, in the file and in the environment.
  public static func name(role: String) -> String { "DB_PASSWORD_" + role.uppercased() }

  /// `<home>/secrets`.
  public static func path(home: String) -> String { home + "/secrets" }

  /// Reads a home's file; no values when there is none.
  /// - Throws: `SupportError` when others may read it, or a line is not `NAME=value`.
  public static func read(home: String) throws(SupportError) -> Secrets {
    let path = path(home: home)
    guard let content = try Files.read(path) else { return Secrets(values: [:]) }
    let permissions = (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    if let permissions, permissions & 0o077 != 0 {
      throw SupportError("\(path) can be read by others: chmod 600 \(path)")
    }
    var values: [String: String] = [:]
    let lines = String(decoding: content, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      guard let equals = line.firstIndex(of: "=") else {
        throw SupportError("\(path):\(number + 1): a line must be NAME=value")
      }
      values[String(line[..<equals])] = String(line[line.index(after: equals)...])
    }
    return Secrets(values: values)
  }

  /// Reads the file and adds what is missing: the owner's password and one for each role, 32 random hexadecimal digits.
  public static func establish(home: String, roles: [String]) throws(SupportError) -> Secrets {
    var secrets = try read(home: home)
    let missing = (["DB_PASSWORD"] + roles.map(name(role:))).filter { secrets.values[$0] == nil }
    guard !missing.isEmpty else { return secrets }
    for name in missing { secrets.values[name] = randomPassword() }
    var text = "# Passwords of the embedded Postgres. Made by bank up.\n"
    for (name, value) in secrets.values.sorted(by: { $0.key < $1.key }) { text += "\(name)=\(value)\n" }
    try Files.replace(path(home: home), with: Array(text.utf8), mode: 0o600)
    return secrets
  }

  private static func randomPassword() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = Array("0123456789abcdef")
    return String((0..<32).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
  }
}
