extension Schema {
  /// MD5 of the canonical form, 16 bytes (specification 1.12, "Schema Fingerprints").
  ///
  /// - Parameter types: where references are looked up that this schema does not define.
  public func md5Fingerprint(types: NamedTypes = NamedTypes()) -> [UInt8] {
    MD5.digest(of: canonicalForm(types: types).utf8)
  }

  /// SHA-256 of the canonical form, 32 bytes (specification 1.12, "Schema Fingerprints").
  ///
  /// - Parameter types: where references are looked up that this schema does not define.
  public func sha256Fingerprint(types: NamedTypes = NamedTypes()) -> [UInt8] {
    SHA256.digest(of: canonicalForm(types: types).utf8)
  }
}
