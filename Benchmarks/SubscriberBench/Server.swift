import BenchSupport

/// Who serves subscriptions: the bank's endpoint, or a peer that does the same in another language.
enum Server: String, CaseIterable {
  case bank, python

  func start(_ bench: Infrastructure) throws -> Child {
    switch self {
    case .bank:
      try Child(
        [bench.bank, "graphql-endpoint", "--home", bench.home], log: "\(bench.home)/endpoint.log",
        healthPort: bench.run.ports.graphQL,
        // All subscribers of the benchmark come from one address.
        environment: ["BANK_GRAPHQL_MAX_SUBSCRIBERS_PER_ADDRESS": "10000"])
    case .python:
      try Child(
        [
          "../.venv/bin/python", "Peers/python/subscription_server.py", String(bench.run.ports.graphQL),
          bench.run.brokers, bench.run.registry,
        ], log: "\(bench.home)/python.log", healthPort: bench.run.ports.graphQL)
    }
  }
}
