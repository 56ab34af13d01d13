import GraphQLRuntime
import JSONText
import Synchronization
import Testing

/// Subscriptions (October 2021, section 6.2.3).
@Suite struct ExecutionSubscriptionTests {
  struct Event: GraphQLObject {
    var number: Int
  }

  struct Broken: Error {}

  /// What happened to a source.
  final class Log: Sendable {
    private let lines = Mutex<[String]>([])

    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// Counts up to its end, then ends, throws or waits for ever; notes what was asked for and that it was cancelled.
  struct Source: AsyncSequence, Sendable {
    enum End: Sendable { case ends, breaks, refuses, waits }

    typealias Element = Event
    let count: Int
    let end: End
    let log: Log

    func makeAsyncIterator() -> Iterator { Iterator(source: self) }

    struct Iterator: AsyncIteratorProtocol {
      let source: Source
      var number = 0

      mutating func next() async throws -> Event? {
        number += 1
        source.log.note("asked \(number)")
        if number <= source.count { return Event(number: number) }
        switch source.end {
        case .ends: return nil
        case .breaks: throw Broken()
        case .refuses: throw GraphQLError("too slow", code: "SLOW")
        case .waits:
          do {
            try await Task.sleep(for: .seconds(60))
          } catch {
            source.log.note("cancelled")
            throw error
          }
          return nil
        }
      }
    }
  }

  static func engine(_ end: Source.End, count: Int = 3, _ log: Log) throws -> GraphQLEngine<Int> {
    let sdl = """
      type Event { number: Int! odd: Int waits: Int strict: Int! }
      type Query { a: Int }
      type Subscription { events(fails: Boolean, must: Int! = 1): Event needed: Event! }
      """
    let note: @Sendable (any Error, GraphQLError) -> Void = { error, shown in
      log.note("\(error) \(shown.path?.count ?? 0)")
    }
    return try GraphQLEngine(sdl: sdl, onError: note) { resolvers in
      resolvers.object("Event", of: Event.self) { type in
        type.field("number", \.number)
        type.field("odd") { event in
          if event.number % 2 == 0 { throw GraphQLError("even") }
          return event.number
        }
        type.field("waits") { event, _, context in
          await Task.yield()
          return event.number + context
        }
        type.field("strict") { event in
          if event.number % 2 == 0 { throw Broken() }
          return event.number
        }
      }
      resolvers.query("a") { _, _ in 1 }
      resolvers.subscription("events") { arguments, _ in
        if try arguments.optionalBool("fails") ?? false { throw Broken() }
        return Source(count: count, end: end, log: log)
      }
      resolvers.subscription("needed") { _, _ in Source(count: count, end: end, log: log) }
    }
  }

  /// The responses, then what ended them.
  static func run(
    _ engine: GraphQLEngine<Int>, _ query: String, variables: [JSONValue.Member] = []
  ) async throws -> [String] {
    let operation = try engine.prepare(GraphQLRequest(query: query, variables: variables))
    switch await engine.subscribe(operation, context: 100) {
    case .failed(let response): return ["failed \(response.json)"]
    case .responses(let responses):
      var lines: [String] = []
      do {
        for try await response in responses { lines.append(response.json.text) }
        lines.append("end")
      } catch {
        lines.append("\((error as? GraphQLError)?.json ?? .null)")
      }
      return lines
    }
  }

  @Test func everyEventHasAResponse() async throws {
    let engine = try Self.engine(.ends, Log())
    #expect(
      try await Self.run(engine, "subscription { events { number odd } }") == [
        #"{"data":{"events":{"number":1,"odd":1}}}"#,
        #"{"errors":[{"message":"even","locations":[{"line":1,"column":32}],"path":["events","odd"]}],"#
          + #""data":{"events":{"number":2,"odd":null}}}"#,
        #"{"data":{"events":{"number":3,"odd":3}}}"#, "end",
      ])
    #expect(
      try await Self.run(engine, "subscription { x: events { waits __typename } }") == [
        #"{"data":{"x":{"waits":101,"__typename":"Event"}}}"#, #"{"data":{"x":{"waits":102,"__typename":"Event"}}}"#,
        #"{"data":{"x":{"waits":103,"__typename":"Event"}}}"#, "end",
      ])
  }

  @Test func nullGoesUpToTheData() async throws {
    let lines = try await Self.run(try Self.engine(.ends, count: 2, Log()), "subscription { needed { strict } }")
    #expect(lines.count == 3)
    #expect(lines[1].hasSuffix(#""path":["needed","strict"],"extensions":{"code":"INTERNAL"}}],"data":null}"#))
  }

  @Test func errorsOfTheSource() async throws {
    let log = Log()
    let broken = try await Self.run(try Self.engine(.breaks, count: 1, log), "subscription { events { number } }")
    #expect(broken.count == 2)
    #expect(broken.last?.contains(#""message":"internal error""#) == true)
    #expect(log.all.last == "Broken() 1")
    let refused = try await Self.run(try Self.engine(.refuses, count: 1, log), "subscription { events { number } }")
    #expect(refused.last?.contains(#""message":"too slow""#) == true && refused.last?.contains("SLOW") == true)
  }

  @Test func sourcesThatCannotBeMade() async throws {
    let log = Log()
    let engine = try Self.engine(.ends, log)
    let failing = try await Self.run(engine, "subscription { events(fails: true) { number } }")
    #expect(failing.count == 1)
    #expect(
      failing[0].hasPrefix(
        #"failed {"errors":[{"message":"internal error","locations":[{"line":1,"column":16}],"path":["events"]"#))
    #expect(log.all == ["Broken() 1"])
    let null = try await Self.run(
      engine, "subscription($v: Int = 1) { events(must: $v) { number } }", variables: [JSONValue.Member("v", .null)])
    #expect(null.count == 1 && null[0].hasPrefix("failed "))
  }

  /// A reader that goes away ends the source.
  @Test func cancellation() async throws {
    let log = Log()
    let engine = try Self.engine(.waits, count: 1, log)
    let (signal, signalled) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      let operation = try engine.prepare(GraphQLRequest(query: "subscription { events { number } }"))
      guard case .responses(let responses) = await engine.subscribe(operation, context: 0) else { return -1 }
      var count = 0
      for try await _ in responses {
        count += 1
        signalled.yield()
      }
      return count
    }
    for await _ in signal { break }
    task.cancel()
    #expect(try await task.value == 1)
    #expect(log.all.last == "cancelled")
  }

  /// Nothing is asked of the source before the response to the event before was taken.
  @Test func slowReader() async throws {
    let log = Log()
    let engine = try Self.engine(.ends, log)
    let operation = try engine.prepare(GraphQLRequest(query: "subscription { events { number } }"))
    guard case .responses(let responses) = await engine.subscribe(operation, context: 0) else {
      Issue.record("the subscription has failed")
      return
    }
    #expect(log.all.isEmpty)
    var seen = 0
    for try await _ in responses {
      seen += 1
      for _ in 0..<20 { await Task.yield() }
      #expect(log.all == (1...seen).map { "asked \($0)" })
    }
    #expect(seen == 3)
  }
}
