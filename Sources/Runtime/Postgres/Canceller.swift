internal import CPq

/// Asks the server to stop what a connection does, over a connection of its own.
///
/// `@unchecked Sendable`: a PGcancel is never changed after it was made, and libpq allows PQcancel from any thread.
final class Canceller: @unchecked Sendable {
  private let cancel: OpaquePointer?

  init(_ cancel: OpaquePointer?) {
    self.cancel = cancel
  }

  deinit {
    PQfreeCancel(cancel)
  }

  /// Blocks until the server has got the request. A request that does not get through changes nothing.
  func request() {
    guard let cancel else { return }
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
      _ = PQcancel(cancel, message.baseAddress, 256)
    }
  }
}
