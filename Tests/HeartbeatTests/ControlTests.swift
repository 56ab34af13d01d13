import BankSupport
import Testing

@testable import HeartbeatService

@Suite struct ControlTests {
  static func control(_ batchSize: Int = 20, _ sleepMillis: Int = 100) throws -> HeartbeatControl {
    let control = HeartbeatControl(try .init(batchSize: batchSize, sleepMillis: sleepMillis))
    control.counter = 1_234
    return control
  }

  @Test func tellsPaceAndCounter() throws {
    let expected = HTTPReply(body: #"{"batchSize":20,"sleepMillis":100,"counter":1234}"#)
    #expect(try Self.control().reply == expected)
  }

  @Test(arguments: [
    (#"{"batchSize":0}"#, 0, 100), (#"{"batchSize":10000}"#, 10_000, 100), (#"{"sleepMillis":1}"#, 20, 1),
    (#"{"sleepMillis":3600000}"#, 20, 3_600_000), (#" { "sleepMillis" : 7 , "batchSize" : 8 } "#, 8, 7),
  ])
  func takesEitherSetting(body: String, batchSize: Int, sleepMillis: Int) throws {
    let control = try Self.control()
    let reply = control.change(Array(body.utf8))
    #expect(reply.status == 200)
    #expect(reply == control.reply)
    #expect(control.pace == (try .init(batchSize: batchSize, sleepMillis: sleepMillis)))
  }

  @Test(arguments: [
    "", "null", "[]", "1", "{}", "{", #"{"batchSize":-1}"#, #"{"batchSize":10001}"#, #"{"sleepMillis":0}"#,
    #"{"sleepMillis":3600001}"#, #"{"batchSize":1.5}"#, #"{"batchSize":"1"}"#, #"{"batchSize":true}"#,
    #"{"batchSize":null}"#, #"{"batchSize":1,"counter":5}"#, #"{"batchsize":1}"#, #"{"batchSize":1,"batchSize":2}"#,
    #"{"batchSize":1,"sleepMillis":0}"#, #"{"batchSize":99999999999999999999}"#, #"{"batchSize":1} x"#,
  ])
  func refusesEverythingElse(body: String) throws {
    let control = try Self.control()
    let reply = control.change(Array(body.utf8))
    #expect(reply.status == 400)
    #expect(reply.body.hasPrefix(#"{"error":""#))
    #expect(reply.contentType == "application/json")
    #expect(control.pace == (try .init(batchSize: 20, sleepMillis: 100)))
  }

  @Test func refusesBytesThatAreNoText() throws {
    #expect(try Self.control().change([0xFF, 0xFE, 0]).status == 400)
  }

  @Test func aChangeEndsALongWait() async throws {
    let control = try Self.control(1, 3_600_000)
    let start = ContinuousClock.now
    let waiter = Task { await control.waitForNextBatch(after: start) }
    try await Task.sleep(for: .milliseconds(50))
    control.setPace(try .init(batchSize: 1, sleepMillis: 1))
    // No time is made up for that was never waited.
    #expect(await waiter.value >= start + .milliseconds(50))
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  /// Timers are late, and so are acknowledgements: the rate must not suffer.
  @Test func batchesAreDueOnASchedule() async throws {
    let control = try Self.control(1, 20)
    let start = ContinuousClock.now
    var due = start
    for _ in 1...5 {
      try await Task.sleep(for: .milliseconds(3))
      due = await control.waitForNextBatch(after: due)
    }
    #expect(due == start + .milliseconds(100))
    let longAgo = ContinuousClock.now - .seconds(100)
    let behind = ContinuousClock.now - HeartbeatControl.behindLimit
    #expect(await control.waitForNextBatch(after: longAgo) >= behind)
  }

  @Test func aCancelledWaitEnds() async throws {
    let control = try Self.control(1, 3_600_000)
    let start = ContinuousClock.now
    let waiter = Task { await control.waitForNextBatch(after: start) }
    waiter.cancel()
    _ = await waiter.value
    #expect(ContinuousClock.now - start < .seconds(60))
  }
}
