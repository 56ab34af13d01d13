import BankSupport
import CryptoExtras
import Foundation

/// Hashes of passwords by scrypt (RFC 7914), as text with all that checking them takes:
/// `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`, salt and hash in base64.
struct PasswordHash: Sendable, Hashable {
  static let saltBytes = 16
  static let hashBytes = 32

  /// The cost, as a power of two.
  var logCost: Int
  var blockSize = 8
  var parallelism = 1
  var salt: [UInt8]
  var hash: [UInt8]

  /// Hashes a password; takes a while and 2^(logCost + 10) bytes, so never on a thread of Swift's concurrency.
  ///
  /// - Parameter logCost: 1 to 20.
  init(_ password: String, logCost: Int) throws {
    self.logCost = logCost
    var generator = SystemRandomNumberGenerator()
    salt = (0..<Self.saltBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
    hash = []
    hash = try derive(password)
  }

  /// What `text` was; nil for what is no hash of this kind, or one whose check would take too long.
  init?(text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
    var numbers: [Substring: Int] = [:]
    for pair in parts[2].split(separator: ",") {
      let sides = pair.split(separator: "=")
      guard sides.count == 2, let number = Int(sides[1]) else { return nil }
      numbers[sides[0]] = number
    }
    guard let logCost = numbers["ln"], (1...20).contains(logCost), let blockSize = numbers["r"],
      (1...16).contains(blockSize), let parallelism = numbers["p"], (1...4).contains(parallelism),
      let salt = Data(base64Encoded: String(parts[3])), let hash = Data(base64Encoded: String(parts[4])),
      hash.count == Self.hashBytes, !salt.isEmpty
    else { return nil }
    self.logCost = logCost
    self.blockSize = blockSize
    self.parallelism = parallelism
    self.salt = Array(salt)
    self.hash = Array(hash)
  }

  var text: String {
    "$scrypt$ln=\(logCost),r=\(blockSize),p=\(parallelism)$\(Data(salt).base64EncodedString())$"
      + Data(hash).base64EncodedString()
  }

  /// Whether it is the hash of that password. Takes as long as hashing, whatever the answer.
  func isOf(_ password: String) throws -> Bool {
    isSameSecret(hash, try derive(password))
  }

  private func derive(_ password: String) throws -> [UInt8] {
    // One text may be written in several ways; who logs in from another keyboard means the same.
    let bytes = Array(password.precomposedStringWithCompatibilityMapping.utf8)
    let key = try KDF.Scrypt.deriveKey(
      from: bytes, salt: salt, outputByteCount: Self.hashBytes, rounds: 1 << logCost, blockSize: blockSize,
      parallelism: parallelism)
    return key.withUnsafeBytes { Array($0) }
  }
}
