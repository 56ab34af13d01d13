import Foundation
import LoadRuns
import Testing

@testable import LoadTestService

/// What a browser makes of a page that does not do what it should: a page of its own, without a bank.
struct BrowserClientTests {
  private static let page = """
    <!doctype html><meta charset="utf-8">
    <form id="transfer-form"><div><input></div><div><input></div><div><input></div>
    <div><div><a href="#x">Transfer</a></div></div></form>
    <p id="transfer-result"></p><p id="deposit-result"></p><div id="transactions"></div>
    <script>
    let events = 0;
    const add = (amount, direction = "CREDIT", other = "cash") => document.querySelector("#transactions").insertAdjacentHTML(
      "afterbegin", `<div data-event="e${++events}"><div><div><p data-direction="${direction}"><span></span>`
        + `<span>${amount}</span></p></div><p>with ${other}</p></div></div>`);
    const say = (form, text) => { document.querySelector(`#${form}-result`).textContent = text; };
    const does = {
      1000: () => add("€10,00"),
      2000: () => say("deposit", "€20,00 not deposited: a reason"),
      5000: () => add("€50,00", "DEBIT"),
      10000: () => {},
      20000: () => { add("€100,00"); setTimeout(() => add("€200,00"), 20); },
    };
    for (const [cents, press] of Object.entries(does)) {
      document.body.insertAdjacentHTML("beforeend", `<button type="button" id="deposit-${cents}">${cents}</button>`);
      document.querySelector(`#deposit-${cents}`).addEventListener("click", press);
    }
    const reasons = ["insufficient funds", "insufficient funds", "another"];
    document.querySelector("a").addEventListener("click", () => {
      say("transfer", "Transferring");
      setTimeout(() => say("transfer", `Not transferred: ${reasons.shift()}. A hint`), 20);
    });
    </script>
    """

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil), .timeLimit(.minutes(5)))
  func whatThePageDoesWrongIsNoTimeOut() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let page = folder.appending(path: "page.html")
    try Data(Self.page.utf8).write(to: page)
    let program = try BrowserDriver(folder: folder.path)
    do {
      try await program.ready()
      let driver = try await program.open(0)
      try await driver.goTo(page.absoluteString)
      let client = BrowserClient(driver)
      func press(_ kind: InteractionKind, _ cents: Int, millis: Int = 20_000) async -> InteractionOutcome {
        var interaction = Interaction(number: 0, client: 0, refusedEvery: 0, hasWrongTokens: false)
        (interaction.kind, interaction.cents) = (kind, cents)
        return await client.perform(interaction, due: .now, deadline: .now + .milliseconds(millis))
      }
      func isGood(_ outcome: InteractionOutcome) -> Bool { outcome.latency != nil && outcome.failure == nil }
      #expect(isGood(await press(.deposit, 1_000)))
      #expect(await press(.deposit, 2_000).failure?.contains("not deposited: a reason") == true)
      #expect(await press(.deposit, 5_000).failure?.contains("should be CREDIT with cash") == true)
      let nothing = await press(.deposit, 10_000, millis: 1_000)
      #expect(nothing.latency == nil && nothing.failure == nil)
      // The late row of the one before comes first.
      #expect(isGood(await press(.deposit, 20_000)))
      #expect(isGood(await press(.deposit, 1_000)))
      _ = try await driver.script("add('€1,00')")
      #expect(await press(.deposit, 1_000).failure?.contains("1 rows came that nobody asked for") == true)
      for _ in 1...2 { #expect(isGood(await press(.insufficientFunds, 2_000_000_000))) }
      #expect(await press(.insufficientFunds, 2_000_000_000).failure?.contains("Not transferred: another") == true)
      // What was refused must not move.
      _ = try await driver.script("add('€20.000.000,00', 'DEBIT')")
      #expect(await press(.deposit, 1_000).failure?.contains("of what was refused") == true)
      await client.close()
      await program.stop()
    } catch {
      await program.stop()
      throw error
    }
  }
}
