import CommandHandlerService
import Definitions
import Foundation
import TestBank
import Testing

/// What a bank without batches, locks or clever bookkeeping would do: one command at a time, 128-bit sums, every
/// event kept. Written apart from `decide` on purpose.
private struct NaiveBank {
  var balance: [String: Int128] = [:]
  var token: [String: String] = [:]
  var limit: [String: Int128] = [:]
  var changes: [String: Int64] = [:]
  var answered: [String: (hash: [UInt8], answer: String)] = [:]
  var log: [String] = []

  mutating func handle(_ command: Command, ownIBANs: Set<String>) {
    let kind: String
    switch command.body {
    case .accountCreation: kind = "account "
    case .transfer: kind = "transfer "
    }
    let name = kind + command.id.uuidString
    if let before = answered[name] {
      log.append(before.hash == command.payloadHash ? before.answer : "conflict \(name)")
      return
    }
    var answer: String
    switch command.body {
    case .accountCreation(let body, let candidate):
      if balance.keys.contains(candidate.iban) {
        answer = "\(name) no: generated iban already exists, try again"
      } else {
        balance[candidate.iban] = 0
        token[candidate.iban] = candidate.token
        limit[candidate.iban] = -50000
        changes[candidate.iban] = 0
        answer = "\(name) \(candidate.iban) \(candidate.token) \(body.aType)"
      }
    case .transfer(let body):
      let problem = problem(body, ownIBANs: ownIBANs)
      if problem == nil {
        change(body.from.text, by: -Int128(body.amount), other: body.to.text)
        change(body.to.text, by: Int128(body.amount), other: body.from.text)
      }
      answer = problem.map { "\(name) no: \($0)" } ?? "\(name) yes"
    }
    answered[name] = (command.payloadHash, answer)
    log.append(answer)
  }

  private func problem(_ body: TransferCommand, ownIBANs: Set<String>) -> String? {
    let cents = Int128(body.amount)
    let (from, to) = (body.from.text, body.to.text)
    if from != "cash" && !ownIBANs.contains(from) { return "from is invalid" }
    if from == to { return "from and to can't be same for transfer" }
    if cents <= 0 { return "amount must be positive" }
    if let has = balance[from], has - cents < Int128(Int64.min) { return "amount is too large" }
    if let has = balance[to], has + cents > Int128(Int64.max) { return "amount is too large" }
    if let has = balance[from] {
      if token[from] != body.token { return "invalid token" }
      if has - cents < limit[from, default: 0] { return "insufficient funds" }
    } else if balance[to] == nil {
      return "both to and from not known at this bank"
    }
    return nil
  }

  private mutating func change(_ iban: String, by cents: Int128, other: String) {
    guard let has = balance[iban] else { return }
    balance[iban] = has + cents
    changes[iban, default: 0] += 1
    log.append("\(iban) \(has + cents) \(cents) \(other) #\(changes[iban, default: 0])")
  }
}

/// What the database would hold between batches: only what a `Decision` told it.
private struct Store {
  var accounts: [String: LedgerAccount] = [:]
  var creations: [UUID: DecidedCreation] = [:]
  var transfers: [UUID: DecidedTransfer] = [:]
  var legSum: Int128 = 0
  var log: [String] = []

  /// The part of the state that a batch names, as the handler reads it.
  func state(for commands: [Command]) -> LedgerState {
    var ibans: Set<String> = []
    for command in commands {
      switch command.body {
      case .accountCreation(_, let candidate): ibans.insert(candidate.iban)
      case .transfer(let body): ibans.formUnion([body.from.text, body.to.text])
      }
    }
    let ids = Set(commands.map(\.id))
    return LedgerState(
      accounts: ibans.compactMap { accounts[$0] }, creations: ids.compactMap { creations[$0] },
      transfers: ids.compactMap { transfers[$0] })
  }

  mutating func apply(_ decision: Decision, of commands: [Command]) {
    for opened in decision.opened {
      #expect(accounts.updateValue(opened.account, forKey: opened.account.iban) == nil)
    }
    for account in decision.changed {
      #expect(accounts.updateValue(account, forKey: account.iban) != nil)
    }
    for creation in decision.creations { #expect(creations.updateValue(creation, forKey: creation.id) == nil) }
    for transfer in decision.transfers { #expect(transfers.updateValue(transfer, forKey: transfer.id) == nil) }
    legSum += decision.legs.reduce(0) { $0 + Int128($1.amount) }
    record(decision, of: commands)
  }

  /// Events and conflicts in the order of the commands, in the words of the naive bank.
  private mutating func record(_ decision: Decision, of commands: [Command]) {
    var entries = zip(decision.eventCommands, decision.events).map { (command: $0, text: text($1)) }
    for index in decision.conflicts {
      let isTransfer = if case .transfer = commands[index].body { true } else { false }
      let name = (isTransfer ? "transfer " : "account ") + commands[index].id.uuidString
      entries.append((command: index, text: "conflict \(name)"))
    }
    // Sorting is stable, and a command has either events or a conflict.
    log += entries.sorted { $0.command < $1.command }.map(\.text)
  }

  private func text(_ event: LedgerEvent) -> String {
    switch event {
    case .balanceChanged(let change, _, _, let sequence):
      "\(change.iban) \(change.newBalance) \(change.changedBy) \(change.fromTo) #\(sequence)"
    case .accountConfirmed(let event):
      "account \(event.id.uuidString) \(event.iban) \(event.token) \(event.aType)"
    case .accountFailed(let event): "account \(event.id.uuidString) no: \(event.reason)"
    case .transferConfirmed(let event): "transfer \(event.id.uuidString) yes"
    case .transferFailed(let event): "transfer \(event.id.uuidString) no: \(event.reason)"
    }
  }
}

/// Commands that meet each other: few accounts, ids used again, amounts around every limit.
private struct CommandSource {
  var generator: SeededGenerator
  let ibans: [String]
  private var sent: [Command] = []

  init(_ generator: SeededGenerator, ibans: [String]) {
    self.generator = generator
    self.ibans = ibans
  }

  mutating func next() -> Command {
    let roll = Int.random(in: 0..<100, using: &generator)
    if roll < 8, var old = sent.randomElement(using: &generator) {
      if roll < 2 { old.payloadHash = [UInt8.random(in: 0...255, using: &generator)] }
      return old
    }
    let command = roll < 14 ? creation() : transfer()
    if sent.count < 5_000 { sent.append(command) } else { sent[Int.random(in: 0..<5_000, using: &generator)] = command }
    return command
  }

  private mutating func id() -> UUID {
    let (high, low) = (generator.next(), generator.next())
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: high >> ($0 * 8)) }
    let more = (0..<8).map { UInt8(truncatingIfNeeded: low >> ($0 * 8)) }
    return (bytes + more).withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
  }

  private mutating func creation() -> Command {
    // Few IBANs, so most are taken after a while; the token is the IBAN's, so that transfers can guess it.
    let iban = ibans[Int.random(in: 0..<ibans.count, using: &generator)]
    let body = ConfirmAccountCreation(id: id(), aType: Bool.random(using: &generator) ? .auto : .manual)
    return Command(
      .accountCreation(body, candidate: AccountNumbers(iban: iban, token: "t" + iban)),
      payloadHash: [1])
  }

  private mutating func transfer() -> Command {
    let from = party()
    let to = party()
    let wrong = Int.random(in: 0..<20, using: &generator) == 0
    let body = TransferCommand(
      id: id(), token: wrong ? "wrong" : "t" + from, amount: amount(), from: Party(from), to: Party(to),
      description: "simulated")
    return Command(.transfer(body), payloadHash: [2])
  }

  private mutating func party() -> String {
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: "cash"
    case 1: "Albert Heijn BV"
    case 2: "NL00OPEN0000000001"
    default: ibans[Int.random(in: 0..<ibans.count, using: &generator)]
    }
  }

  private mutating func amount() -> Int64 {
    switch Int.random(in: 0..<40, using: &generator) {
    case 0: 0
    case 1: Int64.random(in: .min...0, using: &generator)
    case 2: .max
    case 3: Int64.random(in: (.max / 4)...(.max), using: &generator)
    case 4: 50_000
    default: Int64.random(in: 1...60_000, using: &generator)
    }
  }
}

@Suite("Faults: simulation of the decision")
struct DecideSimulationTests {
  /// The whole run is repeated by setting FAULT_SEED to the seed that it printed.
  @Test("200,000 random commands, a million in the full size, give what a naive bank gives")
  func againstNaiveBank() throws {
    let start = ContinuousClock.now
    let generator = SeededGenerator.forRun("simulation of the decision")
    let seed = generator.seed
    let ibans = (1...60).map(ibanText)
    let commandCount = FaultSize.of(short: 200_000, full: 1_000_000)
    let own = Set(ibans + [company])
    var source = CommandSource(generator, ibans: ibans)
    var bank = NaiveBank()
    var store = Store()
    seedAccounts(&bank, &store)
    let startSum = bank.balance.values.reduce(0, +)
    var handled = 0
    while handled < commandCount {
      let size = Int.random(in: 1...min(100, commandCount - handled), using: &source.generator)
      let commands = (0..<size).map { _ in source.next() }
      let state = store.state(for: commands)
      let decision = decide(state, commands)
      #expect(decision == decide(state, commands), "not deterministic, seed \(seed)")
      store.apply(decision, of: commands)
      for command in commands { bank.handle(command, ownIBANs: own) }
      try #require(store.log == bank.log, "seed \(seed), after \(handled) commands")
      store.log.removeAll(keepingCapacity: true)
      bank.log.removeAll(keepingCapacity: true)
      handled += size
    }
    let holds = compare(store, bank, startSum: startSum, seed: seed)
    try FaultRow(
      fault: "random commands, decided without a bank", injected: commandCount, inFlight: 0,
      invariants: ["I1": holds.sum, "I4": holds.limits], seconds: (ContinuousClock.now - start) / .seconds(1)
    ).write()
  }

  private let company = "NL66OPEN0000000000"

  /// The company, and one account just below the top of the range.
  private func seedAccounts(_ bank: inout NaiveBank, _ store: inout Store) {
    let start: [(String, Int64)] = [(company, 100_000_000_000_000_000), (ibanText(1), .max - 100_000)]
    for (iban, amount) in start {
      store.accounts[iban] = LedgerAccount(iban: iban, token: "t" + iban, amount: amount, limit: -50_000, version: 0)
      bank.balance[iban] = Int128(amount)
      bank.token[iban] = "t" + iban
      bank.limit[iban] = -50_000
      bank.changes[iban] = 0
    }
  }

  /// - Returns: whether the balances hold what the legs say (I1), and none is under its limit (I4).
  private func compare(
    _ store: Store, _ bank: NaiveBank, startSum: Int128, seed: UInt64
  ) -> (sum: Bool, limits: Bool) {
    #expect(Set(store.accounts.keys) == Set(bank.balance.keys), "seed \(seed)")
    for (iban, account) in store.accounts {
      #expect(bank.balance[iban] == Int128(account.amount), "seed \(seed)")
      #expect(bank.changes[iban] == account.version, "seed \(seed)")
    }
    let limits = store.accounts.values.allSatisfy { $0.amount >= $0.limit }
    #expect(limits, "seed \(seed)")
    let sum = store.accounts.values.reduce(0) { $0 + Int128($1.amount) } == startSum + store.legSum
    #expect(sum, "seed \(seed)")
    let reasons = Set(store.transfers.values.compactMap(\.reason))
    for refusal in Refusal.allCases where refusal != .ibanTaken {
      #expect(reasons.contains(refusal.rawValue), "the run never met '\(refusal.rawValue)', seed \(seed)")
    }
    return (sum, limits)
  }

  private func ibanText(_ number: Int) -> String {
    let digits = String(repeating: "0", count: 10 - String(number).count) + String(number)
    let remainder = ("24251423" + digits + "232100").reduce(0) { ($0 * 10 + ($1.wholeNumberValue ?? 0)) % 97 }
    let check = 98 - remainder
    return "NL" + (check < 10 ? "0" : "") + "\(check)OPEN" + digits
  }
}
