import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import Testing

@testable import AuditService

/// A bank in memory: what its database would say, what its topics would hold. Good until something is changed.
struct PaperBank: Sendable {
  enum Body: Sendable {
    case changed(BalanceChanged)
    case transferred(MoneyTransferConfirmed)
    case notTransferred(MoneyTransferFailed)
    case opened(AccountCreationConfirmed)
    case notOpened(AccountCreationFailed)
    case deadLetter
    case unreadable
  }

  struct Event: Sendable {
    var topic: String
    var partition: Int32 = 0
    var offset: Int64
    var key: String
    var headers: [String: String]
    var body: Body

    var place: LedgerSnapshot.Place {
      LedgerSnapshot.Place(partition: TopicPartition(topic: topic, partition: partition), offset: offset)
    }

    var id: UUID? { headers[CloudEvent.Header.id].flatMap { UUID(uuidString: $0) } }

    var audited: AuditedEvent {
      AuditedEvent(
        ConsumedRecord(
          topic: topic, partition: partition, offset: offset, timestampMillis: 0, key: Array(key.utf8), value: nil,
          headers: headers.map { KafkaHeader($0.key, $0.value) }))
    }

    /// The same, still in the outbox.
    func unsent(row: Int64) -> AuditedEvent {
      AuditedEvent(
        OutboxEvent(topic: topic, key: key, value: [], headers: AvroMap(pairs: headers.map { ($0.key, $0.value) })),
        row: row)
    }
  }

  enum Command: Sendable {
    case transfer(ConfirmMoneyTransfer, PayloadMark)
    case creation(ConfirmAccountCreation, PayloadMark)
    case unreadable
  }

  static let company = IBAN.company.text

  var snapshot = LedgerSnapshot()
  var events: [Event] = []
  /// Commands below the handler's position, by where they stand.
  var commands: [(place: LedgerSnapshot.Place, command: Command)] = []
  var staleCommandPartitions = 0
  private var offsets: [String: Int64] = [:]
  private var clockMicros: Int64 = 1_700_000_000_000_000

  init() {
    snapshot.accounts[Self.company] = LedgerSnapshot.Account(
      amount: LedgerSnapshot.companyOpening, limit: -50_000, version: 0, token: Token.company, isCompany: true,
      openedAtMicros: clockMicros)
  }

  /// Two accounts with salaries, a transfer between them, one to another bank, one from there, two refused.
  static func small() -> (bank: PaperBank, anna: String, bert: String) {
    var bank = PaperBank()
    let anna = bank.open(account: 1)
    let bert = bank.open(account: 2)
    bank.refuseAccount()
    bank.transfer(1_000_00, from: company, to: anna)
    bank.transfer(1_000_00, from: company, to: bert)
    bank.transfer(250_00, from: anna, to: bert)
    bank.transfer(10_00, from: anna, to: "NL00OTHER0000000009")
    bank.transfer(20_00, from: "cash", to: bert)
    bank.refuse("insufficient funds", 9_000_00, from: anna, to: bert)
    bank.refuse("invalid token", 1_00, from: bert, to: anna)
    return (bank, anna, bert)
  }

  // MARK: What happens

  @discardableResult
  mutating func open(account number: UInt64) -> String {
    let id = newID()
    let (iban, token) = (IBAN(account: number).text, "\(10_000_000_000_000_000_000 &+ number)")
    let payload = command(topic: Topics.confirmAccountCreation.name, id) { payload in
      .creation(ConfirmAccountCreation(id: id, aType: .auto), payload)
    }
    snapshot.accounts[iban] = LedgerSnapshot.Account(
      amount: 0, limit: -50_000, version: 0, token: token, openedAtMicros: tick())
    snapshot.creations[id] = LedgerSnapshot.Creation(iban: iban, token: token, reason: nil, payload: payload)
    publish(
      Topics.accountCreationConfirmed.name, AccountCreationConfirmed.schemaName, id,
      .opened(AccountCreationConfirmed(id: id, iban: iban, token: token, aType: .auto)))
    return iban
  }

  mutating func refuseAccount() {
    let id = newID()
    let reason = "generated iban already exists, try again"
    let payload = command(topic: Topics.confirmAccountCreation.name, id) { payload in
      .creation(ConfirmAccountCreation(id: id, aType: .manual), payload)
    }
    snapshot.creations[id] = LedgerSnapshot.Creation(iban: nil, token: nil, reason: reason, payload: payload)
    publish(
      Topics.accountCreationFailed.name, AccountCreationFailed.schemaName, id,
      .notOpened(AccountCreationFailed(id: id, reason: reason)))
  }

  /// A confirmed transfer.
  @discardableResult
  mutating func transfer(_ amount: Int64, from: String, to: String, id given: UUID? = nil) -> UUID {
    let id = given ?? newID()
    let payload = ask(id, amount, from: from, to: to)
    snapshot.transfers[id] = LedgerSnapshot.Transfer(reason: nil, payload: payload, decidedAtMicros: tick())
    move(id, side: 0, -amount, of: from, counterparty: to)
    move(id, side: 1, amount, of: to, counterparty: from)
    publish(
      Topics.moneyTransferConfirmed.name, MoneyTransferConfirmed.schemaName, id,
      .transferred(MoneyTransferConfirmed(id: id)))
    return id
  }

  @discardableResult
  mutating func refuse(_ reason: String, _ amount: Int64, from: String, to: String) -> UUID {
    let id = newID()
    let payload = ask(id, amount, from: from, to: to)
    snapshot.transfers[id] = LedgerSnapshot.Transfer(reason: reason, payload: payload, decidedAtMicros: tick())
    publish(
      Topics.moneyTransferFailed.name, MoneyTransferFailed.schemaName, id,
      .notTransferred(MoneyTransferFailed(id: id, reason: reason)))
    return id
  }

  /// A dead letter about a command.
  mutating func bury(_ place: LedgerSnapshot.Place) {
    let topic = Topics.deadLetter.name
    let event = Event(
      topic: topic, offset: next(topic), key: "",
      headers: [
        CloudEvent.Header.id: newID().text, "__connect.errors.topic": place.partition.topic,
        "__connect.errors.partition": "\(place.partition.partition)", "__connect.errors.offset": "\(place.offset)",
      ], body: .deadLetter)
    events.append(event)
    if let id = event.id { snapshot.deliveries[event.place] = [id] }
  }

  @discardableResult
  mutating func ask(_ id: UUID, _ amount: Int64, from: String, to: String) -> PayloadMark {
    command(topic: Topics.confirmMoneyTransfer.name, id) { payload in
      .transfer(
        ConfirmMoneyTransfer(id: id, token: "", amount: amount, from: from, to: to, description: ""), payload)
    }
  }

  mutating func addCommand(topic: String, _ command: Command) -> LedgerSnapshot.Place {
    let place = LedgerSnapshot.Place(
      partition: TopicPartition(topic: topic, partition: 0), offset: next(topic))
    commands.append((place, command))
    return place
  }

  private mutating func command(topic: String, _ id: UUID, _ make: (PayloadMark) -> Command) -> PayloadMark {
    // Each payload is another: the place is in it.
    let payload = PayloadMark(hash: PayloadHash.sha256(Array("\(id) \(offsets[topic] ?? 0)".utf8)))
    _ = addCommand(topic: topic, make(payload))
    return payload
  }

  private mutating func move(_ id: UUID, side: Int16, _ amount: Int64, of iban: String, counterparty: String) {
    guard var account = snapshot.accounts[iban] else { return }
    account.amount += amount
    account.version += 1
    snapshot.accounts[iban] = account
    snapshot.legs[iban, default: []].append(
      LedgerSnapshot.Leg(
        commandID: id, side: side, amount: amount, counterparty: counterparty, sequence: account.version))
    publish(
      Topics.balanceChanged.name, BalanceChanged.schemaName, id, leg: side == 0 ? .debit : .credit, key: iban,
      sequence: account.version,
      .changed(
        BalanceChanged(
          iban: iban, newBalance: account.amount, changedBy: amount, fromTo: counterparty, description: "")))
  }

  private mutating func publish(
    _ topic: String, _ type: String, _ command: UUID, leg: CloudEvent.Leg = .only, key: String? = nil,
    sequence: Int64? = nil, _ body: Body
  ) {
    let header = CloudEvent.event(causedBy: command, topic: topic, leg: leg, type: type, sequence: sequence)
    let event = Event(
      topic: topic, offset: next(topic), key: key ?? command.text,
      headers: Dictionary(uniqueKeysWithValues: header.headers.map { ($0.name, $0.value) }), body: body)
    events.append(event)
    snapshot.deliveries[event.place] = [header.id]
  }

  private mutating func next(_ topic: String) -> Int64 {
    let offset = offsets[topic, default: 0]
    offsets[topic] = offset + 1
    return offset
  }

  private mutating func tick() -> Int64 {
    clockMicros += 1_000
    return clockMicros
  }

  private func newID() -> UUID { UUID() }

  // MARK: Audit

  func audit() -> AuditReport {
    var auditor = Auditor(snapshot)
    for event in events { Self.add(event.audited, event.body, to: &auditor) }
    for event in snapshot.unsent { addUnsent(event, to: &auditor) }
    for (place, command) in commands {
      switch command {
      case .transfer(let value, let payload): auditor.add(value, payload: payload, at: place)
      case .creation(let value, let payload): auditor.add(value, payload: payload, at: place)
      case .unreadable: auditor.add(unreadableCommand: place)
      }
    }
    for _ in 0..<staleCommandPartitions { auditor.addStaleCommandPartition() }
    return auditor.finish()
  }

  /// What each unsent event says, by its id.
  var unsentBodies: [UUID: Body] = [:]

  private func addUnsent(_ event: AuditedEvent, to auditor: inout Auditor) {
    if let id = event.id, let body = unsentBodies[id] { Self.add(event, body, to: &auditor) }
  }

  private static func add(_ event: AuditedEvent, _ body: Body, to auditor: inout Auditor) {
    auditor.place(event)
    switch body {
    case .changed(let value): auditor.add(value, at: event)
    case .transferred(let value): auditor.add(value, at: event)
    case .notTransferred(let value): auditor.add(value, at: event)
    case .opened(let value): auditor.add(value, at: event)
    case .notOpened(let value): auditor.add(value, at: event)
    case .deadLetter: auditor.add(deadLetter: event)
    case .unreadable: auditor.add(unreadable: event, because: "test")
    }
  }

  // MARK: Changing it

  func indexes(of topic: String) -> [Int] { events.indices.filter { events[$0].topic == topic } }

  /// The event of one sequence of an account.
  func index(of iban: String, _ sequence: Int64) throws -> Int {
    try #require(
      events.indices.first { index in
        events[index].key == iban && events[index].headers[CloudEvent.Header.sequence] == "\(sequence)"
      })
  }

  mutating func change(_ iban: String, _ sequence: Int64, _ body: (inout BalanceChanged) -> Void) throws {
    let index = try index(of: iban, sequence)
    guard case .changed(var value) = events[index].body else { return }
    body(&value)
    events[index].body = .changed(value)
  }

  /// Takes an event from its topic, and its delivery from the outbox, as when both were lost or never were.
  mutating func lose(_ index: Int) {
    let event = events.remove(at: index)
    snapshot.deliveries[event.place] = nil
  }

  /// Puts an event back into the outbox.
  mutating func unsend(_ index: Int) {
    let event = events.remove(at: index)
    snapshot.deliveries[event.place] = nil
    snapshot.unsent.append(event.unsent(row: 1))
    if let id = event.id { unsentBodies[id] = event.body }
  }

  /// Publishes an event once more, at the end of its topic.
  mutating func repeatEvent(_ index: Int) {
    var copy = events[index]
    copy.offset = next(copy.topic)
    events.append(copy)
  }
}

extension AuditReport {
  /// The names of those that fail.
  var failing: [String] { invariants.filter { !$0.holds }.map(\.name) }
  var findings: String { invariants.flatMap(\.findings).joined(separator: "\n") }
}
