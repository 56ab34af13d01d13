import BankSupport
import Definitions
import Foundation
import Testing

@testable import CommandGeneratorService

@Suite struct PlanTests {
  static func book(_ count: Int) -> AccountBook {
    var book = AccountBook()
    for number in 1...max(1, count) where number <= count {
      book.add(.init(iban: IBAN(account: UInt64(number)).text, token: "token \(number)"))
    }
    return book
  }

  @Test(
    arguments: [
      (0, true), (1, true), (19, true), (20, false), (21, false), (199, false), (200, true), (201, false), (400, true),
      (1_000_000, true), (-5, true), (Int64.max, false), (Int64.min, true),
    ] as [(Int64, Bool)])
  func opensAccountsOnTheRightBeats(beat: Int64, opens: Bool) throws {
    var generator = SeededGenerator(seed: 1)
    let command = try #require(
      CommandPlan.command(beat: beat, book: Self.book(3), localTime: "t", using: &generator))
    guard case .openAccount(let opening) = command else {
      #expect(!opens)
      return
    }
    #expect(opens)
    #expect(opening.aType == .auto)
  }

  @Test func makesNoTransferWithoutAnAccount() {
    var generator = SeededGenerator(seed: 1)
    #expect(CommandPlan.command(beat: 21, book: AccountBook(), localTime: "t", using: &generator) == nil)
    #expect(CommandPlan.command(beat: 200, book: AccountBook(), localTime: "t", using: &generator) != nil)
  }

  @Test func theSharesAddUp() {
    #expect(TransferKind.allCases.map(\.share).reduce(0, +) == TransferKind.shares)
    let lots = (0..<TransferKind.shares).map(TransferKind.drawn)
    for kind in TransferKind.allCases { #expect(lots.count { $0 == kind } == kind.share) }
  }

  /// Every transfer has the accounts, token and amount that its kind says.
  @Test func everyTransferIsOfItsKind() throws {
    var generator = SeededGenerator(seed: 20_260_102)
    let book = Self.book(50)
    let tokens = Dictionary(uniqueKeysWithValues: book.accounts.map { ($0.iban, $0.token) })
    var counts: [TransferKind: Int] = [:]
    var ids: Set<UUID> = []
    let total = 70_000
    for beat in 0..<total {
      let command = CommandPlan.command(
        beat: Int64(beat % 179 + 21), book: book, localTime: "14:05:09", using: &generator)
      guard case .transfer(let transfer) = command else {
        Issue.record("beat \(beat): \(String(describing: command))")
        return
      }
      ids.insert(transfer.id)
      #expect(transfer.id.uuid.6 >> 4 == 4 && transfer.id.uuid.8 >> 6 == 2)
      let kind = try #require(TransferKind(rawValue: String(transfer.description.dropLast(9))))
      #expect(transfer.description == "\(kind.rawValue) 14:05:09")
      counts[kind, default: 0] += 1
      try Self.check(transfer, kind, tokens)
    }
    #expect(ids.count == total)
    for kind in TransferKind.allCases {
      // Six standard deviations: the seed is fixed, another one would pass as well.
      let expected = Double(kind.share) / Double(TransferKind.shares) * Double(total)
      let deviation = (expected * (1 - expected / Double(total))).squareRoot()
      #expect(abs(Double(counts[kind] ?? 0) - expected) < 6 * deviation, "\(kind)")
    }
  }

  private static func check(
    _ transfer: ConfirmMoneyTransfer, _ kind: TransferKind, _ tokens: [String: String]
  ) throws {
    let cashAmounts: Set<Int64> = [2_000, 3_000, 5_000, 10_000, 20_000]
    switch kind {
    case .salary:
      #expect(transfer.from == "NL66OPEN0000000000" && transfer.token == "00000000000000000000")
      #expect(tokens[transfer.to] != nil)
      #expect((220_000..<270_000).contains(transfer.amount))
    case .deposit:
      #expect(transfer.from == "cash" && transfer.token == "cash" && tokens[transfer.to] != nil)
      #expect(cashAmounts.contains(transfer.amount))
    case .withdraw:
      #expect(tokens[transfer.from] == transfer.token && transfer.to == "cash")
      #expect(cashAmounts.contains(transfer.amount))
    case .ahPin:
      #expect(tokens[transfer.from] == transfer.token && transfer.to == "Albert Heijn BV")
      #expect((1_000..<11_000).contains(transfer.amount))
    case .transfer:
      #expect(tokens[transfer.from] == transfer.token && tokens[transfer.to] != nil)
      #expect(transfer.from != transfer.to)
      #expect((1_000..<11_000).contains(transfer.amount))
    }
  }

  @Test func theCashAmountsAreThoseOfTheSeed() {
    var generator = SeededGenerator(seed: 3)
    var counts: [Int64: Int] = [:]
    for _ in 0..<8_000 {
      counts[CommandPlan.amount(of: .withdraw, using: &generator) / 1_000, default: 0] += 1
    }
    #expect(counts.keys.sorted() == [2, 3, 5, 10, 20])
    for (amount, share) in [2: 3, 3: 1, 5: 2, 10: 1, 20: 1] {
      #expect(abs((counts[Int64(amount)] ?? 0) - share * 1_000) < 200, "\(amount)")
    }
  }

  @Test func withOneAccountTransfersGoToTheCompany() throws {
    var generator = SeededGenerator(seed: 4)
    let book = Self.book(1)
    for _ in 0..<2_000 {
      let command = CommandPlan.command(beat: 21, book: book, localTime: "t", using: &generator)
      guard case .transfer(let transfer) = command else {
        Issue.record("no transfer")
        return
      }
      #expect(transfer.from != transfer.to)
    }
  }

  // MARK: Salaries

  @Test func aSalaryIsTheSameCommandEachTime() throws {
    let account = AccountCreationConfirmed(
      id: try #require(UUID(uuidString: "6ba7b810-9dad-11d1-80b4-00c04fd430c8")), iban: IBAN(account: 7).text,
      token: "12345678901234567890", aType: .auto)
    let salary = CommandPlan.salary(for: account)
    #expect(try salary.avroBytes() == (try CommandPlan.salary(for: account).avroBytes()))
    // Python: uuid.uuid5(uuid.UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "salary")
    #expect(salary.id.uuidString.lowercased() == "32a89731-1ed8-5627-aeee-f0cf8a5bfd8e")
    #expect(salary.from == "NL66OPEN0000000000")
    #expect(salary.token == "00000000000000000000")
    #expect(salary.to == account.iban)
    #expect(salary.description == "salary")
    #expect(salary.amount == 232968)
  }

  @Test func salariesAreInTheirRangeAndDiffer() {
    var generator = SeededGenerator(seed: 5)
    var amounts: Set<Int64> = []
    for number in 0..<2_000 {
      let account = AccountCreationConfirmed(
        id: .random(using: &generator), iban: IBAN(account: UInt64(number)).text, token: "t", aType: .auto)
      let amount = CommandPlan.salary(for: account).amount
      #expect((220_000..<270_000).contains(amount))
      amounts.insert(amount)
    }
    #expect(amounts.count > 1_900)
  }

  // MARK: The book

  @Test func theBookTakesEachAccountOnceUpToItsLimit() {
    var book = AccountBook(limit: 3)
    for number in [1, 2, 1, 2, 3, 4, 3] {
      book.add(.init(iban: "\(number)", token: "t\(number)"))
    }
    #expect(book.accounts.map(\.iban) == ["1", "2", "3"])
  }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
