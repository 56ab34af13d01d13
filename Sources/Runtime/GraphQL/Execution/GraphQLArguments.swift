import JSONText

/// The arguments of a field, or the fields of an input object, coerced to their types (October 2021, section 6.4.1).
/// Defaults are filled in; what was not given and has no default is absent.
public struct GraphQLArguments: Hashable, Sendable {
  /// By name: lists are arrays, enum values their names, input objects objects, IDs text.
  public let values: [String: JSONValue]

  public init(_ values: [String: JSONValue] = [:]) { self.values = values }

  /// Tells null, which was given, from what is absent.
  public func contains(_ name: String) -> Bool { values[name] != nil }

  /// - Throws: ``GraphQLArgumentError`` when it is absent, null or not of that type: the schema and the resolver
  ///   disagree.
  public func value<Value: GraphQLInput>(
    _ name: String, as type: Value.Type = Value.self
  ) throws(GraphQLArgumentError) -> Value {
    guard let value = try optional(name, as: type) else {
      throw GraphQLArgumentError(argument: name, expected: "\(type)", found: values[name])
    }
    return value
  }

  /// - Returns: nil when it is absent or null.
  /// - Throws: ``GraphQLArgumentError`` when it is not of that type.
  public func optional<Value: GraphQLInput>(
    _ name: String, as type: Value.Type = Value.self
  ) throws(GraphQLArgumentError) -> Value? {
    guard let found = values[name], found != .null else { return nil }
    guard let value = Value(graphQLInput: found) else {
      throw GraphQLArgumentError(argument: name, expected: "\(type)", found: found)
    }
    return value
  }

  public func int(_ name: String) throws(GraphQLArgumentError) -> Int { try value(name) }
  public func optionalInt(_ name: String) throws(GraphQLArgumentError) -> Int? { try optional(name) }
  public func double(_ name: String) throws(GraphQLArgumentError) -> Double { try value(name) }
  public func optionalDouble(_ name: String) throws(GraphQLArgumentError) -> Double? { try optional(name) }
  public func bool(_ name: String) throws(GraphQLArgumentError) -> Bool { try value(name) }
  public func optionalBool(_ name: String) throws(GraphQLArgumentError) -> Bool? { try optional(name) }
  /// Of a String or an ID.
  public func string(_ name: String) throws(GraphQLArgumentError) -> String { try value(name) }
  /// Of a String or an ID.
  public func optionalString(_ name: String) throws(GraphQLArgumentError) -> String? { try optional(name) }
}

/// A resolver asks for an argument that its field does not have, or by a wrong type. It is a mistake in the program:
/// the client sees "internal error".
public struct GraphQLArgumentError: Error, Hashable, Sendable, CustomStringConvertible {
  public var argument: String
  /// A Swift type.
  public var expected: String
  /// Nil: it is absent.
  public var found: JSONValue?

  public init(argument: String, expected: String, found: JSONValue?) {
    self.argument = argument
    self.expected = expected
    self.found = found
  }

  public var description: String {
    "the argument '\(argument)' was asked for as \(expected), it is \(found?.text ?? "absent"); compare the schema's "
      + "type with the resolver's"
  }
}

/// What an argument can be asked for as: Int, Double, Bool, String, ``GraphQLEnum``, ``GraphQLArguments`` for an input
/// object, `JSONValue` for anything, arrays of them, and optionals in arrays.
public protocol GraphQLInput: Sendable {
  /// - Returns: nil when a coerced value is not of this type.
  init?(graphQLInput value: JSONValue)
}

extension Int: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    guard case .integer(let number) = value else { return nil }
    self.init(exactly: number)
  }
}

extension Double: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    switch value {
    case .integer(let number): self = Double(number)
    case .double(let number): self = number
    default: return nil
    }
  }
}

extension Bool: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    guard case .bool(let flag) = value else { return nil }
    self = flag
  }
}

extension String: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    guard case .string(let text) = value else { return nil }
    self = text
  }
}

extension JSONValue: GraphQLInput {
  public init?(graphQLInput value: JSONValue) { self = value }
}

extension GraphQLArguments: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    guard case .object(let members) = value else { return nil }
    self.init(Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }
}

extension Optional: GraphQLInput where Wrapped: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    if case .null = value {
      self = .none
    } else {
      guard let wrapped = Wrapped(graphQLInput: value) else { return nil }
      self = wrapped
    }
  }
}

extension Array: GraphQLInput where Element: GraphQLInput {
  public init?(graphQLInput value: JSONValue) {
    guard case .array(let items) = value else { return nil }
    var elements: [Element] = []
    for item in items {
      guard let element = Element(graphQLInput: item) else { return nil }
      elements.append(element)
    }
    self = elements
  }
}
