import HTTPTypes
import Hummingbird

/// Answers every request that no route of the service's server answers.
struct PageMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext

  let server: PageServer

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let reply = await server.reply(
      to: .init(
        request.method.rawValue, request.head.path ?? "/", host: request.head.authority,
        ifNoneMatch: request.headers[.ifNoneMatch]))
    var headers = HTTPFields()
    for (name, value) in reply.headers {
      guard let name = HTTPField.Name(name) else { continue }
      headers[name] = value
    }
    let response = Response(
      status: .init(code: reply.status), headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
    return request.method == .head ? response.createHeadResponse() : response
  }
}
