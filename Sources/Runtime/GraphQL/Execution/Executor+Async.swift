import JSONText
import Synchronization

// What waits. Values that hold nothing that waits are left to the functions without suspension.

extension Executor {
  /// - Parameter isSerial: fields run one after the other: the root of a mutation (October 2021, section 6.2.2).
  func objectAsync(
    _ plan: SelectionPlan, _ source: GraphQLSource, isSerial: Bool = false, _ errors: inout FieldErrors
  ) async -> JSONValue? {
    if plan.isSync { return object(plan, source, &errors) }
    if let failure = plan.failure {
      errors.add(failure, at: [])
      return nil
    }
    let fields = plan.fields
    let mayFork = isSerial ? { _ in false } : { (index: Int) in !fields[index].isSync }
    let values = await gather(fields.count, mayFork: mayFork, &errors) { index, errors in
      await fieldAsync(fields[index], source, &errors)
    }
    guard let values else { return nil }
    return .object(zip(fields, values).map { JSONValue.Member($0.key, $1) })
  }

  private func fieldAsync(_ field: FieldPlan, _ source: GraphQLSource, _ errors: inout FieldErrors) async -> JSONValue?
  {
    if field.isSync { return self.field(field, source, &errors) }
    let before = errors.count
    var completed: JSONValue?
    do {
      try Task.checkCancellation()
      switch field.call {
      case .constant(let value): return value
      case .failing(let error): throw error
      case .resolver(.plain(let resolve)):
        completed = await completeAsync(try resolve(source), field.type, field, &errors)
      case .resolver(.sync(let resolve)):
        completed = await completeAsync(try resolve(source, field.arguments, context), field.type, field, &errors)
      case .resolver(.async(let resolve)):
        let value = try await resolve(source, field.arguments, context)
        completed = await completeAsync(value, field.type, field, &errors)
      case .resolver(.stream): throw ResolverFailure("\(field.coordinate) is no field of a query or mutation")
      }
    } catch {
      errors.add(error, at: field.locations)
    }
    return finish(completed, field, before, &errors)
  }

  func completeAsync(
    _ value: GraphQLOutputValue, _ type: OutputType, _ field: FieldPlan, _ errors: inout FieldErrors
  ) async -> JSONValue? {
    if type.isSync { return complete(value, type, field, &errors) }
    switch (type, value) {
    case (.nonNull(let inner), .list), (.nonNull(let inner), .object):
      return await completeAsync(value, inner, field, &errors)
    case (.object(let plan), .object(let source)):
      guard let plan = checked(plan, source, field, &errors) else { return nil }
      return await objectAsync(plan, source, &errors)
    case (.abstract(let plan), .object(let source)):
      guard let plan = resolved(plan, source, field, &errors) else { return nil }
      return await objectAsync(plan, source, &errors)
    case (.list(let type), .list(let values)):
      let always = { (_: Int) in true }
      let items = await gather(values.count, mayFork: always, &errors) { index, errors in
        let before = errors.count
        let completed = await completeAsync(values[index], type, field, &errors)
        return finish(completed, type, index, before, &errors)
      }
      return items.map { .array($0) }
    // Null, or a value of another kind: nothing of it waits.
    default: return complete(value, type, field, &errors)
    }
  }

  /// Completes `count` places, several at a time as far as there are permits, with the outcome of one after the other:
  /// errors are in order, and none of a place behind the first that makes all of it null.
  private func gather(
    _ count: Int, mayFork: (Int) -> Bool, _ errors: inout FieldErrors,
    _ work: @escaping @Sendable (Int, inout FieldErrors) async -> JSONValue?
  ) async -> [JSONValue]? {
    let maxErrors = errors.maxCount
    let places = await withTaskGroup(of: Place.self) { group in
      var places = Places(count: count)
      for index in 0..<count where !places.isDecided {
        // The last place runs here in any case.
        if index < count - 1, mayFork(index), permits.take() {
          group.addTask {
            var errors = FieldErrors(maxCount: maxErrors)
            let value = await work(index, &errors)
            permits.giveBack()
            return Place(index: index, value: value, errors: errors)
          }
        } else {
          var errors = FieldErrors(maxCount: maxErrors)
          let value = await work(index, &errors)
          places.take(Place(index: index, value: value, errors: errors))
        }
      }
      while !places.isDecided, let place = await group.next() { places.take(place) }
      group.cancelAll()
      return places
    }
    for place in places.inOrder { errors.append(place.errors) }
    return places.hasFailed ? nil : places.inOrder.compactMap(\.value)
  }
}

/// What came of one field of an object, or one item of a list.
private struct Place: Sendable {
  let index: Int
  let value: JSONValue?
  let errors: FieldErrors
}

private struct Places: Sendable {
  /// The places that have an outcome and none before them is without, up to the first that failed.
  private(set) var inOrder: [Place] = []
  private(set) var hasFailed = false
  private var waiting: [Int: Place] = [:]
  private let count: Int

  init(count: Int) { self.count = count }

  var isDecided: Bool { hasFailed || inOrder.count == count }

  mutating func take(_ place: Place) {
    waiting[place.index] = place
    while !hasFailed, let next = waiting.removeValue(forKey: inOrder.count) {
      inOrder.append(next)
      hasFailed = next.value == nil
    }
  }
}

/// How many tasks an operation may have beside its own. Without a permit the work is done in the task that asks, so
/// nothing waits for a permit.
final class TaskPermits: Sendable {
  private let left: Mutex<Int>

  init(_ count: Int) { left = Mutex(count) }

  func take() -> Bool {
    left.withLock { left in
      guard left > 0 else { return false }
      left -= 1
      return true
    }
  }

  func giveBack() { left.withLock { $0 += 1 } }
}
