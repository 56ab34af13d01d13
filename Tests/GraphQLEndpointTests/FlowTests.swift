import Definitions
import Foundation
import GraphQLServer
import JSONText
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: rates on topics")
struct FlowTests {
  @Test("one reads however many look, nobody when nobody does; rates follow the topics")
  func rates() async throws {
    let bank = try await EndpointBank.start()
    let flow = FlowFeed(kafka: bank.bank.kafka, topology: Topology.description, maxViewers: 3, maxViewersPerAddress: 2)
    #expect(!flow.isReading)
    let seen = await Events.of(try #require(flow.view(for: "1.1.1.1")))
    let other = await Events.of(try #require(flow.view(for: "1.1.1.1")))
    #expect(flow.view(for: "1.1.1.1") == nil, "an address has a share")
    let neighbour = await Events.of(try #require(flow.view(for: "2.2.2.2")))
    #expect(flow.view() == nil && flow.isReading, "all places are taken")
    await neighbour.cancel()
    try await eventually("a place is free") {
      guard let view = flow.view(for: "3.3.3.3") else { return false }
      withExtendedLifetime(view) {}
      return true
    }
    try await eventually("rates come") { await seen.rates.count == 1 }
    try await bank.bank.send(try await bank.events("NL1", 1...50))
    try await eventually("they are counted") {
      await seen.rates.last?["topics"]?["balance_changed"]?["records"] == .integer(50)
    }
    let fastest = await seen.rates.compactMap { rates -> Double? in
      guard case .double(let rate)? = rates["topics"]?["balance_changed"]?["perSecond"] else { return nil }
      return rate
    }.max()
    #expect(fastest ?? 0 > 1)
    #expect(await seen.names.prefix(2) == ["topology", "rates"])
    await seen.cancel()
    try await eventually("the other goes on") { await other.rates.count >= 3 }
    #expect(flow.isReading)
    await other.cancel()
    try await eventually("nobody reads") { !flow.isReading }
    let again = await Events.of(try #require(flow.view(for: "1.1.1.1")))
    try await eventually("it begins anew") { await again.rates.count == 1 }
    flow.close()
    try await eventually("all views have ended") { !flow.isReading }
  }

  private actor Events {
    private(set) var names: [String] = []
    private(set) var rates: [JSONValue] = []
    private var task: Task<Void, Never>?

    static func of(_ stream: AsyncStream<ServerSentEvent>) async -> Events {
      let events = Events()
      await events.begin(stream)
      return events
    }

    private func begin(_ stream: AsyncStream<ServerSentEvent>) {
      task = Task {
        for await event in stream {
          names.append(event.event ?? "")
          if event.event == "rates", let value = try? JSONValue(parsing: event.data) { rates.append(value) }
        }
      }
    }

    func cancel() { task?.cancel() }
  }
}
