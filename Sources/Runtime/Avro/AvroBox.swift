/// Holds a value behind a reference, so that a type may contain itself. Behaves as the value would: a copy that is
/// changed leaves the other alone.
@frozen public struct AvroBox<Value: Sendable & Hashable>: Sendable, Hashable {
  @usableFromInline final class Storage: Sendable {
    @usableFromInline let value: Value
    @inlinable init(_ value: Value) { self.value = value }
  }

  @usableFromInline var storage: Storage

  @inlinable public init(_ value: Value) { storage = Storage(value) }

  @inlinable public var value: Value {
    get { storage.value }
    set { storage = Storage(newValue) }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.storage === right.storage || left.value == right.value
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension AvroBox: AvroValue, AvroView where Value: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(try Value.decode(from: &reader))
  }
  @inlinable public func encode(to writer: inout AvroWriter) { storage.value.encode(to: &writer) }
}

extension AvroBox: CustomStringConvertible {
  public var description: String { "\(value)" }
}
