import AvroSchema
import Testing

@Suite struct FingerprintTests {
  /// The test suite in RFC 1321, A.5.
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
  ])
  func md5OfTheRFC(_ text: String, _ digest: String) {
    #expect(hex(MD5.digest(of: text.utf8)) == digest)
  }

  /// RFC 6234, 8.5.
  @Test(arguments: [
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func sha256OfTheRFC(_ text: String, _ digest: String) {
    #expect(hex(SHA256.digest(of: text.utf8)) == digest)
  }

  /// Python's hashlib over the digests of all lengths to 199: every case of the padding.
  @Test func agreesWithHashlibAtEveryLength() {
    let bytes = (0..<200).map { UInt8($0 % 251) }
    #expect(
      hex(MD5.digest(of: (0..<200).flatMap { MD5.digest(of: bytes[..<$0]) })) == "eefa41f088d589fcf4e0f2c1cfdb7a3f")
    #expect(
      hex(SHA256.digest(of: (0..<200).flatMap { SHA256.digest(of: bytes[..<$0]) }))
        == "ba7b0fcea7d10c06b855b43d2b4dce1e3e842fff6be0acefb0faf4f2dd05bb47")
  }

  /// By fastavro 1.13.1's `fingerprint`.
  @Test func agreesWithFastavro() throws {
    let schema = try Schema(parsing: BankRecord.all[0].text)
    #expect(hex(schema.md5Fingerprint()) == "d53eb30de2c5378962786a6fa1a56fb5")
    #expect(hex(schema.sha256Fingerprint()) == "f142a6c2ace5c9b712e933e1b83faa714137e23487869e711efb636ed1c98104")
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
