import BankSupport

/// The page: what a person sees of the bank. A file server; the page itself talks to the GraphQL endpoint.
public enum FrontendService {
  /// The name of the service in run.json, logs and metrics.
  public static let name = "frontend"

  /// Serves the page on `ports.page` until the process is asked to stop.
  ///
  /// - Throws: `SupportError` when the page's files are not beside the program, or the port is taken.
  public static func run(_ environment: BankEnvironment) async throws {
    let server = PageServer(
      files: try PageFiles.ofThisBuild(), reports: .standard(home: environment.home),
      graphQLPort: environment.ports.graphQL, allowedOrigins: environment.allowedOrigins)
    let host = ServiceHost(
      name: name, address: environment.bindAddress, port: environment.ports.page,
      mount: { $0.add(middleware: PageMiddleware(server: server)) })
    let health = host.health
    try await host.run {
      health.ready()
      while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
    }
  }
}
