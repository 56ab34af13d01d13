import Foundation
import Testing

/// `Examples/Payments` as it stands: a copy of it is built, run, refused a change that breaks its contract, and built
/// again with one that does not. One build folder for all of it, because a first build takes most of the time.
@Suite struct ExampleTests {
  private static let lastField = #"{ "name": "note", "type": ["null", "string"], "default": null }"#

  @Test(.timeLimit(.minutes(10))) func paymentsRunsAndIsHeldToItsHistory() async throws {
    let package = try ClientPackage(copyOf: "Payments", target: "Payments")
    defer { package.remove() }
    let schema = try String(contentsOf: package.target.appending(path: "Payment.avsc"), encoding: .utf8)
    try #require(schema.contains(Self.lastField))

    let run = try await package.swift(["run", "payments-demo"])
    try #require(run.status == 0, "\(run.output.suffix(4000))")
    let expected = try promised()
    #expect(run.output.contains(expected), "\(run.output.suffix(2000))")

    let field = #"{ "name": "channel", "type": "string" }"#
    try package.write(schema.replacing(Self.lastField, with: "\(Self.lastField),\n    \(field)"), to: "Payment.avsc")
    let refused = try await package.build()
    #expect(refused.status != 0)
    let place = package.target.appending(path: "Payment.avsc").path + ":13:15: error: "
    #expect(refused.output.contains(place), "\(refused.output.suffix(2000))")
    #expect(
      refused.output.contains("READER_FIELD_MISSING_DEFAULT_VALUE at /fields/5"), "\(refused.output.suffix(2000))")

    let legal = field.replacing(" }", with: #", "default": "web" }"#)
    try package.write(schema.replacing(Self.lastField, with: "\(Self.lastField),\n    \(legal)"), to: "Payment.avsc")
    let built = try await package.build()
    #expect(built.status == 0, "\(built.output.suffix(2000))")
  }

  /// What the example's own page says that it prints.
  private func promised() throws -> String {
    let page = ClientPackage.repository.appending(path: "Examples/Payments/README.md")
    let blocks = try String(contentsOf: page, encoding: .utf8).split(separator: "```text\n").dropFirst()
    return String(try #require(blocks.first?.split(separator: "```").first))
  }
}
