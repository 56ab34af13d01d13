/// Compares a secret with what someone gives for it, in a time that depends on their lengths only, so that the answer's
/// time tells nothing of the secret. Every byte is looked at, whatever those before it were.
///
/// For tokens and hashes of passwords; bytes, as two texts may be equal as Unicode and still be different secrets.
package func isSameSecret(_ own: some Collection<UInt8>, _ given: some Collection<UInt8>) -> Bool {
  guard own.count == given.count else { return false }
  var difference: UInt8 = 0
  for (left, right) in zip(own, given) { difference |= left ^ right }
  return difference == 0
}
