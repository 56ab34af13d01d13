import Crypto
import FoundationEssentials

extension UUID {
  /// The UUID version 5 of a name (RFC 9562, 5.5): the same namespace and name always give the same id.
  public static func v5(namespace: UUID, name: String) -> UUID {
    // SHA-1 is what version 5 is defined with; nothing here rests on its strength.
    var hash = Insecure.SHA1()
    withUnsafeBytes(of: namespace.uuid) { hash.update(bufferPointer: $0) }
    var name = name
    name.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    return hash.finalize().withUnsafeBytes { digest in
      var uuid = digest.loadUnaligned(as: uuid_t.self)
      uuid.6 = uuid.6 & 0x0F | 0x50
      uuid.8 = uuid.8 & 0x3F | 0x80
      return UUID(uuid: uuid)
    }
  }

  /// Bytes of ``text``.
  package static var textCount: Int { 36 }

  /// The 8-4-4-4-12 form in lower case, as it stands in keys and headers.
  public var text: String {
    String(unsafeUninitializedCapacity: Self.textCount) { buffer in
      writeText(to: UnsafeMutableRawBufferPointer(buffer))
      return Self.textCount
    }
  }

  /// Lends the bytes of ``text``.
  package func withText<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    withUnsafeTemporaryAllocation(byteCount: Self.textCount, alignment: 1) { buffer in
      writeText(to: buffer)
      return body(UnsafeRawBufferPointer(buffer))
    }
  }

  private func writeText(to buffer: UnsafeMutableRawBufferPointer) {
    withUnsafeBytes(of: uuid) { bytes in
      var place = 0
      for (index, byte) in bytes.enumerated() {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          buffer[place] = UInt8(ascii: "-")
          place += 1
        }
        buffer[place] = Self.digit(byte >> 4)
        buffer[place + 1] = Self.digit(byte & 0x0F)
        place += 2
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
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
