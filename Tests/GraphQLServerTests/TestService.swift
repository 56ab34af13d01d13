import GraphQLRuntime
import GraphQLServer
import JSONText
import Synchronization

/// A service for tests of transports: a document has one operation with one field, which says what happens.
struct TestService: GraphQLService {
  /// What tests ask for with the field `stats`.
  final class Counters: Sendable {
    let open = Atomic(0)
    let http = Atomic(0)
    let subscriptions = Atomic(0)
    let dropped = Atomic(0)
    /// Streams of `hub` that run.
    let listening = Atomic(0)
    /// What a service does before it closes what its subscriptions read from.
    let prepareToStop = Mutex<@Sendable () -> Void>({})
  }

  private static let fields: [OperationKind: Set<String>] = [
    .query: ["__typename", "__type", "hello", "nothing", "slow", "stubborn", "stats", "whoami", "variable"],
    .mutation: ["__typename", "publish", "stop"],
    .subscription: ["three", "ticks", "never", "hub", "broken", "crash", "refused", "whoami"],
  ]

  let counters = Counters()
  let hub = Hub()
  let stop: @Sendable () -> Void

  func prepare(_ request: GraphQLRequest) throws(GraphQLRequestError) -> PreparedOperation {
    var words = request.query.split { " \n\t{(){}".contains($0) }[...]
    guard let open = request.query.firstIndex(of: "{"), request.query.contains("}") else {
      throw GraphQLRequestError(.syntax, [GraphQLError("syntax error: a selection set is missing")])
    }
    let header = request.query[..<open].split { " (".contains($0) }.map(String.init)
    let kind = header.first.flatMap(OperationKind.init) ?? .query
    words = request.query[open...].split { " \n\t{}(".contains($0) }[...]
    let field = words.first.map(String.init) ?? ""
    guard Self.fields[kind, default: []].contains(field) else {
      throw GraphQLRequestError(.validation, [GraphQLError("there is no field \"\(field)\"")])
    }
    let name = header.count > 1 && !header[1].hasPrefix("$") ? header[1] : nil
    if let wanted = request.operationName, wanted != name {
      throw GraphQLRequestError(.operation, [GraphQLError("there is no operation \"\(wanted)\"")])
    }
    let place = SourceLocation(line: 1, column: 1)
    let node = FieldNode(
      alias: nil, name: Name(field, at: place), arguments: [], directives: [], selectionSet: nil, location: place)
    return PreparedOperation(
      operation: OperationDefinition(
        kind: kind, name: name.map { Name($0, at: place) }, variables: [], directives: [],
        selectionSet: SelectionSet([.field(node)], at: place), location: place),
      fragments: [:],
      variables: Dictionary(request.variables.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  func execute(_ operation: PreparedOperation, context: ClientInfo) async -> GraphQLResponse {
    switch operation.field {
    case "nothing": return GraphQLResponse(data: .null, errors: [GraphQLError("it went wrong", code: "WRONG")])
    case "slow":
      try? await Task.sleep(for: .seconds(60))
      return .field("slow", .bool(Task.isCancelled))
    case "stubborn":
      // Does not end when it is cancelled.
      await Task.detached { try? await Task.sleep(for: .seconds(2)) }.value
      return .field("stubborn", .bool(Task.isCancelled))
    case "publish":
      let count = operation.integer("count") ?? 1
      let text = String(repeating: "x", count: operation.integer("bytes") ?? 1)
      for number in 0..<count {
        hub.publish(.field("hub", .object([.init("n", .integer(Int64(number))), .init("text", .string(text))])))
        // As events come, not all in one moment.
        if number % 16 == 15 { try? await Task.sleep(for: .milliseconds(2)) }
      }
      return .field("publish", .integer(Int64(count)))
    case "stop":
      counters.prepareToStop.withLock { $0 }()
      hub.close()
      stop()
      return .field("stop", .bool(true))
    case "stats": return .field("stats", stats)
    case "whoami": return .field("whoami", context.json)
    case "variable": return .field("variable", operation.variables["value"] ?? .null)
    case "__typename": return .field("__typename", .string(operation.kind == .query ? "Query" : "Mutation"))
    default: return .field(operation.field, .string("world"))
    }
  }

  func subscribe(_ operation: PreparedOperation, context: ClientInfo) async -> GraphQLSubscription {
    switch operation.field {
    case "refused": return .failed(GraphQLResponse(data: nil, errors: [GraphQLError("no such account", code: "NO")]))
    case "hub": return .responses(hub.listen(counters))
    case "never": return .responses(Ticks(limit: 0, pause: .seconds(600), field: "never", failure: nil))
    case "ticks":
      let pause = Duration.milliseconds(operation.integer("millis") ?? 10)
      return .responses(Ticks(limit: .max, pause: pause, field: "ticks", failure: nil))
    case "broken":
      let failure = GraphQLError("the source broke", code: "SOURCE")
      return .responses(Ticks(limit: 1, pause: .zero, field: "broken", failure: failure))
    case "crash": return .responses(Ticks(limit: 1, pause: .zero, field: "crash", failure: Crash()))
    case "whoami": return .responses(Ticks(limit: 1, pause: .zero, field: "whoami", failure: nil, value: context.json))
    default: return .responses(Ticks(limit: 3, pause: .zero, field: "three", failure: nil))
    }
  }

  private var stats: JSONValue {
    .object([
      .init("open", .integer(Int64(counters.open.load(ordering: .relaxed)))),
      .init("http", .integer(Int64(counters.http.load(ordering: .relaxed)))),
      .init("subscriptions", .integer(Int64(counters.subscriptions.load(ordering: .relaxed)))),
      .init("dropped", .integer(Int64(counters.dropped.load(ordering: .relaxed)))),
      .init("listening", .integer(Int64(counters.listening.load(ordering: .relaxed)))),
    ])
  }

  var hooks: GraphQLServerHooks {
    let counters = counters
    return GraphQLServerHooks(
      connectionsChanged: { transport, by in
        if transport == .http { counters.http.add(by, ordering: .relaxed) }
        if transport != .http { counters.open.add(by, ordering: .relaxed) }
      },
      subscriptionsChanged: { by in counters.subscriptions.add(by, ordering: .relaxed) },
      slowClientDropped: { _ in counters.dropped.add(1, ordering: .relaxed) })
  }
}

struct Crash: Error {}

/// A number after each pause, then an end or a failure; without a limit above 0 nothing, until it is cancelled.
struct Ticks: AsyncSequence, Sendable {
  typealias Element = GraphQLResponse
  typealias Failure = any Error

  var limit: Int
  var pause: Duration
  var field: String
  var failure: (any Error)?
  var value: JSONValue?

  struct Iterator: AsyncIteratorProtocol {
    var ticks: Ticks
    var count = 0

    mutating func next() async throws -> GraphQLResponse? {
      try await Task.sleep(for: ticks.pause)
      if count == ticks.limit {
        if let failure = ticks.failure { throw failure }
        return nil
      }
      count += 1
      return .field(ticks.field, ticks.value ?? .integer(Int64(count)))
    }
  }

  func makeAsyncIterator() -> Iterator { Iterator(ticks: self) }
}

/// Tells every listener everything.
final class Hub: Sendable {
  private let listeners = Mutex<[Int: AsyncThrowingStream<GraphQLResponse, any Error>.Continuation]>([:])
  private let last = Atomic(0)

  func listen(_ counters: TestService.Counters) -> AsyncThrowingStream<GraphQLResponse, any Error> {
    let (stream, continuation) = AsyncThrowingStream<GraphQLResponse, any Error>.makeStream()
    let number = last.add(1, ordering: .relaxed).newValue
    listeners.withLock { $0[number] = continuation }
    counters.listening.add(1, ordering: .relaxed)
    continuation.onTermination = { [self] _ in
      counters.listening.subtract(1, ordering: .relaxed)
      _ = listeners.withLock { $0.removeValue(forKey: number) }
    }
    return stream
  }

  func close() { for continuation in listeners.withLock({ Array($0.values) }) { continuation.finish() } }

  func publish(_ response: GraphQLResponse) {
    for continuation in listeners.withLock({ Array($0.values) }) { continuation.yield(response) }
  }
}

extension PreparedOperation {
  fileprivate var field: String {
    guard case .field(let node)? = operation.selectionSet.selections.first else { return "" }
    return node.name.text
  }

  fileprivate func integer(_ name: String) -> Int? {
    guard case .integer(let value)? = variables[name] else { return nil }
    return Int(value)
  }
}

extension GraphQLResponse {
  fileprivate static func field(_ name: String, _ value: JSONValue) -> GraphQLResponse {
    GraphQLResponse(data: .object([JSONValue.Member(name, value)]))
  }
}

extension ClientInfo {
  fileprivate var json: JSONValue {
    .object([
      .init("transport", .string(transport.rawValue)), .init("method", method.map { .string($0.rawValue) } ?? .null),
      .init("address", .string(remoteAddress ?? "")),
      .init("authorization", header("authorization").map { .string($0) } ?? .null),
      .init("params", connectionParams ?? .null),
    ])
  }
}
