import GraphQLRuntime
import GraphQLServer
import PostgresRuntime
import Synchronization

/// What resolvers get besides arguments.
package struct EndpointContext: Sendable {
  let services: EndpointServices
  /// Of who asks, for the limits on guessing; nil when it is not known.
  let address: String?

  /// Came by HTTP GET, which any page can have a browser send.
  let isGET: Bool

  /// A context is made once for a WebSocket, and for each HTTP request.
  private let connection = Connections.next()

  var subscriber: Subscriber { Subscriber(address: address, connection: connection) }

  /// - Parameter remoteAddress: an IP address. Of IPv6 the network counts: whoever has one has all of its addresses.
  package init(services: EndpointServices, remoteAddress: String?, isGET: Bool = false) {
    self.services = services
    self.isGET = isGET
    address = remoteAddress.map(Self.network)
  }

  private enum Connections {
    private static let last = Atomic(0)

    static func next() -> Int { last.wrappingAdd(1, ordering: .relaxed).newValue }
  }

  /// The first half of an IPv6 address, written in one way; other texts as they are.
  static func network(of address: String) -> String {
    let address = address.split(separator: "%").first.map(String.init) ?? address
    guard address.contains(":"), !address.contains(".") else {
      // An IPv4 address that travels as IPv6 is the same peer.
      return address.split(separator: ":").last.map(String.init) ?? address
    }
    let sides = address.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let gap = address.range(of: "::") else { return sides.prefix(4).joined(separator: ":") }
    let head = address[..<gap.lowerBound].split(separator: ":").map(String.init)
    let tail = address[gap.upperBound...].split(separator: ":").map(String.init)
    let zeros = Array(repeating: "0", count: max(0, 8 - head.count - tail.count))
    return (head + zeros + tail).prefix(4).joined(separator: ":")
  }

  /// For fields that count guesses, make accounts or move money.
  ///
  /// - Throws: `GraphQLError` with code `POST_ONLY` for what came by GET.
  func refuseGET(_ field: String) throws(GraphQLError) {
    if isGET { throw GraphQLError("\(field) is not answered to GET: ask by POST or WebSocket", code: "POST_ONLY") }
  }

  /// Runs a query, and says in the client's words when the database is away or takes too long.
  func query<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do {
      return try await body()
    } catch let error as PostgresError {
      // Whoever asked has gone: no fault to log.
      if error.kind == .cancelled || (error.isQueryCancelled && Task.isCancelled) { throw CancellationError() }
      if error.isQueryCancelled {
        throw GraphQLError("the database took too long for it: ask for less", code: "TIMEOUT")
      }
      if error.isTransient || error.isConnectionLost || error.kind == .closed {
        throw GraphQLError("the database does not answer: try again soon", code: "UNAVAILABLE")
      }
      throw error
    }
  }
}
