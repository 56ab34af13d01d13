/// What is made of Avro bytes without copying them, or with a copy when it is as small as a number.
///
/// Views of records, unions, strings, bytes, arrays and maps cannot be copied, and who gets one gets it lent: it can't
/// outlive the bytes. Every ``AvroValue`` is a view of itself.
public protocol AvroView: ~Copyable {
  /// Reads one value and leaves `reader` behind its last byte.
  ///
  /// For generated code: a view made with a reader of one's own holds only as long as the reader's bytes stay. Views
  /// that are lent (``AvroRecordView``) are safe.
  init(viewing reader: inout AvroReader) throws(AvroError)

  /// What a value takes at least; 0 for null and for records of nulls.
  static var minimumAvroBytes: Int { get }

  /// Steps over `count` values that follow each other, checking them as ``init(viewing:)`` does.
  static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError)
}

extension AvroView where Self: ~Copyable {
  @inlinable public static var minimumAvroBytes: Int { 1 }

  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    for _ in 0..<count { _ = try Self(viewing: &reader) }
  }
}

extension AvroValue {
  @inlinable public init(viewing reader: inout AvroReader) throws(AvroError) {
    self = try Self.decode(from: &reader)
  }
}

/// A record as it lies in a message buffer: the `View` that is nested in every generated record.
///
/// ```swift
/// let amount = try ConfirmMoneyTransfer.View.withDecoded(message) { transfer in
///   transfer.from == "NL66OPEN0000000000" ? 0 : transfer.amount
/// }
/// ```
///
/// Numbers, enums, fixed and logical types are read at once. Strings and bytes are views of the buffer; nested records
/// are views inside the view; arrays and maps have been checked and are gone through with a closure; unions are enums to
/// be looked at with `switch`, and so are optionals of views (or with `map`). That a string is UTF-8 is checked when it
/// is asked for, and nothing else: all other malformed bytes are an error of `withDecoded`.
///
/// A view cannot be copied, kept, returned, captured by a closure that escapes, or held across an `await`: whoever tries
/// gets an error of the compiler. What is to stay is taken out of it: a number, `string()`, `array()`.
///
/// A view holds nothing that has to be released, and is forgotten rather than destroyed.
///
/// ## Which shape to use
/// - The record itself, a struct: to make values, to keep them, to change them. One allocation for each string of more
///   than 15 bytes and for each array.
/// - `Packed`: values that come off a topic, are kept and passed on, and of which little is looked at. One allocation
///   for all, encoding is a copy; each look at a string makes it anew.
/// - `View`: to read what is needed straight out of a message, and be done with it. No allocation.
public protocol AvroRecordView: AvroView, ~Copyable {
  /// The record as a struct: what is read as one is never taken for another.
  associatedtype Unpacked: AvroRecord
}

/// An error that can stand for one of decoding, so that a closure's typed errors and those of the bytes are one type.
public protocol AvroDecodingFailure: Error {
  init(_ error: AvroError)
}

extension AvroError: AvroDecodingFailure {
  @inlinable public init(_ error: AvroError) { self = error }
}

extension AvroRecordView where Self: ~Copyable {
  /// Lends a view of the record that is exactly these bytes; they stay where they are until `body` returns.
  @inlinable public static func withDecoded<Result, Failure: AvroDecodingFailure>(
    _ bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits(),
    _ body: (borrowing Self) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if AvroReader.isOptimized {
      return try withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { (place) throws(Failure) in
        let place = place.baseAddress.unsafelyUnwrapped
        do throws(AvroError) { place.initialize(to: try wholeView(of: bytes, limits)) } catch { throw Failure(error) }
        return try body(place.pointee)
      }
    }
    let view: Self
    do throws(AvroError) { view = try wholeView(of: bytes, limits) } catch { throw Failure(error) }
    return try body(view)
  }

  /// As ``withDecoded(_:limits:_:)``, for closures that throw nothing.
  @inlinable public static func withDecoded<Result>(
    _ bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits(), _ body: (borrowing Self) -> Result
  ) throws(AvroError) -> Result {
    if AvroReader.isOptimized {
      return try withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { (place) throws(AvroError) in
        let place = place.baseAddress.unsafelyUnwrapped
        place.initialize(to: try wholeView(of: bytes, limits))
        return body(place.pointee)
      }
    }
    let view = try wholeView(of: bytes, limits)
    return body(view)
  }

  /// As ``withDecoded(_:limits:_:)``, for closures that throw anything.
  @_disfavoredOverload
  @inlinable public static func withDecoded<Result>(
    _ bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits(), _ body: (borrowing Self) throws -> Result
  ) throws -> Result {
    if AvroReader.isOptimized {
      return try withUnsafeTemporaryAllocation(of: Self.self, capacity: 1) { place in
        let place = place.baseAddress.unsafelyUnwrapped
        place.initialize(to: try wholeView(of: bytes, limits))
        return try body(place.pointee)
      }
    }
    let view = try wholeView(of: bytes, limits)
    return try body(view)
  }

  /// As ``withDecoded(_:limits:_:)``, for the bytes of an array.
  @inlinable public static func withDecoded<Result, Failure: AvroDecodingFailure>(
    _ bytes: [UInt8], limits: AvroLimits = AvroLimits(), _ body: (borrowing Self) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) in
      try withDecoded(UnsafeRawBufferPointer(buffer), limits: limits, body)
    }
  }

  /// As ``withDecoded(_:limits:_:)``, for the bytes of an array and closures that throw nothing.
  @inlinable public static func withDecoded<Result>(
    _ bytes: [UInt8], limits: AvroLimits = AvroLimits(), _ body: (borrowing Self) -> Result
  ) throws(AvroError) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try withDecoded(UnsafeRawBufferPointer(buffer), limits: limits, body)
    }
  }

  /// As ``withDecoded(_:limits:_:)``, for the bytes of an array and closures that throw anything.
  @_disfavoredOverload
  @inlinable public static func withDecoded<Result>(
    _ bytes: [UInt8], limits: AvroLimits = AvroLimits(), _ body: (borrowing Self) throws -> Result
  ) throws -> Result {
    try bytes.withUnsafeBufferPointer { buffer in
      try withDecoded(UnsafeRawBufferPointer(buffer), limits: limits, body)
    }
  }

  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    for _ in 0..<count { forget(try Self(viewing: &reader)) }
  }

  /// Destroying a view does nothing either, but costs a call through its metadata; in a debug build less than this does.
  @inlinable @inline(always) static func forget(_ view: consuming Self) {
    if AvroReader.isOptimized {
      var rest: Self? = consume view
      withUnsafeTemporaryAllocation(of: Self?.self, capacity: 1) { $0.initializeElement(at: 0, to: rest.take()) }
    }
  }

  @inlinable @inline(always) static func wholeView(
    of bytes: UnsafeRawBufferPointer, _ limits: AvroLimits
  ) throws(AvroError) -> Self {
    // Lengths and offsets inside are 32 bits.
    if _slowPath(bytes.count > UInt32.max) { throw AvroError(.tooLarge, offset: 0) }
    var reader = AvroReader(bytes, limits: limits)
    let view = try Self(viewing: &reader)
    if _slowPath(!reader.isAtEnd) { throw reader.error(.trailingBytes) }
    return view
  }
}
