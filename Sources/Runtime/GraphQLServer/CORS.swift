import HTTPTypes
import Hummingbird

/// Cross-origin resource sharing (Fetch standard, section 3.3): says which pages may read the answers, and answers
/// preflights.
struct CORS<Context: RequestContext>: RouterMiddleware {
  let origins: AllowedOrigins

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let origin = request.headers[.origin]
    let isAllowed = origin != nil && origins.allows(origin, host: request.head.authority)
    var response: Response
    if request.method == .options {
      response = Response(status: .noContent)
      if isAllowed {
        response.headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
        response.headers[.accessControlAllowHeaders] =
          "Accept, Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Requested-With"
        response.headers[.accessControlMaxAge] = "7200"
      } else {
        response.headers[.allow] = "GET, POST, OPTIONS"
      }
    } else {
      do { response = try await next(request, context) } catch let error as HTTPError {
        // Answered here, so that the page may read why.
        response = try error.response(from: request, context: context)
      }
    }
    if origins == .any {
      response.headers[.accessControlAllowOrigin] = "*"
    } else {
      // The answer differs by origin also when it is not allowed: a cache has to know.
      response.headers[.vary] = [response.headers[.vary], "Origin"].compactMap { $0 }.joined(separator: ", ")
      if isAllowed { response.headers[.accessControlAllowOrigin] = origin }
    }
    return response
  }
}
