/// null, where it is not a branch of a union: takes no bytes.
@frozen public struct AvroNull: AvroValue {
  @inlinable public init() {}
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> AvroNull { AvroNull() }
  @inlinable public func encode(to writer: inout AvroWriter) {}
  @inlinable public static var minimumAvroBytes: Int { 0 }
}
