import JSONText

/// An error as a response shows it (October 2021, section 7.1.2).
public struct GraphQLError: Error, Hashable, Sendable {
  public enum PathElement: Hashable, Sendable {
    /// A response key.
    case key(String)
    case index(Int)
  }

  public var message: String
  /// Empty when the error belongs to no place of the document. A response shows ``maxLocations`` of them.
  public var locations: [SourceLocation]
  /// Of a field error: from the root of the data to the field.
  public var path: [PathElement]?
  /// Such as `code`.
  public var extensions: [JSONValue.Member]

  /// Fifty errors with all the places of a long document would be far more than what was sent.
  public static let maxLocations = 20

  public init(
    _ message: String, locations: [SourceLocation] = [], path: [PathElement]? = nil,
    extensions: [JSONValue.Member] = []
  ) {
    self.message = message
    self.locations = locations
    self.path = path
    self.extensions = extensions
  }

  /// An error that a client can tell apart by `extensions.code`, such as `TIMEOUT`. Resolvers throw it: its message is
  /// for the client, other errors are shown as "internal error".
  public init(_ message: String, code: String) {
    self.init(message, extensions: [JSONValue.Member("code", .string(code))])
  }

  public var json: JSONValue {
    var members = [JSONValue.Member("message", .string(message))]
    if !locations.isEmpty {
      let places = locations.prefix(Self.maxLocations).map { place in
        JSONValue.object([
          JSONValue.Member("line", .integer(Int64(place.line))),
          JSONValue.Member("column", .integer(Int64(place.column))),
        ])
      }
      members.append(JSONValue.Member("locations", .array(places)))
    }
    if let path {
      let elements = path.map { element in
        switch element {
        case .key(let key): JSONValue.string(key)
        case .index(let index): JSONValue.integer(Int64(index))
        }
      }
      members.append(JSONValue.Member("path", .array(elements)))
    }
    if !extensions.isEmpty { members.append(JSONValue.Member("extensions", .object(extensions))) }
    return .object(members)
  }
}
