/// One more route of a service's HTTP server, in plain values: services don't know which server it is.
public struct HTTPRoute: Sendable {
  public enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
  }

  public let method: Method
  /// Such as `/`.
  public let path: String
  let handler: @Sendable ([UInt8]) async -> HTTPReply

  /// Requests whose `Host` is neither an IP address nor localhost get 421, and a POST that a browser sends for a page of
  /// another origin gets 403, before the handler sees them.
  ///
  /// - Parameter handler: takes the request's body, at most `ServiceHost.bodyLimitBytes`.
  public init(_ method: Method, _ path: String, handler: @escaping @Sendable ([UInt8]) async -> HTTPReply) {
    self.method = method
    self.path = path
    self.handler = handler
  }
}

/// What a route answers.
public struct HTTPReply: Sendable, Hashable {
  public var status: Int
  public var contentType: String
  public var body: String

  public init(status: Int = 200, contentType: String = "application/json", body: String) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}
