public import AvroSchema

/// Why no plan can be made that reads one schema's data as another's.
public enum ResolutionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// No value of the writer's schema has a place in the reader's.
  case incompatible(SchemaIncompatibility)
  /// A name that its schema does not define: plans are made of schemas that stand alone.
  case unknownType(FullName)
  /// What is no schema although it can be built: a union directly in a union.
  case invalidSchema(SchemaError)
  /// Past a limit of ``ResolutionLimits``; the text says which.
  case tooLarge(String)

  /// JSON pointer into the reader's schema; empty where the error is not about one place.
  public var pointer: String {
    switch self {
    case .incompatible(let incompatibility): incompatibility.pointer
    case .unknownType, .invalidSchema, .tooLarge: ""
    }
  }

  public var description: String {
    switch self {
    case .incompatible(let incompatibility): "\(incompatibility)"
    case .unknownType(let name): "the schema refers to \(name), which it does not define"
    case .invalidSchema(let error): "the schema is none: \(error)"
    case .tooLarge(let what): "the schemas are too large to be resolved: \(what)"
    }
  }
}

/// What a plan may take, whatever the schemas are.
public struct ResolutionLimits: Hashable, Sendable {
  /// How deep types are followed, references included.
  public var maxDepth: Int
  /// Types of one schema, and pairs of a writer's and a reader's type.
  public var maxTypes: Int
  /// Instructions of the plan, 16 bytes each.
  public var maxInstructions: Int
  /// Encoded defaults of all fields together, in bytes.
  public var maxDefaultBytes: Int

  public init(
    maxDepth: Int = 250, maxTypes: Int = 20_000, maxInstructions: Int = 200_000, maxDefaultBytes: Int = 1 << 20
  ) {
    self.maxDepth = maxDepth
    self.maxTypes = maxTypes
    self.maxInstructions = maxInstructions
    self.maxDefaultBytes = maxDefaultBytes
  }
}

extension SchemaGraph {
  /// - Parameter schema: self-contained.
  init(_ schema: Schema, limits: ResolutionLimits) throws(ResolutionError) {
    do throws(Failure) {
      try self.init(schema, maxTypes: limits.maxTypes, maxDepth: limits.maxDepth)
    } catch {
      switch error {
      case .unknownType(let name): throw .unknownType(name)
      case .unionInUnion: throw .invalidSchema(error.schemaError)
      case .tooManyTypes, .tooDeep: throw .tooLarge(error.limit)
      }
    }
  }
}
