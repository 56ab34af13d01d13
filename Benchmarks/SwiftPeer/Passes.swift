import AvroRuntime
import CSupport

// One function for each thing that is measured, generic over the record and specialized by the compiler for each. They
// use what any caller of the package has.

/// Values that lie in memory one behind the other.
///
/// Not an array: taking a record out of an array retains its strings, and that is not what is measured.
final class Values<Record: AvroRecord> {
  let base: UnsafeMutablePointer<Record>
  let count: Int

  init(_ records: [Record]) {
    count = records.count
    base = .allocate(capacity: records.count)
    base.initialize(from: records, count: records.count)
  }

  deinit {
    base.deinitialize(count: count)
    base.deallocate()
  }
}

/// Encodes each record as a caller's own value: moved out of its place and back, which counts no references.
@inline(never) func encode<Record: AvroRecord>(_ values: Values<Record>, to writer: inout AvroWriter) throws {
  for index in 0..<values.count {
    let place = values.base + index
    let record = place.move()
    writer.reset()
    record.encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
    place.initialize(to: record)
  }
  if let failure = writer.failure { throw failure }
}

struct Held<Record: AvroRecord>: ~Copyable {
  let record: Record
}
@inline(never) func encodeHeld<Record: AvroRecord>(_ base: UnsafeMutablePointer<Held<Record>>, _ count: Int, to writer: inout AvroWriter) throws {
  for index in 0..<count {
    writer.reset()
    base[index].record.encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
  }
  if let failure = writer.failure { throw failure }
}
@inline(never) func encodeLet<Record: AvroRecord>(_ base: UnsafePointer<Record>, _ count: Int, to writer: inout AvroWriter) throws {
  for index in 0..<count {
    writer.reset()
    base[index].encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
  }
  if let failure = writer.failure { throw failure }
}
@inline(never) func encodeSpan<Record: AvroRecord>(_ span: Span<Record>, to writer: inout AvroWriter) throws {
  for index in span.indices {
    writer.reset()
    span[index].encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
  }
  if let failure = writer.failure { throw failure }
}

/// Decodes each datum into a value of its own, which then goes.
@inline(never) func decode<Record: AvroRecord>(
  _ type: Record.Type, _ records: [UnsafeRawBufferPointer], _ slot: UnsafeMutablePointer<Record>
) throws {
  for bytes in records {
    slot.initialize(to: try Record(avroBytes: bytes))
    bench_use(slot)
    slot.deinitialize(count: 1)
  }
}
@inline(never) func decodeReader<Record: AvroRecord>(
  _ type: Record.Type, _ records: [UnsafeRawBufferPointer], _ slot: UnsafeMutablePointer<Record>
) throws {
  for bytes in records {
    var reader = AvroReader(bytes)
    slot.initialize(to: try Record.decode(from: &reader))
    bench_use(slot)
    slot.deinitialize(count: 1)
  }
}
final class Box<Record: AvroRecord> { let record: Record; init(_ r: Record) { record = r } }
@inline(never) func encodeBox<Record: AvroRecord>(_ boxes: [Box<Record>], to writer: inout AvroWriter) throws {
  for index in boxes.indices {
    writer.reset()
    boxes[index].record.encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
  }
  if let failure = writer.failure { throw failure }
}
@inline(never) @_semantics("optimize.sil.specialize.generic.never") func encodeGeneric<Record: AvroRecord>(_ base: UnsafePointer<Record>, _ count: Int, to writer: inout AvroWriter) throws {
  for index in 0..<count {
    writer.reset()
    base[index].encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
  }
  if let failure = writer.failure { throw failure }
}
