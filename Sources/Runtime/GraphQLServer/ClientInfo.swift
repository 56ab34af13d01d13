import HTTPTypes
import Hummingbird
import JSONText

/// Who asks, as far as a transport can tell: what resolvers' context is made of.
public struct ClientInfo: Sendable {
  public enum Transport: String, Hashable, Sendable {
    case http
    case webSocket
    case eventStream
  }

  public var transport: Transport
  /// Of the HTTP request that asks; nil over a WebSocket, whose operations come as messages.
  public var method: HTTPRequest.Method?
  /// The IP address without the port; nil when the peer has none, as on a Unix socket.
  public var remoteAddress: String?
  /// Of the HTTP request, or of the one that opened the WebSocket.
  public var headers: HTTPFields
  /// The payload of `connection_init`, an object; nil when there was none and on other transports.
  public var connectionParams: JSONValue?

  public init(
    transport: Transport, method: HTTPRequest.Method? = nil, remoteAddress: String? = nil,
    headers: HTTPFields = HTTPFields(), connectionParams: JSONValue? = nil
  ) {
    self.transport = transport
    self.method = method
    self.remoteAddress = remoteAddress
    self.headers = headers
    self.connectionParams = connectionParams
  }

  /// Who sent the request that is being answered; to be made in the task that answers it, as the address is that task's.
  public init(_ transport: Transport, _ request: Request) {
    self.init(
      transport: transport, method: request.method, remoteAddress: Peer.current?.remoteAddress,
      headers: request.headers)
  }

  /// It asks by GET, which any page can make a browser send: what it asks for must change nothing (RFC 9110, section
  /// 9.2.1). The transport refuses mutations itself; of queries and subscriptions only their resolvers know.
  public var isGet: Bool { method == .get }

  /// The values of a header, joined with commas as HTTP allows; nil when it is absent.
  ///
  /// - Parameter name: in any case, such as `authorization`.
  public func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
