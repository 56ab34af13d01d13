import BankSupport
import Testing

@Suite("Feedback topics")
struct FeedbackTopicsTests {
  private static func named(_ variables: [String: String]) throws -> FeedbackTopics {
    try FeedbackTopics(BankEnvironment.resolve(home: "/nowhere", environment: variables))
  }

  @Test("the environment names them, and what it does not know is an error that says what can be")
  func environment() throws {
    #expect(try Self.named([:]) == .separate)
    #expect(try Self.named(["BANK_FEEDBACK": ""]) == .separate)
    for feedback in FeedbackTopics.allCases {
      #expect(try Self.named(["BANK_FEEDBACK": feedback.rawValue]) == feedback)
    }
    let error = #expect(throws: SupportError.self) { try Self.named(["BANK_FEEDBACK": "Shared"]) }
    #expect(error.map { "\($0)" }?.contains("must be separate or shared") == true)
  }
}
