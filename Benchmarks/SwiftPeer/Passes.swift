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

/// Encodes each record as the value that a caller holds in a `let`.
///
/// It is moved there and back, which copies the struct itself twice and counts no references; encoding `base[index]`
/// retains and releases every string of more than 15 bytes.
@inline(never) func encode<Record: AvroRecord>(_ values: Values<Record>, to writer: inout AvroWriter) throws {
  for index in 0..<values.count {
    let place = values.base + index
    let record = place.move()
    writer.reset()
    record.encode(to: &writer)
    writer.withBytes { bench_use($0.baseAddress) }
    place.initialize(to: consume record)
  }
  if let failure = writer.failure { throw failure }
}

/// Decodes each datum into a value of its own, which then goes. For records and for their packed form.
@inline(never) func decode<Record: AvroRecord>(
  _ type: Record.Type, _ records: [UnsafeRawBufferPointer], _ slot: UnsafeMutablePointer<Record>
) throws {
  for bytes in records {
    slot.initialize(to: try Record(avroBytes: bytes))
    bench_use(slot)
    slot.deinitialize(count: 1)
  }
}

/// Lends a view of each datum to a closure that looks at nothing.
@inline(never) func view<View: AvroRecordView & ~Copyable>(
  _ type: View.Type, _ records: [UnsafeRawBufferPointer]
) throws {
  for bytes in records {
    try View.withDecoded(bytes) { (view: borrowing View) in
      withUnsafePointer(to: view) { bench_use($0) }
    }
  }
}

/// Decodes data of an older schema, with a plan that was made once. The plan writes into memory of the call's own.
@inline(never) func decode<Record: AvroRecord>(
  _ type: Record.Type, _ records: [UnsafeRawBufferPointer], resolvedBy plan: ResolutionPlan,
  _ slot: UnsafeMutablePointer<Record>
) throws {
  for bytes in records {
    slot.initialize(to: try Record(avroBytes: bytes, resolvedBy: plan))
    bench_use(slot)
    slot.deinitialize(count: 1)
  }
}

/// As above, into memory that the caller keeps for all of them.
@inline(never) func decode<Record: AvroRecord>(
  _ type: Record.Type, _ records: [UnsafeRawBufferPointer], resolvedBy plan: ResolutionPlan,
  scratch: inout AvroWriter, _ slot: UnsafeMutablePointer<Record>
) throws {
  for bytes in records {
    slot.initialize(to: try Record(avroBytes: bytes, resolvedBy: plan, scratch: &scratch))
    bench_use(slot)
    slot.deinitialize(count: 1)
  }
}
