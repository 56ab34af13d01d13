import JSONText

/// One execution of an operation's plan, or of one event of a subscription.
///
/// In all of its functions a nil result says that an error, which was added to `errors`, makes the place where the
/// value would stand null, or what is around it when that place is non-null (October 2021, section 6.4.4).
struct Executor: Sendable {
  let context: AnyContext
  let permits: TaskPermits

  // MARK: without suspension

  func object(_ plan: SelectionPlan, _ source: GraphQLSource, _ errors: inout FieldErrors) -> JSONValue? {
    if let failure = plan.failure {
      errors.add(failure, at: [])
      return nil
    }
    var members: [JSONValue.Member] = []
    members.reserveCapacity(plan.fields.count)
    for field in plan.fields {
      guard let value = self.field(field, source, &errors) else { return nil }
      members.append(JSONValue.Member(field.key, value))
    }
    return .object(members)
  }

  /// A field that does not wait.
  func field(_ field: FieldPlan, _ source: GraphQLSource, _ errors: inout FieldErrors) -> JSONValue? {
    let before = errors.count
    var completed: JSONValue?
    do {
      switch field.call {
      case .constant(let value): return value
      case .failing(let error): throw error
      case .resolver(.plain(let resolve)): completed = complete(try resolve(source), field.type, field, &errors)
      case .resolver(.sync(let resolve)):
        completed = complete(try resolve(source, field.arguments, context), field.type, field, &errors)
      case .resolver(.async), .resolver(.stream): throw ResolverFailure("\(field.coordinate) has to wait")
      }
    } catch {
      errors.add(error, at: field.locations)
    }
    return finish(completed, field, before, &errors)
  }

  /// Gives the errors of a field their path, and a nullable field its null.
  func finish(_ completed: JSONValue?, _ field: FieldPlan, _ before: Int, _ errors: inout FieldErrors) -> JSONValue? {
    if errors.count != before { errors.prefix(from: before, .key(field.key)) }
    return completed ?? (field.isNonNull ? nil : .null)
  }

  /// "CompleteValue" (section 6.4.3).
  func complete(
    _ value: GraphQLOutputValue, _ type: OutputType, _ field: FieldPlan, _ errors: inout FieldErrors
  ) -> JSONValue? {
    switch (type, value) {
    case (.nonNull, .null):
      errors.add(nullError(field), at: field.locations)
      return nil
    case (.nonNull(let type), _): return complete(value, type, field, &errors)
    case (_, .null): return .null
    case (.leaf(let type), .leaf(let value)):
      if let fitting = type.coerced(value) { return fitting }
      errors.add(type.error(value), at: field.locations)
    case (.object(let plan), .object(let source)):
      if let plan = checked(plan, source, field, &errors) { return object(plan, source, &errors) }
    case (.abstract(let plan), .object(let source)):
      if let plan = resolved(plan, source, field, &errors) { return object(plan, source, &errors) }
    case (.list(let type), .list(let values)):
      var items: [JSONValue] = []
      items.reserveCapacity(values.count)
      for (index, value) in values.enumerated() {
        let before = errors.count
        let completed = complete(value, type, field, &errors)
        guard let item = finish(completed, type, index, before, &errors) else { return nil }
        items.append(item)
      }
      return .array(items)
    default: errors.add(ResolverFailure("\(field.coordinate) returned a value of another kind"), at: field.locations)
    }
    return nil
  }

  /// As ``finish(_:_:_:_:)`` of a field, for an item of a list.
  func finish(
    _ completed: JSONValue?, _ type: OutputType, _ index: Int, _ before: Int, _ errors: inout FieldErrors
  ) -> JSONValue? {
    if errors.count != before { errors.prefix(from: before, .index(index)) }
    if completed == nil, case .nonNull = type { return nil }
    return completed ?? .null
  }

  // MARK: checks

  private func nullError(_ field: FieldPlan) -> GraphQLError {
    GraphQLError("cannot return null for the non-nullable field \(field.coordinate)")
  }

  /// The resolvers of a type take sources of one Swift type.
  func checked(
    _ plan: SelectionPlan, _ source: GraphQLSource, _ field: FieldPlan, _ errors: inout FieldErrors
  ) -> SelectionPlan? {
    if plan.source == source.swiftType { return plan }
    let failure = ResolverFailure("\(field.coordinate) returned a value that is no source of \(plan.typeName)")
    errors.add(failure, at: field.locations)
    return nil
  }

  func resolved(
    _ plan: AbstractPlan, _ source: GraphQLSource, _ field: FieldPlan, _ errors: inout FieldErrors
  ) -> SelectionPlan? {
    do {
      return checked(try plan.plan(for: source), source, field, &errors)
    } catch {
      errors.add(error, at: field.locations)
      return nil
    }
  }
}

// MARK: sections 3.5 and 3.9, result coercion

extension LeafType {
  /// Nil when the value does not fit.
  func coerced(_ value: JSONValue) -> JSONValue? {
    switch (self, value) {
    case (.string, .string), (.boolean, .bool), (.id, .string): value
    case (.int, .integer(let number)): Int32(exactly: number) == nil ? nil : value
    case (.int, .double(let number)): Int32(exactly: number).map { .integer(Int64($0)) }
    case (.float, .integer): value
    case (.float, .double(let number)): number.isFinite ? value : nil
    case (.id, .integer(let number)): .string(String(number))
    case (.id, .double(let number)): Int64(exactly: number).map { .string(String($0)) }
    case (.enumeration(_, let names), .string(let name)): names.contains(ExactText(name)) ? value : nil
    case (.custom, _): value.isFinite ? value : nil
    default: nil
    }
  }

  func error(_ value: JSONValue) -> any Error {
    switch (self, value) {
    case (.int, .integer), (.int, .double):
      GraphQLError("Int cannot represent \(value.text): it is no whole number of 32 bits")
    case (.float, .double): GraphQLError("Float cannot represent \(value.text)")
    case (.custom, _): ResolverFailure("a custom scalar has a number that JSON cannot write")
    case (.enumeration(let name, _), .string): ResolverFailure("\(value.text) is no value of the enum \(name)")
    default: ResolverFailure("\(value.text) is no \(self)")
    }
  }
}
