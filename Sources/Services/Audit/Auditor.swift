import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// Compares the snapshot with what the topics hold. Feed it the events, the dead letters, then the commands; then
/// ask for the report.
struct Auditor {
  /// The leg of one side, by account and index in its chain.
  struct Side {
    let iban: String
    let index: Int
  }

  /// The legs of one command.
  struct Pair {
    var debit: Side?
    var credit: Side?
  }

  /// What the topics hold of one account's chain.
  struct Chain {
    /// Whether each sequence has an event; index 0 is sequence 1.
    var isSeen: [Bool]
    /// As far as a consumer comes who reads in order and drops what is not next: copies from before, and what was sent
    /// too early, which has to come again.
    var inOrder = 0
    var partition: Int32?
  }

  let snapshot: LedgerSnapshot
  var report = AuditReport()
  /// Of I2.
  var answers = Findings()
  /// Of I3.
  var chains = Findings()
  var answeredTransfers: Set<UUID> = []
  var answeredCreations: Set<UUID> = []
  var seen: [String: Chain]
  /// The balance after each leg, by IBAN; index 0 is sequence 1.
  let balances: [String: [Int64]]
  var pairs: [UUID: Pair] = [:]
  /// Deliveries not found on the topics so far.
  var missing: [LedgerSnapshot.Place: [UUID]]
  /// Ids of events in the outbox that say what the database says.
  var waiting: Set<UUID> = []
  var deadLetters: Set<LedgerSnapshot.Place>
  let knownEnds: [TopicPartition: Int64]

  init(_ snapshot: LedgerSnapshot) {
    self.snapshot = snapshot
    missing = snapshot.deliveries
    knownEnds = snapshot.knownEnds
    deadLetters = snapshot.deadLetters
    seen = snapshot.legs.mapValues { Chain(isSeen: Array(repeating: false, count: $0.count)) }
    var balances: [String: [Int64]] = [:]
    for (iban, legs) in snapshot.legs {
      var balance = snapshot.accounts[iban]?.opening ?? 0
      balances[iban] = legs.map { leg in
        // A sum that wraps can't equal a balance that was checked: it shows as a finding.
        balance &+= leg.amount
        return balance
      }
    }
    self.balances = balances
    pairs.reserveCapacity(snapshot.transfers.count)
    for (iban, legs) in snapshot.legs {
      for (index, leg) in legs.enumerated() { pair(Side(iban: iban, index: index), leg) }
    }
  }

  private mutating func pair(_ side: Side, _ leg: LedgerSnapshot.Leg) {
    let isDebit = leg.side == 0
    if isDebit ? pairs[leg.commandID]?.debit != nil : pairs[leg.commandID]?.credit != nil {
      chains.add("command \(leg.commandID.text) has two \(isDebit ? "debits" : "credits")")
    }
    if isDebit {
      pairs[leg.commandID, default: Pair()].debit = side
    } else {
      pairs[leg.commandID, default: Pair()].credit = side
    }
  }

  func leg(_ side: Side) -> LedgerSnapshot.Leg? { snapshot.legs[side.iban]?[side.index] }

  // MARK: Events

  /// Notes that a record stands where it does. Every record of a topic passes here once.
  mutating func place(_ event: AuditedEvent) {
    guard case .topic(let place) = event.origin else { return }
    report.recordsRead += 1
    guard let id = event.id, let index = missing[place]?.firstIndex(of: id) else { return }
    missing[place]?.remove(at: index)
    if missing[place]?.isEmpty == true { missing[place] = nil }
  }

  /// A record of balance_changed, or an event for it in the outbox.
  mutating func add(_ change: BalanceChanged, at event: AuditedEvent) {
    guard let sequence = event.sequence else { return chains.add("\(event.place): no header sequence") }
    guard let legs = snapshot.legs[change.iban], sequence >= 1, sequence <= legs.count else {
      if !isLater(event) { chains.add("\(event.place): \(change.iban) has no leg with sequence \(sequence)") }
      return
    }
    let index = Int(sequence) - 1
    let leg = legs[index]
    let balance = balances[change.iban]?[index] ?? 0
    if leg.amount != change.changedBy || balance != change.newBalance {
      chains.add(
        "\(event.place): \(change.iban) sequence \(sequence) changed by \(change.changedBy) to \(change.newBalance), "
          + "in the database by \(leg.amount) to \(balance)")
    }
    if leg.counterparty != change.fromTo.asStored {
      chains.add("\(event.place): other side is \(change.fromTo), in the database \(leg.counterparty)")
    }
    let problem = headerProblem(
      event,
      .event(
        causedBy: leg.commandID, topic: Topics.balanceChanged.name, leg: leg.side == 0 ? .debit : .credit,
        type: BalanceChanged.schemaName, sequence: sequence), key: change.iban)
    if let problem { chains.add("\(event.place): \(problem)") }
    switch event.origin {
    case .outbox: if let id = event.id { waiting.insert(id) }
    case .topic(let place): note(place, change.iban, index)
    }
  }

  private mutating func note(_ place: LedgerSnapshot.Place, _ iban: String, _ index: Int) {
    guard let chain = seen[iban] else { return }
    if chain.isSeen[index] { report.repeated += 1 }
    // In place: a copy of the chain for each event would take time that grows with its square.
    seen[iban]?.isSeen[index] = true
    if chain.inOrder == index { seen[iban]?.inOrder += 1 }
    if let partition = chain.partition, partition != place.partition.partition {
      chains.add("\(place.partition)/\(place.offset): \(iban) has events in partition \(partition) too")
    } else if chain.partition == nil {
      seen[iban]?.partition = place.partition.partition
    }
  }

  mutating func add(_ answer: MoneyTransferConfirmed, at event: AuditedEvent) {
    addTransfer(answer.id, reason: nil, type: MoneyTransferConfirmed.schemaName, at: event)
  }

  mutating func add(_ answer: MoneyTransferFailed, at event: AuditedEvent) {
    addTransfer(answer.id, reason: answer.reason, type: MoneyTransferFailed.schemaName, at: event)
  }

  private mutating func addTransfer(_ id: UUID, reason: String?, type: String, at event: AuditedEvent) {
    guard let decided = snapshot.transfers[id] else {
      if !isLater(event) { answers.add("\(event.place): the database has no transfer \(id.text)") }
      return
    }
    if decided.reason != reason {
      answers.add(
        "\(event.place): transfer \(id.text) is \(Self.outcome(reason)), in the database "
          + Self.outcome(decided.reason))
    }
    checkAnswer(event, command: id, named: Self.answerName(transferRefused: reason != nil), type: type)
    if noteAnswer(event), !answeredTransfers.insert(id).inserted { report.repeated += 1 }
  }

  mutating func add(_ answer: AccountCreationConfirmed, at event: AuditedEvent) {
    addCreation(
      answer.id, iban: answer.iban, token: answer.token, reason: nil, type: AccountCreationConfirmed.schemaName,
      at: event)
  }

  mutating func add(_ answer: AccountCreationFailed, at event: AuditedEvent) {
    addCreation(
      answer.id, iban: nil, token: nil, reason: answer.reason, type: AccountCreationFailed.schemaName, at: event)
  }

  private mutating func addCreation(
    _ id: UUID, iban: String?, token: String?, reason: String?, type: String, at event: AuditedEvent
  ) {
    guard let decided = snapshot.creations[id] else {
      if !isLater(event) { answers.add("\(event.place): the database has no account creation \(id.text)") }
      return
    }
    // The token is a secret: it is compared, never shown.
    if decided.iban != iban || decided.token != token || decided.reason != reason {
      answers.add("\(event.place): account creation \(id.text) has another outcome in the database")
    }
    checkAnswer(event, command: id, named: Self.answerName(creationRefused: reason != nil), type: type)
    if noteAnswer(event), !answeredCreations.insert(id).inserted { report.repeated += 1 }
  }

  /// A record that its topic's codec can't read.
  mutating func add(unreadable event: AuditedEvent, because problem: String) {
    let text = "\(event.place) can't be read: \(problem)"
    if event.topic == Topics.balanceChanged.name { chains.add(text) } else { answers.add(text) }
  }

  mutating func add(deadLetter event: AuditedEvent) {
    if let place = event.deadLetterOf {
      deadLetters.insert(place)
    } else {
      answers.add("\(event.place): no headers that say which command it is about")
    }
    if case .outbox = event.origin, let id = event.id { waiting.insert(id) }
  }

  /// What an answer's id is made with: the name of the topic that has only such answers, wherever it went.
  static func answerName(transferRefused isRefused: Bool) -> String {
    isRefused ? Topics.moneyTransferFailed.name : Topics.moneyTransferConfirmed.name
  }

  static func answerName(creationRefused isRefused: Bool) -> String {
    isRefused ? Topics.accountCreationFailed.name : Topics.accountCreationConfirmed.name
  }

  private mutating func checkAnswer(_ event: AuditedEvent, command: UUID, named name: String, type: String) {
    let expected = CloudEvent.event(causedBy: command, topic: name, type: type)
    if let problem = headerProblem(event, expected, key: command.text) { answers.add("\(event.place): \(problem)") }
  }

  /// True when the answer stands on its topic.
  private mutating func noteAnswer(_ event: AuditedEvent) -> Bool {
    guard case .outbox = event.origin else { return true }
    if let id = event.id { waiting.insert(id) }
    return false
  }

  /// What consumers rely on: the id by which they drop copies, the key by which an account's events keep their order.
  private func headerProblem(_ event: AuditedEvent, _ expected: CloudEvent, key: String) -> String? {
    if event.id != expected.id {
      return "\(CloudEvent.Header.id) is \(event.id?.text ?? "missing"), should be \(expected.id.text)"
    }
    if event.causationID != expected.causationID {
      return "\(CloudEvent.Header.causationID) is \(event.causationID?.text ?? "missing"), should be "
        + (expected.causationID?.text ?? "missing")
    }
    if event.type != expected.type {
      return "\(CloudEvent.Header.type) is \(event.type ?? "missing"), should be \(expected.type)"
    }
    if event.source != expected.source.rawValue {
      return "\(CloudEvent.Header.source) is \(event.source ?? "missing"), should be \(expected.source.rawValue)"
    }
    if event.specVersion != "1.0" {
      return "\(CloudEvent.Header.specVersion) is \(event.specVersion ?? "missing"), should be 1.0"
    }
    return event.key == key ? nil : "the key is \(event.key ?? "missing"), should be \(key)"
  }

  /// True for an event that may follow from a command decided after the snapshot was taken.
  private func isLater(_ event: AuditedEvent) -> Bool {
    guard case .topic(let place) = event.origin else { return false }
    return place.offset >= knownEnds[place.partition] ?? 0
  }

  private static func outcome(_ reason: String?) -> String { reason.map { "refused (\($0))" } ?? "confirmed" }
}

extension String {
  /// As a Postgres text holds it: it can't hold the character zero, and an Avro string can.
  var asStored: String { utf8.contains(0) ? String(map { $0 == "\0" ? "\u{FFFD}" : $0 }) : self }
}
