import Synchronization

/// What the registry said: it never says otherwise later.
final class RegistryCache: Sendable {
  private struct SubjectSchema: Hashable {
    var subject: String
    var schema: String
    var wasRegistered: Bool
  }

  private struct State {
    var schemas: BoundedCache<Int32, String>
    var ids: BoundedCache<SubjectSchema, Int32>
  }

  private let state: Mutex<State>

  init(capacity: Int) {
    state = Mutex(State(schemas: BoundedCache(capacity: capacity), ids: BoundedCache(capacity: capacity)))
  }

  func schema(id: Int32) -> String? {
    state.withLock { $0.schemas[id] }
  }

  /// A lookup may have found the schema by its canonical form, under another text: that does not answer a
  /// registration, while a registration answers a lookup.
  func id(subject: String, schema: String, registering: Bool) -> Int32? {
    state.withLock { state in
      let registered = SubjectSchema(subject: subject, schema: schema, wasRegistered: true)
      if let id = state.ids[registered] { return id }
      return registering ? nil : state.ids[SubjectSchema(subject: subject, schema: schema, wasRegistered: false)]
    }
  }

  func insert(schema: String, id: Int32) {
    state.withLock { $0.schemas.insert(schema, for: id) }
  }

  func insert(id: Int32, subject: String, schema: String, registered: Bool) {
    let key = SubjectSchema(subject: subject, schema: schema, wasRegistered: registered)
    state.withLock { $0.ids.insert(id, for: key) }
  }
}
