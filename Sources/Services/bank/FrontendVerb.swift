import ArgumentParser
import FrontendService

struct FrontendVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: FrontendService.name, abstract: "Serve the page; it finds the GraphQL endpoint on its own host name.",
    discussion: "Files below <home>/reports are served too, under /reports/.")

  @OptionGroup var options: HomeOptions

  func perform() async throws { try await FrontendService.run(try options.environment()) }
}
