import GraphQLRuntime
import GraphQLServer
import JSONText
import Testing

/// What the server audits of the reference implementation of GraphQL over HTTP ask, one line an audit, by their ids and
/// with the weight that they give: what a server must, should and may do is all done here, by the real engine.
struct Audit: Sendable, CustomTestStringConvertible {
  enum Level: String, Sendable { case must, should, may }

  enum Accept: String, Sendable {
    case graphQL = "application/graphql-response+json"
    case json = "application/json"
    /// What clients send that were told nothing.
    case any = "*/*"
    /// No such header.
    case none = ""
  }

  enum Expectation: Sendable {
    case status(ClosedRange<Int>)
    /// 200 with this Content-Type.
    case type(String)
    /// 200 and a body that is UTF-8.
    case utf8
    /// 200 and a body with `errors`.
    case errors
    /// 200 and a body without `errors`.
    case noErrors
    /// A body without `data`.
    case noData
    /// Errors in a body of application/json, or 400.
    case errorsOr400
  }

  var id: String
  var level: Level
  var title: String
  var accept: Accept
  var method = "POST"
  var target = "/graphql"
  var contentType: String? = "application/json"
  var body: String?
  var expectation: Expectation

  var testDescription: String { "\(id) \(level.rawValue): \(title)" }

  static func post(
    _ id: String, _ level: Level, _ title: String, _ accept: Accept, _ body: String?, _ expectation: Expectation,
    contentType: String? = "application/json"
  ) -> Audit {
    Audit(
      id: id, level: level, title: title, accept: accept, contentType: contentType, body: body,
      expectation: expectation)
  }

  static func get(
    _ id: String, _ level: Level, _ title: String, _ accept: Accept, _ target: String, _ expectation: Expectation
  ) -> Audit {
    Audit(
      id: id, level: level, title: title, accept: accept, method: "GET", target: target, contentType: nil,
      expectation: expectation)
  }

  /// The types of JSON that a parameter may have wrongly, in the order of the audits' ids.
  enum JSONType: String, CaseIterable { case string, object, number, boolean, array }

  /// A parameter of each type but its own: refused with 400 under the new media type, answered with errors under the old.
  ///
  /// - Parameters:
  ///   - refused: the id of the first audit of the new media type; the others count on from it.
  ///   - answered: the same of the old one.
  static func wrongTypes(_ name: String, but own: JSONType, refused: String, answered: String) -> [Audit] {
    let values: [JSONType: String] = [
      .string: #""string""#, .object: #"{"obj":"ect"}"#, .number: "0", .boolean: "false", .array: #"["array"]"#,
    ]
    return JSONType.allCases.filter { $0 != own }.enumerated().flatMap { index, type in
      var members = [#""\#(name)":\#(values[type] ?? "")"#]
      if name != "query" { members.append(#""query":"{ __typename }""#) }
      let body = "{\(members.joined(separator: ","))}"
      func id(_ first: String) -> String { first.dropLast() + String(index) }
      return [
        Audit.post(
          id(refused), .should, "400 when \(name) is of type \(type)", .graphQL, body, .status(400...400)),
        Audit.post(id(answered), .should, "200 and errors when \(name) is of type \(type)", .json, body, .errors),
      ]
    }
  }
}

@Suite("Server audits of GraphQL over HTTP")
struct AuditTests {
  @Test("Every audit", arguments: audits)
  func audit(_ audit: Audit) async throws {
    let unwatched: @Sendable (any Error, GraphQLError) -> Void = { _, _ in }
    let engine = try GraphQLEngine<ClientInfo>(
      sdl: "type Query { hello: String! } type Mutation { touch: Boolean }", onError: unwatched
    ) { resolvers in
      resolvers.query("hello") { _, _ in "world" }
      resolvers.mutation("touch") { _, _ in true }
    }
    let server = GraphQLServer(service: engine) { $0 }
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    defer { stop.finish() }
    try await TestServer.serve(server, until: stops) { port in
      var headers: [String: String] = [:]
      if audit.accept != .none { headers["Accept"] = audit.accept.rawValue }
      if let type = audit.contentType { headers["Content-Type"] = type }
      let answer = try await RawHTTP.ask(port, audit.method, audit.target, headers, body: audit.body)
      let json = try? JSONValue(parsing: answer.body)
      switch audit.expectation {
      case .status(let range): #expect(range.contains(answer.status))
      case .type(let type):
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"]?.contains(type) == true)
      case .utf8:
        #expect(answer.status == 200)
        // The reader is strict.
        #expect(json != nil)
      case .errors:
        #expect(answer.status == 200)
        #expect(json?["errors"] != nil)
      case .noErrors:
        #expect(answer.status == 200)
        #expect(json?["data"] != nil && json?["errors"] == nil)
      case .noData: #expect(json?["errors"] != nil && json?["data"] == nil)
      case .errorsOr400: #expect(answer.status == 400 || json?["errors"] != nil)
      }
    }
  }

  @Test("No id is there twice")
  func ids() { #expect(Set(audits.map(\.id)).count == 78 && audits.count == 78) }
}

private let typename = #"{"query":"{ __typename }"}"#
private let named = #"{"operationName":"Query","query":"query Query { __typename }"}"#
private let variables =
  #"{"query":"query Type($name: String!) { __type(name: $name) { name } }","variables":{"name":"sometype"}}"#
private let urlWithVariables =
  "/graphql?query=query+Type%28%24name%3A+String%21%29+%7B+__type%28name%3A+%24name%29+%7B+name+%7D+%7D"
  + "&variables=%7B%22name%22%3A%22sometype%22%7D"
private let extended = #"{"query":"{ __typename }","extensions":{"some":"value"}}"#
private let broken = #"{ "not a JSON"#
private let typo = #"{"qeury":"{ __typename }"}"#
private let unparsed = #"{"query":"{"}"#
private let invalid = #"{"query":"{ 8f31403dfe404bccbb0e835f2629c6a7 }"}"#

private let audits =
  requests + Audit.wrongTypes("query", but: .string, refused: "4F50", answered: "9FE0")
  + Audit.wrongTypes("operationName", but: .string, refused: "E3E0", answered: "FB90")
  + Audit.wrongTypes("variables", but: .object, refused: "69B0", answered: "F050")
  + Audit.wrongTypes("extensions", but: .object, refused: "9040", answered: "3680")

// swift-format-ignore
private let requests: [Audit] = [
  .post("22EB", .should, "takes application/graphql-response+json and answers with it", .graphQL, typename, .type("application/graphql-response+json")),
  .post("4655", .must, "takes application/json and answers with it", .json, typename, .type("application/json")),
  .post("47DE", .should, "takes */* and answers application/json", .any, typename, .type("application/json")),
  .get("80D8", .should, "assumes application/json when Accept is missing", .none, "/graphql?query=%7B+__typename+%7D", .type("application/json")),
  .post("82A3", .must, "answers in UTF-8", .any, typename, .utf8),
  .post("BF61", .must, "takes a request in UTF-8", .any, typename, .status(200...200), contentType: "application/json; charset=utf-8"),
  .post("78D5", .must, "assumes UTF-8 without a charset", .any, typename, .status(200...200)),
  .post("2C94", .must, "takes POST", .any, typename, .status(200...200)),
  .get("5A70", .may, "takes GET with a query in the URL", .any, "/graphql?query=%7B+__typename+%7D", .status(200...200)),
  .get("9C48", .may, "does not execute mutations by GET", .graphQL, "/graphql?query=mutation+%7B+__typename+%7D", .status(400...499)),
  .post("9ABE", .should, "refuses a POST without Content-Type", .any, nil, .status(400...499), contentType: nil),
  .post("03D4", .must, "takes a POST of application/json", .any, typename, .status(200...200)),
  .post("7267", .must, "wants a body with POST", .any, nil, .errorsOr400),
  .post("6610", .should, "400 without query", .graphQL, #"{"notquery":"{ __typename }"}"#, .status(400...400)),
  .post("3715", .should, "200 and errors without query", .json, #"{"notquery":"{ __typename }"}"#, .errors),
  .post("34A2", .should, "takes a string as query", .graphQL, typename, .status(200...200)),
  .post("13EE", .must, "takes a string as query", .json, typename, .noErrors),
  .post("8161", .should, "takes a string as operationName", .graphQL, named, .status(200...200)),
  .post("B8B3", .must, "takes a string as operationName", .json, named, .noErrors),
  .post("94B0", .should, "takes null as variables", .graphQL, #"{"query":"{ __typename }","variables":null}"#, .noErrors),
  .post("0220", .must, "takes null as variables", .json, #"{"query":"{ __typename }","variables":null}"#, .noErrors),
  .post("94B1", .should, "takes null as operationName", .graphQL, #"{"query":"{ __typename }","operationName":null}"#, .noErrors),
  .post("0221", .must, "takes null as operationName", .json, #"{"query":"{ __typename }","operationName":null}"#, .noErrors),
  .post("94B2", .should, "takes null as extensions", .graphQL, #"{"query":"{ __typename }","extensions":null}"#, .noErrors),
  .post("0222", .must, "takes null as extensions", .json, #"{"query":"{ __typename }","extensions":null}"#, .noErrors),
  .post("2EA1", .should, "takes an object as variables", .graphQL, variables, .status(200...200)),
  .post("28B9", .must, "takes an object as variables", .json, variables, .noErrors),
  .get("D6D5", .may, "takes variables as JSON in a URL", .graphQL, urlWithVariables, .status(200...200)),
  .get("6A70", .may, "takes variables as JSON in a URL", .json, urlWithVariables, .noErrors),
  .post("428F", .should, "takes an object as extensions", .graphQL, extended, .status(200...200)),
  .post("1B7A", .must, "takes an object as extensions", .json, extended, .noErrors),
  .post("D477", .should, "200 when the body is not JSON", .json, broken, .status(200...200)),
  .post("F5AF", .should, "200 when a parameter is wrong", .json, typo, .status(200...200)),
  .post("572B", .should, "200 when the document cannot be parsed", .json, unparsed, .status(200...200)),
  .post("FDE2", .should, "200 when the document is not valid", .json, invalid, .status(200...200)),
  .post("60AA", .should, "4xx when the body is not JSON", .graphQL, broken, .status(400...499)),
  .post("2163", .should, "400 when the body is not JSON", .graphQL, broken, .status(400...400)),
  .post("3E36", .should, "4xx or 5xx when a parameter is wrong", .graphQL, typo, .status(400...599)),
  .post("17C5", .should, "400 when a parameter is wrong", .graphQL, typo, .status(400...400)),
  .post("34D6", .should, "no data when a parameter is wrong", .graphQL, typo, .noData),
  .post("865D", .should, "4xx or 5xx when the document cannot be parsed", .graphQL, unparsed, .status(400...599)),
  .post("556A", .should, "400 when the document cannot be parsed", .graphQL, unparsed, .status(400...400)),
  .post("D586", .should, "no data when the document cannot be parsed", .graphQL, unparsed, .noData),
  .post("51FE", .should, "4xx or 5xx when the document is not valid", .graphQL, invalid, .status(400...599)),
  .post("74FF", .should, "400 when the document is not valid", .graphQL, invalid, .status(400...400)),
  .post("5E5B", .should, "no data when the document is not valid", .graphQL, invalid, .noData),
]
