import Crypto
import FoundationEssentials

extension UUID {
  /// The UUID version 5 of a name (RFC 9562, 5.5): the same namespace and name always give the same id.
  public static func v5(namespace: UUID, name: String) -> UUID {
    // SHA-1 is what version 5 is defined with; nothing here rests on its strength.
    var hash = Insecure.SHA1()
    withUnsafeBytes(of: namespace.uuid) { hash.update(bufferPointer: $0) }
    hash.update(data: Array(name.utf8))
    var bytes = Array(hash.finalize().prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x50
    bytes[8] = bytes[8] & 0x3F | 0x80
    return UUID(bigEndian: bytes)
  }

  /// The 8-4-4-4-12 form in lower case, as it stands in keys and headers.
  public var text: String { uuidString.lowercased() }

  /// Sixteen bytes, most significant first; the caller passes exactly that many.
  private init(bigEndian bytes: [UInt8]) {
    precondition(bytes.count == 16)
    self.init(
      uuid: (
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
        bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
      ))
  }
}

/// Tells two payloads with the same id apart.
public enum PayloadHash {
  /// The SHA-256 of a command's Avro bytes, without the wire format's five: 32 bytes.
  public static func sha256(_ avroBytes: some Sequence<UInt8>) -> [UInt8] {
    var hash = SHA256()
    if avroBytes.withContiguousStorageIfAvailable({ hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }) == nil {
      hash.update(data: Array(avroBytes))
    }
    return Array(hash.finalize())
  }
}
