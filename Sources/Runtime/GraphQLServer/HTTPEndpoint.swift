import GraphQLRuntime
import HTTPTypes
import Hummingbird
import NIOCore

/// `/graphql` by the GraphQL-over-HTTP specification (draft of 2025), and arrays of requests beside it.
///
/// With `application/graphql-response+json` the status tells: 200 when execution began, 400 otherwise. With
/// `application/json` it is 200 for every well-formed request. A request that is not well-formed gets 400, but 200 when
/// the client names `application/json` itself: such clients read the body only after 200.
struct HTTPEndpoint<Service: GraphQLService>: Sendable {
  static var json: String { "application/json" }
  static var graphQLResponse: String { "application/graphql-response+json" }

  let server: GraphQLServer<Service>

  func answer(_ request: Request) async -> Response {
    guard let media = Accept(request.headers[.accept]).best(of: [Self.json, Self.graphQLResponse]) else {
      return refusal(
        MalformedRequest(
          "\(Self.graphQLResponse) and \(Self.json) are what can be had here; for text/event-stream ask /graphql/stream",
          status: 406, code: "NOT_ACCEPTABLE"))
    }
    let client = ClientInfo(.http, request)
    do throws(MalformedRequest) {
      let body = try await RequestReader(limits: server.limits, origins: server.origins).read(request)
      let context = server.context(client)
      switch body {
      case .single(let single):
        let answer = try await execute(single, context: context, isGet: request.method == .get)
        let status = answer.isRequestError && media.type == Self.graphQLResponse ? 400 : 200
        return response(answer.body, status: status, type: media.type)
      case .batch(let batch):
        return response(await execute(batch, context: context), status: 200, type: media.type)
      }
    } catch {
      let namesJSON = media.isNamed && media.type == Self.json
      let status = error.status == 400 && error.isLenient && namesJSON ? 200 : error.status
      return response(
        [error.error].response.utf8, status: status, type: media.type, allow: status == 405 ? "POST" : nil)
    }
  }

  /// An answer to what was not even looked at.
  func refusal(_ error: MalformedRequest, allow: String? = nil) -> Response {
    response([error.error].response.utf8, status: error.status, type: Self.json, allow: allow)
  }

  private struct Answer {
    /// JSON in UTF-8.
    var body: [UInt8]
    /// Execution did not begin.
    var isRequestError: Bool
  }

  private func execute(
    _ request: GraphQLRequest, context: Service.Context, isGet: Bool
  ) async throws(MalformedRequest) -> Answer {
    let operation: PreparedOperation
    do { operation = try server.service.prepare(request) } catch {
      return Answer(body: error.response.utf8, isRequestError: true)
    }
    switch operation.kind {
    case .mutation where isGet: throw .mutationByGet
    case .subscription: throw .subscription
    case .query, .mutation:
      let response = await server.service.execute(operation, context: context)
      return Answer(body: response.utf8, isRequestError: response.data == nil)
    }
  }

  /// One after the other: a mutation has to be done before what follows it.
  private func execute(
    _ batch: [Result<GraphQLRequest, MalformedRequest>], context: Service.Context
  ) async -> [UInt8] {
    var body = [UInt8(ascii: "[")]
    for (index, request) in batch.enumerated() {
      if index > 0 { body.append(UInt8(ascii: ",")) }
      do throws(MalformedRequest) {
        body += try await execute(try request.get(), context: context, isGet: false).body
      } catch {
        body += [error.error].response.utf8
      }
    }
    return body + [UInt8(ascii: "]")]
  }

  private func response(_ body: [UInt8], status: Int, type: String, allow: String? = nil) -> Response {
    server.hooks.requestAnswered(.http, status)
    var headers: HTTPFields = [
      .contentType: "\(type); charset=utf-8", .cacheControl: "no-store", .vary: "Accept",
      .xContentTypeOptions: "nosniff",
    ]
    if let allow { headers[.allow] = allow }
    return Response(
      status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension MalformedRequest {
  static var mutationByGet: MalformedRequest {
    MalformedRequest("a mutation has to come by POST", status: 405, code: "MUTATION_BY_GET")
  }

  static var foreignGet: MalformedRequest {
    MalformedRequest("a page of another site may not ask by GET: use POST", status: 403, code: "FOREIGN_ORIGIN")
  }

  static var subscription: MalformedRequest {
    MalformedRequest(
      "subscriptions are served over WebSocket at /graphql (sub-protocol graphql-transport-ws) and as server-sent "
        + "events at /graphql/stream", code: "SUBSCRIPTION_TRANSPORT")
  }

  /// A client that reads the body only after 200 is helped; the transport's own rules stay as they are.
  fileprivate var isLenient: Bool { self.error != Self.subscription.error }
}
