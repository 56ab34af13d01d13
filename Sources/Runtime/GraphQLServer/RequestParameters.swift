import GraphQLRuntime
import JSONText

/// Why a request is not a GraphQL request at all (GraphQL over HTTP, section 5).
struct MalformedRequest: Error {
  var status: Int
  var error: GraphQLError

  init(_ message: String, status: Int = 400, code: String = "BAD_REQUEST") {
    self.status = status
    error = GraphQLError(message, code: code)
  }
}

extension GraphQLRequest {
  /// From the parameters that all transports have: `query`, `operationName`, `variables`, `extensions`.
  init(parameters: JSONValue) throws(MalformedRequest) {
    guard case .object = parameters else {
      throw MalformedRequest("a GraphQL request is a JSON object with a member \"query\"")
    }
    guard case .string(let query)? = parameters["query"] else {
      throw MalformedRequest("\"query\" has to be a string with a GraphQL document")
    }
    var operationName: String?
    switch parameters["operationName"] {
    case nil, .null: break
    case .string(let name): operationName = name
    default: throw MalformedRequest("\"operationName\" has to be a string or null")
    }
    var variables: [JSONValue.Member] = []
    switch parameters["variables"] {
    case nil, .null: break
    case .object(let members): variables = members
    default: throw MalformedRequest("\"variables\" has to be an object or null")
    }
    switch parameters["extensions"] {
    case nil, .null, .object: break
    default: throw MalformedRequest("\"extensions\" has to be an object or null")
    }
    self.init(query: query, operationName: operationName, variables: variables)
  }

  /// From the query of a URL (`application/x-www-form-urlencoded`); `variables` and `extensions` are JSON there.
  init(urlQuery: String) throws(MalformedRequest) {
    var members: [JSONValue.Member] = []
    for pair in urlQuery.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decodedFormText(parts[0]) else { throw MalformedRequest("the URL's query is not UTF-8") }
      guard ["query", "operationName", "variables", "extensions"].contains(name) else { continue }
      guard let text = decodedFormText(parts.count > 1 ? parts[1] : "") else {
        throw MalformedRequest("the parameter \"\(name)\" is not UTF-8 after percent-decoding")
      }
      guard !members.contains(where: { $0.name == name }) else {
        throw MalformedRequest("the parameter \"\(name)\" is there twice")
      }
      if name == "query" || name == "operationName" {
        // An empty name in a form is one that was left out.
        if name == "query" || !text.isEmpty { members.append(JSONValue.Member(name, .string(text))) }
      } else if !text.isEmpty {
        do { members.append(JSONValue.Member(name, try JSONValue(parsing: text))) } catch {
          throw MalformedRequest("the parameter \"\(name)\" is not JSON: \(error)")
        }
      }
    }
    try self.init(parameters: .object(members))
  }
}

/// A name or value of a form: plus signs are spaces, percent signs begin bytes. Nil when that is not UTF-8.
func decodedFormText(_ text: Substring) -> String? {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(text.utf8.count)
  var rest = text.utf8[...]
  while let byte = rest.popFirst() {
    switch byte {
    case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
    case UInt8(ascii: "%"):
      // As browsers do it, a percent sign without two digits stands for itself.
      if let value = hexByte(rest.prefix(2)) {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    default: bytes.append(byte)
    }
  }
  return String(validating: bytes, as: UTF8.self)
}

private func hexByte(_ digits: Substring.UTF8View) -> UInt8? {
  guard digits.count == 2 else { return nil }
  var value: UInt8 = 0
  for digit in digits {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | (digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | (digit - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | (digit - UInt8(ascii: "A") + 10)
    default: return nil
    }
  }
  return value
}
