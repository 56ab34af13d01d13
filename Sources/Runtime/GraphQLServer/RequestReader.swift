import GraphQLRuntime
import HTTPTypes
import Hummingbird
import JSONText
import NIOCore

/// Reads GraphQL requests out of an HTTP request, from the URL with GET and from the body with POST.
struct RequestReader: Sendable {
  enum Body: Sendable {
    case single(GraphQLRequest)
    /// One or more; what is wrong with one does not hinder the others.
    case batch([Result<GraphQLRequest, MalformedRequest>])
  }

  let limits: GraphQLServerLimits
  let origins: AllowedOrigins

  func read(_ request: Request) async throws(MalformedRequest) -> Body {
    if request.method == .get {
      guard origins.allowsGet(request.headers, host: request.head.authority) else { throw .foreignGet }
      if request.headers[.upgrade]?.lowercased() == "websocket" {
        throw MalformedRequest("a WebSocket is opened by the first request of a connection: open a new one")
      }
      return .single(try GraphQLRequest(urlQuery: request.uri.query ?? ""))
    }
    try checkType(request.headers)
    let bytes = try await body(of: request)
    let json: JSONValue
    do { json = try JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: limits.maxBodyBytes)) } catch {
      throw MalformedRequest("the body is not JSON: \(error)")
    }
    guard case .array(let items) = json else { return .single(try GraphQLRequest(parameters: json)) }
    guard !items.isEmpty else { throw MalformedRequest("the array of requests is empty") }
    guard items.count <= limits.maxBatch else {
      throw MalformedRequest("\(items.count) requests in one, at most \(limits.maxBatch) are allowed", code: "LIMIT")
    }
    return .batch(
      items.map { item in Result { () throws(MalformedRequest) in try GraphQLRequest(parameters: item) } })
  }

  private func checkType(_ headers: HTTPFields) throws(MalformedRequest) {
    let wanted = "the Content-Type has to be application/json"
    guard let text = headers[.contentType], let type = MediaType(text), type.essence == "application/json" else {
      throw MalformedRequest(wanted, status: 415, code: "CONTENT_TYPE")
    }
    guard type.isUTF8 else { throw MalformedRequest("\(wanted) in UTF-8", status: 415, code: "CONTENT_TYPE") }
    if let coding = headers[.contentEncoding], coding.lowercased() != "identity" {
      throw MalformedRequest("a body with a Content-Encoding is not taken", status: 415, code: "CONTENT_TYPE")
    }
  }

  private func body(of request: Request) async throws(MalformedRequest) -> [UInt8] {
    let tooLarge = MalformedRequest(
      "the body is longer than \(limits.maxBodyBytes) bytes", status: 413, code: "LIMIT")
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.maxBodyBytes {
      throw tooLarge
    }
    do {
      return Array(try await request.body.collect(upTo: limits.maxBodyBytes).readableBytesView)
    } catch let error as HTTPError where error.status == .contentTooLarge {
      throw tooLarge
    } catch is NIOTooManyBytesError {
      throw tooLarge
    } catch {
      throw MalformedRequest("the body broke off: \(error)")
    }
  }
}
