import AvroRuntime
import CSupport
import Records

// Views that are read to the end: every field, every item, the first bytes of every string. Nothing is copied.

/// Collects what was read, so that it is.
struct Sum {
  var total: Int64 = 0

  mutating func add(_ text: borrowing AvroStringView) {
    total &+= text.withUTF8 { Int64($0.count) &+ Int64($0.first ?? 0) }
  }
}

@inline(never) func readTransfers(_ records: [UnsafeRawBufferPointer]) throws {
  for bytes in records {
    try ConfirmMoneyTransfer.View.withDecoded(bytes) { (view: borrowing ConfirmMoneyTransfer.View) in
      var sum = Sum(total: view.amount)
      sum.add(view.token)
      sum.add(view.from)
      sum.add(view.to)
      sum.add(view.description)
      withUnsafePointer(to: sum) { bench_use($0) }
    }
  }
}
