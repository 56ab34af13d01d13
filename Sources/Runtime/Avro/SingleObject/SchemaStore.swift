public import AvroSchema
import Synchronization

/// Schemas by their fingerprint: what readers of single objects look the writer's schema up in (specification 1.12,
/// "Single-object encoding"). Bounded, and safe to use from several threads.
public final class SchemaStore: Sendable {
  /// The store is full: nothing is dropped to make room, because objects of what was dropped could not be read.
  public struct Full: Error, Hashable, CustomStringConvertible {
    public let capacity: Int
    public var description: String { "the schema store has its \(capacity) schemas: make it larger" }
  }

  public let capacity: Int
  private let schemas = Mutex<[UInt64: Schema]>([:])

  /// - Parameter capacity: how many schemas at most.
  public init(capacity: Int = 1024) { self.capacity = capacity }

  /// Adds a self-contained schema; one of the same canonical form stays what it is.
  /// - Returns: its fingerprint.
  @discardableResult
  public func add(_ schema: Schema) throws(Full) -> UInt64 {
    let fingerprint = schema.fingerprint()
    let isIn = schemas.withLock { schemas in
      if schemas[fingerprint] != nil { return true }
      guard schemas.count < capacity else { return false }
      schemas[fingerprint] = schema
      return true
    }
    guard isIn else { throw Full(capacity: capacity) }
    return fingerprint
  }

  /// Nil when no schema of that fingerprint was added.
  public func schema(fingerprint: UInt64) -> Schema? { schemas.withLock { $0[fingerprint] } }

  public var count: Int { schemas.withLock { $0.count } }
}
