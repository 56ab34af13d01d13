import JSONText

import struct Foundation.UUID

extension Int: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["Int", "Float", "ID"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.integer(Int64(self))) }
}

extension Int32: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["Int", "Float", "ID"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.integer(Int64(self))) }
}

extension Int64: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["Int", "Float", "ID"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.integer(self)) }
}

extension Double: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["Float"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.double(self)) }
}

extension Bool: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["Boolean"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.bool(self)) }
}

/// Of String and ID. An enum's field returns a ``GraphQLEnum``.
extension String: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["String", "ID"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.string(self)) }
}

/// In lower case.
extension UUID: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .scalar(["String", "ID"]) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.string(uuidString.lowercased())) }
}

/// Of a custom scalar as it is; of a built-in one or an enum when it fits.
extension JSONValue: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .dynamic }
  @inlinable public var graphQLValue: GraphQLOutputValue { if case .null = self { .null } else { .leaf(self) } }
}

extension Optional: GraphQLOutput where Wrapped: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .optional(Wrapped.graphQLShape) }
  @inlinable public var graphQLValue: GraphQLOutputValue { self?.graphQLValue ?? .null }
}

extension Array: GraphQLOutput where Element: GraphQLOutput {
  public static var graphQLShape: GraphQLShape { .list(Element.graphQLShape) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .list(map(\.graphQLValue)) }
}
