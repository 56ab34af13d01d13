import JSONText

/// What a resolver may return: Int, Int64, Double, Bool, String, UUID, ``GraphQLEnum``, ``GraphQLObject``, and
/// optionals and arrays of them; `JSONValue` for a custom scalar.
public protocol GraphQLOutput: Sendable {
  /// What the schema's field has to be: compared when the engine is made.
  static var graphQLShape: GraphQLShape { get }
  var graphQLValue: GraphQLOutputValue { get }
}

/// What a Swift type can stand for in a schema.
public indirect enum GraphQLShape: Hashable, Sendable {
  /// One of these built-in scalars, or any custom one.
  case scalar(Set<String>)
  /// An enum that has at least these values; the name is the Swift type's.
  case enumeration(String, values: [String])
  /// The object type whose source this Swift type is, or an interface or union that it belongs to.
  case object(ObjectIdentifier, String)
  /// Whether it fits is looked at when the value is there.
  case dynamic
  case list(GraphQLShape)
  case optional(GraphQLShape)
}

/// What a field was resolved to, before it is fitted to the field's type (October 2021, section 6.4.3).
public enum GraphQLOutputValue: Sendable {
  case null
  case leaf(JSONValue)
  case list([GraphQLOutputValue])
  case object(GraphQLSource)
}

/// A value whose fields are resolved one by one: the source of an object type (section 6.4, "objectValue").
///
/// Conforming takes no code: `extension TransactionRow: GraphQLObject {}`.
public protocol GraphQLObject: GraphQLOutput {
  /// The object type that this value is, for interfaces and unions. Nil, unless told otherwise: the one object type
  /// that was declared with this Swift type. Needed where several object types have one Swift type.
  var graphQLTypeName: String? { get }
}

extension GraphQLObject {
  public static var graphQLShape: GraphQLShape { .object(ObjectIdentifier(Self.self), "\(Self.self)") }
  @inlinable public var graphQLTypeName: String? { nil }
  @inlinable public var graphQLValue: GraphQLOutputValue { .object(TypedSource(self, typeName: graphQLTypeName)) }
}

/// Any object, where a field's interface or union has several Swift types.
public struct AnyGraphQLObject: GraphQLOutput {
  private let object: any GraphQLObject

  public init(_ object: any GraphQLObject) { self.object = object }

  public static var graphQLShape: GraphQLShape { .dynamic }
  public var graphQLValue: GraphQLOutputValue { object.graphQLValue }
}

/// An object's value with its Swift type erased.
///
/// Unchecked: a class with a subclass cannot be checked. It and ``TypedSource`` have constants of Sendable types only.
public class GraphQLSource: @unchecked Sendable {
  let swiftType: ObjectIdentifier
  let typeName: String?

  @usableFromInline init(swiftType: ObjectIdentifier, typeName: String?) {
    self.swiftType = swiftType
    self.typeName = typeName
  }
}

@usableFromInline final class TypedSource<Value: Sendable>: GraphQLSource, @unchecked Sendable {
  @usableFromInline let value: Value

  @inlinable init(_ value: Value, typeName: String?) {
    self.value = value
    super.init(swiftType: ObjectIdentifier(Value.self), typeName: typeName)
  }

  /// The executor compares `swiftType` once an object, before it calls the resolvers of a type.
  @inlinable static func value(of source: GraphQLSource) -> Value {
    unsafeDowncast(source, to: TypedSource<Value>.self).value
  }
}

/// What the root types and meta fields have for a source.
struct NoSource: Sendable {
  static let shared: GraphQLSource = TypedSource(NoSource(), typeName: nil)
}

/// A Swift enum whose raw values are the names of an enum's values. Arguments take it too.
public protocol GraphQLEnum: GraphQLOutput, GraphQLInput, CaseIterable, RawRepresentable where RawValue == String {}

extension GraphQLEnum {
  public static var graphQLShape: GraphQLShape { .enumeration("\(Self.self)", values: allCases.map(\.rawValue)) }
  @inlinable public var graphQLValue: GraphQLOutputValue { .leaf(.string(rawValue)) }

  public init?(graphQLInput value: JSONValue) {
    guard case .string(let name) = value else { return nil }
    self.init(rawValue: name)
  }
}
