import JSONText
import Testing

@testable import LoadTestService

struct InteractionBookTests {
  /// A wrong answer is one failure: the row that comes all the same is not another, and fails nobody else.
  @Test
  func oneWrongAnswerIsOneFailure() async {
    let book = InteractionBook(iban: "A")
    let (first, second) = (Self.deposit(0), Self.deposit(1))
    let one = book.begin(first)
    one.answered(.next(.object([.init("data", .null)])), uuid: "u", at: .now)
    #expect(await one.result(deadline: .now + .seconds(5)).failure != nil)
    book.end(first)
    let two = book.begin(second)
    book.heard(Self.row(first, balance: 1_000), at: .now)
    book.heard(Self.row(second, balance: 3_000), at: .now)
    two.answered(Self.yes("v"), uuid: "v", at: .now)
    let times = await two.result(deadline: .now + .seconds(5))
    #expect(times.failure == nil && times.done != nil, "\(times.failure ?? "")")
    book.end(second)
    // Twice is once too often, also for one that was late.
    let three = book.begin(Self.deposit(2))
    book.heard(Self.row(first, balance: 4_000), at: .now)
    #expect(await three.result(deadline: .now + .seconds(5)).failure?.contains("nobody asked for") == true)
  }

  @Test
  func whatIsNobodysIsToldByOneOfThoseThatWait() async {
    let book = InteractionBook(iban: "A")
    let pending = (0..<3).map { book.begin(Self.deposit($0)) }
    book.strange("odd")
    var failures = 0
    for one in pending where await one.result(deadline: .now + .milliseconds(50)).failure != nil { failures += 1 }
    #expect(failures == 1)
    // That there are no more rows concerns all.
    let others = (3..<5).map { book.begin(Self.deposit($0)) }
    book.end("closed")
    for one in others { #expect(await one.result(deadline: .now + .seconds(5)).failure == "closed") }
  }

  private static func deposit(_ number: Int) -> Interaction {
    Interaction(number: number, client: 0, refusedEvery: 0, hasWrongTokens: false)
  }

  private static func yes(_ uuid: String) -> GraphQLSocket.Event {
    .next(
      .object([
        .init(
          "data", .object([.init("result", .object([.init("uuid", .string(uuid)), .init("success", .bool(true))]))]))
      ]))
  }

  private static func row(_ interaction: Interaction, balance: Int) -> JSONValue {
    let members = [
      ("iban", "A"), ("new_balance_cents", String(balance)), ("changed_by_cents", String(interaction.cents)),
      ("from_to", "cash"), ("direction", "CREDIT"), ("descr", interaction.description),
    ]
    return .object(members.map { .init($0.0, .string($0.1)) })
  }
}
