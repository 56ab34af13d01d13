/// Compares a secret with what someone gives for it, in a time that depends on their lengths only, so that the answer's
/// time tells nothing of the secret. Every byte is looked at, whatever those before it were.
///
/// For tokens and hashes of passwords; bytes, as two texts may be equal as Unicode and still be different secrets.
package func isSameSecret(_ own: some Collection<UInt8>, _ given: some Collection<UInt8>) -> Bool {
  withBytes(of: own) { own in withBytes(of: given) { given in isSame(own, given) } }
}

/// Not for any collection: another module's call of a generic function costs more than the comparison, byte by byte.
private func isSame(_ own: UnsafeBufferPointer<UInt8>, _ given: UnsafeBufferPointer<UInt8>) -> Bool {
  guard own.count == given.count else { return false }
  var difference: UInt8 = 0
  for index in own.indices { difference |= own[index] ^ given[index] }
  return difference == 0
}

private func withBytes<Value>(
  of bytes: some Collection<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Value
) -> Value {
  bytes.withContiguousStorageIfAvailable(body) ?? Array(bytes).withUnsafeBufferPointer(body)
}
