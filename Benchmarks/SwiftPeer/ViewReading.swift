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

extension Sum {
  mutating func add(_ party: borrowing Party.View) {
    add(party.name)
    add(party.iban)
    add(party.address.street)
    add(party.address.city)
    add(party.address.zip)
    add(party.address.country)
  }

  mutating func add(_ item: borrowing Item.View) {
    add(item.sku)
    total &+= Int64(item.qty) &+ item.price &+ Int64(bitPattern: (item.discount ?? 0).bitPattern)
    item.tags.each { add($0) }
  }

  mutating func add(_ event: borrowing WideEvent.View) {
    total &+= event.created &+ Int64(event.kind.rawValue) &+ Int64(bitPattern: event.score.bitPattern)
    total &+= Int64(event.ratio.bitPattern) &+ (event.active ? 1 : 0) &+ Int64(event.count)
    switch event.owner {
    case .none: break
    case .some(let owner): add(owner)
    }
    switch event.delegate {
    case .none: break
    case .some(let delegate): add(delegate)
    }
    event.items.each { add($0) }
    event.counters.each { key, value in
      add(key)
      total &+= value
    }
    event.labels.each { add($0) }
    switch event.note {
    case .none: break
    case .some(let note): add(note)
    }
    switch event.outcome {
    case .null: break
    case .boolean(let value): total &+= value ? 1 : 0
    case .long(let value): total &+= value
    case .double(let value): total &+= Int64(bitPattern: value.bitPattern)
    case .string(let value): add(value)
    }
    total &+= Int64(event.payload.count)
  }
}

@inline(never) func readWideEvents(_ records: [UnsafeRawBufferPointer]) throws {
  for bytes in records {
    try WideEvent.View.withDecoded(bytes) { (view: borrowing WideEvent.View) in
      var sum = Sum()
      sum.add(view)
      withUnsafePointer(to: sum) { bench_use($0) }
    }
  }
}
