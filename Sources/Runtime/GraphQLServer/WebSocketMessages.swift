import GraphQLRuntime
import JSONText
import NIOHTTP1
import NIOWebSocket

/// What is spoken over a WebSocket.
enum SubProtocol: String, CaseIterable, Sendable {
  /// The protocol of the library graphql-ws.
  case transport = "graphql-transport-ws"
  /// The protocol of the library subscriptions-transport-ws, which came before.
  case legacy = "graphql-ws"

  /// The client's first that is known here.
  static func choose(_ headers: HTTPHeaders) -> SubProtocol? {
    headers[canonicalForm: "sec-websocket-protocol"].lazy.compactMap { SubProtocol(rawValue: String($0)) }.first
  }

  /// The type of messages that carry a response.
  var nextType: String { self == .transport ? "next" : "data" }
}

/// Why a WebSocket is closed by the server: RFC 6455, section 7.4, and the 44xx of graphql-transport-ws.
struct CloseReason: Error, Equatable {
  var code: UInt16
  /// At most 123 bytes travel.
  var text: String

  static let goingAway = CloseReason(code: 1001, text: "the server stops")
  static let normal = CloseReason(code: 1000, text: "")
  static let protocolError = CloseReason(code: 1002, text: "this breaks RFC 6455")
  static let binary = CloseReason(code: 1003, text: "messages are text")
  static let notUTF8 = CloseReason(code: 1007, text: "a text message has to be UTF-8")
  static let tooLarge = CloseReason(code: 1009, text: "the message is too long")
  /// "Try again later", which clients may: it reads too slowly, and what it missed is lost.
  static let slow = CloseReason(code: 1013, text: "messages are read too slowly, some were dropped")
  static func invalid(_ why: String) -> CloseReason { CloseReason(code: 4400, text: why) }
  static let unauthorized = CloseReason(code: 4401, text: "Unauthorized")
  static let subProtocol = CloseReason(code: 4406, text: "Subprotocol not acceptable")
  static let initTimeout = CloseReason(code: 4408, text: "Connection initialisation timeout")
  static func duplicate(_ id: String) -> CloseReason {
    CloseReason(code: 4409, text: "Subscriber for \(id) already exists")
  }
  static let tooManyInits = CloseReason(code: 4429, text: "Too many initialisation requests")
}

/// What a client says, in either sub-protocol.
enum ClientMessage: Equatable, Sendable {
  /// Of an operation's id, which is kept as long as the operation runs.
  static let maxIDBytes = 256
  private static let maxTypeBytes = 64

  /// With an object, when there is one.
  case connectionInit(JSONValue?)
  case ping(JSONValue?)
  case pong
  case subscribe(id: String, GraphQLRequest)
  case complete(id: String)
  case terminate

  init(_ text: [UInt8], as subProtocol: SubProtocol) throws(CloseReason) {
    let json: JSONValue
    do { json = try JSONValue(parsing: text) } catch {
      throw String(validating: text, as: UTF8.self) == nil ? .notUTF8 : .invalid("Invalid message: \(error)")
    }
    guard case .string(let type)? = json["type"] else { throw .invalid("Message is missing the 'type' property") }
    guard type.utf8.count <= Self.maxTypeBytes else {
      throw .invalid("'type' is longer than \(Self.maxTypeBytes) bytes, so there is no such type")
    }
    switch (subProtocol, type) {
    case (_, "connection_init"): self = .connectionInit(try Self.payload(of: json))
    case (.transport, "ping"): self = .ping(try Self.payload(of: json))
    case (.transport, "pong"):
      _ = try Self.payload(of: json)
      self = .pong
    case (.transport, "subscribe"), (.legacy, "start"):
      let id = try Self.id(of: json)
      guard case .object? = json["payload"] else {
        throw .invalid("'\(type)' needs a 'payload' object")
      }
      do throws(MalformedRequest) {
        self = .subscribe(id: id, try GraphQLRequest(parameters: json["payload"] ?? .null))
      } catch {
        throw .invalid(error.error.message)
      }
    case (.transport, "complete"), (.legacy, "stop"): self = .complete(id: try Self.id(of: json))
    case (.legacy, "connection_terminate"): self = .terminate
    default: throw .invalid("Unexpected message of type '\(type)'")
    }
  }

  private static func id(of json: JSONValue) throws(CloseReason) -> String {
    guard case .string(let id)? = json["id"], !id.isEmpty else {
      throw .invalid("'id' has to be a string that is not empty")
    }
    guard id.utf8.count <= maxIDBytes else { throw .invalid("'id' may have at most \(maxIDBytes) bytes") }
    return id
  }

  private static func payload(of json: JSONValue) throws(CloseReason) -> JSONValue? {
    switch json["payload"] {
    case nil, .null: return nil
    case .object(let members): return .object(members)
    default: throw .invalid("'payload' has to be an object")
    }
  }
}

/// What the server says.
enum ServerMessage {
  static let ack = #"{"type":"connection_ack"}"#
  /// Of the legacy protocol.
  static let keepAlive = #"{"type":"ka"}"#

  static func pong(_ payload: JSONValue?) -> String {
    payload.map { #"{"type":"pong","payload":\#($0.text)}"# } ?? #"{"type":"pong"}"#
  }

  /// Begins a message with a response: the payload and a closing brace follow.
  static func nextPrefix(id: String, _ subProtocol: SubProtocol) -> [UInt8] {
    Array(#"{"id":\#(JSONValue.string(id).text),"type":"\#(subProtocol.nextType)","payload":"#.utf8)
  }

  static func complete(id: String) -> String { #"{"id":\#(JSONValue.string(id).text),"type":"complete"}"# }

  /// The legacy protocol has one error where the other has a list.
  static func error(id: String, _ errors: [GraphQLError], _ subProtocol: SubProtocol) -> String {
    let list = errors.isEmpty ? [GraphQLError("internal error", code: "INTERNAL")] : errors
    let payload = subProtocol == .transport ? JSONValue.array(list.map(\.json)) : list[0].json
    return #"{"id":\#(JSONValue.string(id).text),"type":"error","payload":\#(payload.text)}"#
  }

  /// Of the legacy protocol, for what belongs to no operation.
  static func connectionError(_ message: String) -> String {
    #"{"type":"connection_error","payload":{"message":\#(JSONValue.string(message).text)}}"#
  }
}
