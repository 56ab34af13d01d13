import BankSupport
import Definitions
import Foundation
import GraphQLRuntime
import GraphQLServer
import Hummingbird
import PostgresRuntime
import Synchronization

/// The GraphQL endpoint: what a client sees of the bank.
public enum GraphQLEndpointService {
  /// The name of the service in run.json, logs and metrics.
  public static let name = "graphql-endpoint"
  /// The database that it writes to, and the role it has there.
  public static let database = "transactiondb"
  public static let role = "graphql_endpoint"

  /// Serves until SIGTERM or SIGINT, on one port: GraphQL, `/flow`, `/health` and `/metrics`.
  ///
  /// - Parameter settings: nil takes the defaults, with what the environment says over them.
  /// - Throws: `SupportError` when a setting is missing or wrong, or database and topics are not from the same run; what
  ///   the HTTP server throws.
  public static func run(_ environment: BankEnvironment, settings: EndpointSettings? = nil) async throws {
    let settings = if let settings { settings } else { try EndpointSettings(environment) }
    try settings.failpoints.arm(environment)
    let kafka = try environment.kafka()
    let postgres = try environment.postgres(database: database, role: role)
    let registryURL = try environment.registryURL()
    let status = ServiceStatus(name: name, metrics: Metrics(), health: Health())
    let services = try await EndpointServices(
      kafka: kafka, postgres: postgres, registryURL: registryURL, settings: settings, status: status)
    let flow = FlowFeed(
      kafka: kafka, topology: Topology.description, maxViewers: settings.maxFlowViewers,
      maxViewersPerAddress: settings.maxFlowViewersPerAddress)
    let graphQL = try server(services, settings, status)
    let host = ServiceHost(
      name: name, address: environment.bindAddress, port: settings.port ?? environment.ports.graphQL,
      metrics: status.metrics, health: status.health, server: graphQL.server
    ) { router in
      graphQL.mount(on: router)
      router.get("/flow") { request, _ in
        let address = ClientInfo(.eventStream, request).remoteAddress.map(EndpointContext.network)
        guard let events = flow.view(for: address) else {
          status.metrics.add(to: "bank_requests_total", ["transport": "flow", "status": "503"])
          return Response(status: .serviceUnavailable, headers: [.retryAfter: "10"])
        }
        return graphQL.eventStream(events)
      }
    }
    try await host.run {
      let stop = StopFlag()
      // The tasks end by the flag, not by cancellation: that would cut off a transaction.
      let work = Task {
        let incarnation = try await Incarnation.wait(
          environment, database: database, role: role, status: status, stop: stop)
        guard let incarnation else { return await services.close() }
        let connections = ServiceConnections(
          kafka: kafka, postgres: postgres, registryURL: registryURL, incarnation: incarnation)
        try await EndpointWork(connections, services: services, settings: settings, status: status).run(until: stop)
      }
      try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        stop.set()
        graphQL.prepareToStop()
        services.stop()
        flow.close()
      }
    }
  }

  private static func server(
    _ services: EndpointServices, _ settings: EndpointSettings, _ status: ServiceStatus
  ) throws -> GraphQLServer<BankSchema.Engine> {
    let engine = try BankSchema.engine(settings) { error, shown in
      let path = (shown.path ?? []).map { element in
        switch element {
        case .key(let key): key
        case .index(let index): String(index)
        }
      }
      status.metrics.add(to: "bank_internal_errors_total")
      status.log("internal error at \(path.joined(separator: ".")): \(error)")
    }
    return GraphQLServer(
      service: engine, limits: settings.server, origins: AllowedOrigins(settings.allowedOrigins.joined(separator: ",")),
      graphiQL: settings.servesGraphiQL ? .on(assets: settings.graphiQLAssets) : .off, hooks: hooks(status.metrics)
    ) { client in
      EndpointContext(services: services, remoteAddress: client.remoteAddress, isGET: client.method == .get)
    }
  }

  private static func hooks(_ metrics: Metrics) -> GraphQLServerHooks {
    let open = Gauges(metrics)
    return GraphQLServerHooks(
      connectionsChanged: { transport, change in
        open.change("bank_graphql_connections", transport.rawValue, by: change)
      },
      subscriptionsChanged: { open.change("bank_graphql_operations", "stream", by: $0) },
      slowClientDropped: { transport in
        metrics.add(to: "bank_slow_clients_total", ["transport": transport.rawValue])
      },
      requestAnswered: { transport, status in
        metrics.add(to: "bank_requests_total", ["transport": transport.rawValue, "status": String(status)])
      })
  }
}

/// Gauges that are told about changes.
private final class Gauges: Sendable {
  private let metrics: Metrics
  private let values = Mutex<[String: Int]>([:])

  init(_ metrics: Metrics) { self.metrics = metrics }

  func change(_ name: String, _ transport: String, by change: Int) {
    // Inside of the lock, so that the last value is the one that stays.
    values.withLock { values in
      values["\(name) \(transport)", default: 0] += change
      metrics.set(name, ["transport": transport], to: values["\(name) \(transport)", default: 0])
    }
  }
}
