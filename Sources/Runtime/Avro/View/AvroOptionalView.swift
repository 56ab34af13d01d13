/// A union of null and one other type inside a message, where the other is a view.
///
/// Look at it with `switch` or ``map(_:)``. It is not an `Optional`, because Swift 6.3.1 reads through a nil in
/// `view.note?.string()` when the view comes from another module and is not optimized.
@frozen public enum AvroOptionalView<Wrapped: AvroView & ~Copyable>: ~Copyable {
  case none
  case some(Wrapped)

  @inlinable public var isNil: Bool {
    switch self {
    case .none: true
    case .some: false
    }
  }

  /// What `body` makes of the value; nil when there is none.
  @inlinable public func map<Result, Failure: Error>(
    _ body: (borrowing Wrapped) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    switch self {
    case .none: return nil
    case .some(let value): return try body(value)
    }
  }
}

extension AvroReader {
  /// As ``readOptional(_:valueIndex:)``, for views.
  @inlinable @inline(__always) public mutating func readOptionalView<Wrapped: AvroView & ~Copyable>(
    valueIndex: Int, _ readValue: (inout AvroReader) throws(AvroError) -> Wrapped
  ) throws(AvroError) -> AvroOptionalView<Wrapped> {
    if try readIndex(below: 2) == valueIndex { return .some(try readValue(&self)) }
    return .none
  }
}
