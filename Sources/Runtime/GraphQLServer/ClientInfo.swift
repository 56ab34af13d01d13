import HTTPTypes
import JSONText

/// Who asks, as far as a transport can tell: what resolvers' context is made of.
public struct ClientInfo: Sendable {
  public enum Transport: String, Hashable, Sendable {
    case http
    case webSocket
    case eventStream
  }

  public var transport: Transport
  /// The IP address without the port; nil when the peer has none, as on a Unix socket.
  public var remoteAddress: String?
  /// Of the HTTP request, or of the one that opened the WebSocket.
  public var headers: HTTPFields
  /// The payload of `connection_init`, an object; nil when there was none and on other transports.
  public var connectionParams: JSONValue?

  public init(
    transport: Transport, remoteAddress: String? = nil, headers: HTTPFields = HTTPFields(),
    connectionParams: JSONValue? = nil
  ) {
    self.transport = transport
    self.remoteAddress = remoteAddress
    self.headers = headers
    self.connectionParams = connectionParams
  }

  /// The values of a header, joined with commas as HTTP allows; nil when it is absent.
  ///
  /// - Parameter name: in any case, such as `authorization`.
  public func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}
