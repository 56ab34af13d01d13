import HTTPTypes
import Hummingbird
import NIOCore

/// Refuses requests that name a host which this server does not go by, with 421 (RFC 9110, section 15.5.20).
struct HostCheck<Context: RequestContext>: RouterMiddleware {
  let origins: AllowedOrigins
  let hooks: GraphQLServerHooks

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard origins.allowsHost(request.head.authority) else {
      hooks.requestAnswered(.http, 421)
      return Response(
        status: .misdirectedRequest, headers: [.contentType: "text/plain; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: AllowedOrigins.hostRefusal + "\n")))
    }
    return try await next(request, context)
  }
}

extension AllowedOrigins {
  static var hostRefusal: String {
    "this server is asked by its address, by localhost, or by the host of an origin that it allows"
  }
}
