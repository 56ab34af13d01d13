import AvroSchema
import Synchronization

/// What is made of a type's schema text when it is first needed.
struct TypeSchema: Sendable {
  let schema: Schema
  let nodes: SchemaNodes
  /// CRC-64-AVRO of the canonical form.
  let fingerprint: UInt64

  private init(parsing text: String) throws(SchemaError) {
    schema = try Schema(parsing: text)
    nodes = try SchemaNodes(schema)
    fingerprint = schema.fingerprint()
  }

  /// Past this many types all are forgotten, and parsed again when they are needed again.
  static let maxTypes = 1024

  private static let known = Mutex<[ObjectIdentifier: TypeSchema]>([:])

  static func of<Value: AvroNamedValue>(_ type: Value.Type) throws(SchemaError) -> TypeSchema {
    let key = ObjectIdentifier(type)
    if let found = known.withLock({ $0[key] }) { return found }
    // Outside the lock: two threads may parse the same text, and come to the same.
    let made = try TypeSchema(parsing: type.schemaText)
    known.withLock {
      if $0.count >= maxTypes { $0.removeAll() }
      $0[key] = made
    }
    return made
  }
}
