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

  private struct Pair: Hashable {
    let fingerprint: UInt64
    let type: ObjectIdentifier
  }

  /// Past this many plans all are forgotten, and made again when they are needed again.
  static let maxPlans = 1024

  public let capacity: Int
  private let schemas = Mutex<[UInt64: Schema]>([:])
  private let plans = Mutex<[Pair: ResolutionPlan]>([:])

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

  /// How values of that schema become values of `type`; nil when the schema is not in the store.
  func plan<Value: AvroNamedValue>(
    from fingerprint: UInt64, to type: Value.Type
  ) throws(SingleObjectError) -> ResolutionPlan? {
    let pair = Pair(fingerprint: fingerprint, type: ObjectIdentifier(type))
    if let known = plans.withLock({ $0[pair] }) { return known }
    guard let writer = schema(fingerprint: fingerprint) else { return nil }
    let plan = try Self.plan(writer, type)
    plans.withLock {
      if $0.count >= Self.maxPlans { $0.removeAll() }
      $0[pair] = plan
    }
    return plan
  }

  private static func plan<Value: AvroNamedValue>(
    _ writer: Schema, _ type: Value.Type
  ) throws(SingleObjectError) -> ResolutionPlan {
    let reader: Schema
    do throws(SchemaError) {
      reader = try TypeSchema.of(type).schema
    } catch {
      throw .schema(error)
    }
    do throws(ResolutionError) {
      return try ResolutionPlan(writer: writer, reader: reader)
    } catch {
      throw .resolution(error)
    }
  }
}
