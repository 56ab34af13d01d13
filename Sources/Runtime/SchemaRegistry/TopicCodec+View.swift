public import AvroRuntime

// Reading a value where it lies. A view belongs to one record, so this is for topics of one: a topic of several gives
// one of several types, and its generated enum is that already.

extension TopicCodec {
  /// What `body` makes of a view of the value; nil, without a call, when the schema id was not met before: then
  /// ``withView(of:_:)`` asks the registry.
  ///
  /// ```swift
  /// let amount = try codec.withViewIfKnown(of: bytes) { (transfer: borrowing ConfirmMoneyTransfer.View) in
  ///   transfer.amount
  /// }
  /// ```
  ///
  /// The view is that of `bytes`, or of what they resolve to when they were written with another schema. Either is gone
  /// when `body` returns, and the compiler refuses to let the view out.
  ///
  /// Throws ``CodecError``, as ``decodeIfKnown(_:)`` does. What is not UTF-8 shows when `body` asks for the string, so a
  /// string that nobody asks for may be anything; a value of which every string was asked for is as good as a decoded
  /// one. Errors that `body` throws must be those of the view: they are told with the value's path, and the offset
  /// behind the five bytes of the wire format.
  ///
  /// - Parameters:
  ///   - bytes: a record's value; nil is ``CodecError/emptyValue``.
  ///   - body: called once at most.
  @inlinable public func withViewIfKnown<View: AvroRecordView & ~Copyable, Result>(
    of bytes: [UInt8]?, _ body: (borrowing View) throws(AvroError) -> Result
  ) throws(CodecError) -> Result? where View.Unpacked == Value {
    try withAvroBytesIfKnown(bytes) { (buffer) throws(AvroError) in try View.withDecoded(buffer, body) }
  }

  /// As ``withViewIfKnown(of:_:)``; asks the registry for a schema id that was not met before, and makes the view when
  /// the answer is there: nothing that is lent waits.
  ///
  /// Throws ``CodecError``; its ``CodecError/deadLetterCause`` is nil when the registry could not be asked, and then
  /// the same value may be read later.
  @inlinable public nonisolated(nonsending) func withView<View: AvroRecordView & ~Copyable, Result>(
    of bytes: [UInt8]?, _ body: (borrowing View) throws(AvroError) -> Result
  ) async throws(CodecError) -> Result where View.Unpacked == Value {
    try await withAvroBytes(bytes) { (buffer) throws(AvroError) in try View.withDecoded(buffer, body) }
  }

  @usableFromInline func withAvroBytesIfKnown<Result>(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer) throws(AvroError) -> Result
  ) throws(CodecError) -> Result? {
    let bytes = bytes ?? []
    guard let (id, reading) = try readingIfKnown(of: bytes) else { return nil }
    return try Self.withRecordBytes(bytes, id: id, reading) { (_, buffer) throws(AvroError) in try body(buffer) }
  }

  @usableFromInline nonisolated(nonsending) func withAvroBytes<Result>(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer) throws(AvroError) -> Result
  ) async throws(CodecError) -> Result {
    let bytes = bytes ?? []
    let (id, reading) = try await reading(of: bytes)
    return try Self.withRecordBytes(bytes, id: id, reading) { (_, buffer) throws(AvroError) in try body(buffer) }
  }
}
