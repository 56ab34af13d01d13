/// What a load test does: every number of a profile. 0 means none where a limit is named.
public struct LoadTestSettings: Codable, Hashable, Sendable {
  /// Who presses the buttons.
  public enum Client: String, Codable, Sendable, CaseIterable {
    /// A WebSocket.
    case graphql
    /// Headless Chromium on the page.
    case browser
  }

  /// Of the WebSocket.
  public enum Subprotocol: String, Codable, Sendable, CaseIterable {
    case transport = "graphql-transport-ws"
    /// The one that the seed's page speaks.
    case legacy = "graphql-ws"
  }

  public var profile: String
  public var client = Client.graphql
  public var subprotocol = Subprotocol.transport
  /// How many at the same time.
  public var clients = 1
  /// Interactions a second on a schedule, of all clients together (open loop); 0: each client waits for its answer and
  /// begins one interaction a `loopMillis` at most (closed loop).
  public var ratePerSecond = 0.0
  public var loopMillis = 1_000

  public var maxLoops = 0
  public var maxSeconds = 0
  public var maxTimeOuts = 3
  public var timeOutMillis = 5_000
  /// The run is good with more loops than this.
  public var minLoops = 0
  /// Of so many interactions of a client one has to be refused.
  public var refusedEvery = 20
  /// Of so many rows one has the figures of the machine.
  public var sampleEvery = 20

  /// Between batches of heartbeats.
  public var heartbeatMillis = 100
  /// Steps of the load by loops: `batchStep` heartbeats more a batch after every so many loops.
  public var batchCycle = 0
  public var batchStep = 1
  /// Steps of the load by time: heartbeats a second at first, times `loadFactor` every `loadStepSeconds`. Without
  /// `loadStepSeconds` the load begins at `loadStart` and stays, but for `batchCycle`.
  public var loadStart = 0.0
  public var loadFactor = 1.0
  public var loadStepSeconds = 0

  /// How a fresh bank's handler works (docs/variants.md); nil of a bank that runs already.
  public var strategy: String?
  /// How long the producers of handler and endpoint wait for more to send with it; nil: what the definitions say.
  public var lingerMillis: Int?
  /// Environment of the bank's services beside that of this process.
  public var services: [String: String] = [:]
  /// What a fresh bank gets without being asked: all clients come from one address, and of some of them the tokens are
  /// wrong on purpose.
  public static let ownServices = [
    "BANK_GRAPHQL_MAX_WRONG_PER_ADDRESS": "1000000", "BANK_GRAPHQL_MAX_WRONG_PER_ACCOUNT": "1000000",
    "BANK_GRAPHQL_MAX_WRONG_PER_ACCOUNT_ANYWHERE": "1000000",
    "BANK_GRAPHQL_MAX_SUBSCRIPTIONS_PER_CONNECTION": "10000", "BANK_GRAPHQL_MAX_SUBSCRIBERS_PER_ADDRESS": "10000",
    "BANK_GRAPHQL_MAX_WAITING": "10000",
  ]

  public init(profile: String) { self.profile = profile }
}
