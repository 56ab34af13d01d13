import JSONText

/// Errors of one execution, in the order in which they arose.
///
/// A path is put together from its end while execution goes back up: fields without errors have no work with it.
struct FieldErrors: Sendable {
  struct Entry: Sendable {
    var error: GraphQLError
    /// From the field to the root.
    var reversedPath: [GraphQLError.PathElement]
    /// What is for the log, not for the client.
    var cause: (any Error)?
  }

  private(set) var entries: [Entry] = []
  /// Of errors past the limit, the first of those that are for the log: at most as many again.
  private var hiddenCauses: [(error: any Error, locations: [SourceLocation])] = []
  /// There were more than are kept.
  private(set) var isTruncated = false
  let maxCount: Int

  init(maxCount: Int) { self.maxCount = maxCount }

  var count: Int { entries.count }

  mutating func add(_ error: any Error, at locations: [SourceLocation]) {
    guard entries.count < maxCount else {
      isTruncated = true
      if !(error is GraphQLError || error is CancellationError) { hide(error, locations) }
      return
    }
    switch error {
    case var shown as GraphQLError:
      if shown.locations.isEmpty { shown.locations = locations }
      entries.append(Entry(error: shown, reversedPath: []))
    case is CancellationError:
      let shown = GraphQLError("the request was cancelled", code: "CANCELLED")
      entries.append(Entry(error: shown.located(at: locations), reversedPath: []))
    default:
      entries.append(Entry(error: Self.internalError(at: locations), reversedPath: [], cause: error))
    }
  }

  private mutating func hide(_ cause: any Error, _ locations: [SourceLocation]) {
    if hiddenCauses.count < maxCount { hiddenCauses.append((cause, locations)) }
  }

  /// Puts an element in front of the paths of all errors from `start` on.
  mutating func prefix(from start: Int, _ element: GraphQLError.PathElement) {
    for index in start..<entries.count { entries[index].reversedPath.append(element) }
  }

  /// Takes errors that were collected apart, whose paths begin at the same place.
  mutating func append(_ others: FieldErrors) {
    let room = maxCount - entries.count
    if others.isTruncated || others.entries.count > room { isTruncated = true }
    entries += others.entries.prefix(max(room, 0))
    for entry in others.entries.dropFirst(max(room, 0)) {
      if let cause = entry.cause { hide(cause, entry.error.locations) }
    }
    for (cause, locations) in others.hiddenCauses { hide(cause, locations) }
  }

  private static func internalError(at locations: [SourceLocation]) -> GraphQLError {
    GraphQLError("internal error", code: "INTERNAL").located(at: locations)
  }

  /// For the response. `report` gets each error that is for the log with what the client is shown; of those that are
  /// past the limit, and so have no path, ``maxCount`` at most.
  func finished(_ report: (any Error, GraphQLError) -> Void) -> [GraphQLError] {
    var errors = entries.map { entry in
      var error = entry.error
      error.path = entry.reversedPath.isEmpty ? nil : entry.reversedPath.reversed()
      if let cause = entry.cause { report(cause, error) }
      return error
    }
    for (cause, locations) in hiddenCauses { report(cause, Self.internalError(at: locations)) }
    if isTruncated {
      errors.append(GraphQLError("there are more errors; only the first \(maxCount) are shown", code: "LIMIT"))
    }
    return errors
  }
}

extension GraphQLError {
  func located(at locations: [SourceLocation]) -> GraphQLError {
    var error = self
    error.locations = locations
    return error
  }
}
