// Transfers and deposits.

const { Transfer } = await load("money");
const { mostUnresolved, Payments } = await load("payments");
const { transferForm } = await load("transfer-form");
const { depositForm } = await load("deposit-form");
const { NoAnswer } = await load("graphql");

const ten = { token: "t", cents: "10", from: "a", to: "b", description: "" };
const moved = { data: { transfer: { success: true, reason: null } } };
const uuidsOf = (socket) => asked(socket).map(({ payload }) => payload.variables.uuid);

/// What the forms of a client get, on a connection that is live.
function clientContext(sockets) {
  const client = live(sockets);
  return { client, payments: new Payments(client), session: { account: { iban: "a", token: "t", username: "n" } } };
}

tests.push(
  ["a transfer without an answer is asked for again under its id", withSockets(async (sockets) => {
    const client = live(sockets);
    const waits = [];
    const transfer = new Transfer(client, { token: "t", cents: "1", from: "a", to: "b", description: "" });
    const result = transfer.result((tries) => waits.push(tries));
    for (const [count, code] of [[1, "TIMEOUT"], [2, "UNAVAILABLE"]]) {
      await until(() => asked(sockets[0]).length === count);
      sockets[0].replies(failure(code));
    }
    await until(() => asked(sockets[0]).length === 3);
    sockets[0].replies({ data: { transfer: { success: true, reason: null } } });
    same([await result, waits], [{ success: true, reason: null }, [1, 2]]);
    same(new Set(uuidsOf(sockets[0])).size, 1, "ids");
    const other = new Transfer(client, ten).result().catch((error) => error.code);
    sockets[0].replies(failure("RATE_LIMITED"));
    same(await other, "RATE_LIMITED", "what is no wait is told at once");
  })],
  ["once a transfer was asked for without an answer, no error says that it was not made", withSockets(
    async (sockets) => {
      const client = live(sockets);
      for (const code of ["RATE_LIMITED", "CANCELLED", "INTERNAL"]) {
        const result = new Transfer(client, ten).result().catch((error) => error.name);
        const before = asked(sockets[0]).length;
        sockets[0].replies(failure("TIMEOUT"));
        await until(() => asked(sockets[0]).length > before);
        sockets[0].replies(failure(code));
        same(await result, "NoAnswer", `TIMEOUT, then ${code}`);
      }
      const cancelled = new Transfer(client, ten).result().catch((error) => error.name);
      sockets[0].replies(failure("CANCELLED"));
      same(await cancelled, "NoAnswer", "CANCELLED at once");
      const nothing = new Transfer(client, ten).result();
      const before = asked(sockets[0]).length;
      sockets[0].replies({ data: { transfer: null } });
      await until(() => asked(sockets[0]).length > before);
      sockets[0].replies(moved);
      same((await nothing).success, true, "asked again after no result");
      const lost = new Transfer(client, ten).result().catch((error) => error.name);
      sockets[0].breaks();
      client.hurry();
      sockets[1].opens();
      sockets[1].says({ type: "connection_ack" });
      sockets[1].replies(failure("RATE_LIMITED"));
      same(await lost, "NoAnswer", "refused after a reconnect");
    })],
  ["a press with the same fields asks about the transfer whose outcome is not known", withSockets(async (sockets) => {
    const context = clientContext(sockets);
    const form = transferForm(context);
    const [amount, to, description] = form.element.querySelectorAll("input");
    const press = (cents, words) => {
      Object.assign(amount, { value: cents });
      Object.assign(to, { value: "b" });
      Object.assign(description, { value: words });
      form.element.querySelector("a").click();
    };
    const result = () => form.element.querySelector("#transfer-result").textContent;
    const inPage = document.body.appendChild(form.element);
    try {
      press("10", "rent");
      sockets[0].replies(failure("CANCELLED"));
      await until(() => result().includes("Whether €0,10 went to b is not known"));
      press(" 010", "rent ");
      press("10", "rent");
      same(asked(sockets[0]).length, 2, "asked for, though one is on its way");
      sockets[0].replies(failure("RATE_LIMITED"));
      await until(() => result().includes("is not known"));
      press("10", "another");
      sockets[0].replies(failure("RATE_LIMITED"));
      await until(() => result().includes("Not transferred"));
      holds(result().includes("is not known"), "the first one is forgotten");
      press("ten", "another");
      holds(!result().includes("Not transferred"), "an old refusal stands beside a new one");
      const uuids = uuidsOf(sockets[0]);
      same(uuids.map((uuid) => uuids.indexOf(uuid)), [0, 0, 2], "ids");
      press("10", "rent");
      sockets[0].replies(moved);
      await until(() => result().includes("€0,10 transferred."));
      same([uuidsOf(sockets[0])[3], amount.value, result()], [uuids[0], "", "€0,10 transferred.Ask again"]);
      press("10", "rent");
      holds(!uuids.includes(uuidsOf(sockets[0])[4]), "one that is known is a new one");
    } finally {
      form.stop();
      inPage.remove();
    }
  })],
  ["deposits whose outcome is not known keep their lines and ids, whatever is shown meanwhile", withSockets(
    async (sockets) => {
      const context = clientContext(sockets);
      const first = depositForm(context);
      const button = (form, cents) => form.element.querySelector(`#deposit-${cents}`);
      button(first, 1000).click();
      button(first, 2000).click();
      button(first, 1000).click();
      same(new Set(uuidsOf(sockets[0])).size, 3, "each press is a deposit");
      for (const { id } of asked(sockets[0])) sockets[0].says({ type: "next", id, payload: failure("CANCELLED") });
      const unknown = (form) => [...form.element.querySelectorAll(".outcome")]
        .filter((line) => !line.querySelector("button").hidden);
      await until(() => unknown(first).length === 3);
      first.stop();
      context.payments.forgetResolved();
      holds(context.payments.hasUnresolved, "logging out loses them");
      same(depositForm({ ...context, session: { account: { iban: "other" } } }).element
        .querySelectorAll(".outcome").length, 0, "lines for another account");
      const second = depositForm(context);
      same(unknown(second).map((line) => line.querySelector("p").textContent.slice(0, 15)),
        ["Whether €10,00 ", "Whether €20,00 ", "Whether €10,00 "]);
      unknown(second)[1].querySelector("button").click();
      sockets[0].replies(moved);
      await until(() => unknown(second).length === 2);
      button(second, 1000).click();
      sockets[0].replies(moved);
      await until(() => unknown(second).length === 1);
      unknown(second)[0].querySelector("button").click();
      sockets[0].replies({ data: { transfer: { success: false, reason: "no" } } });
      await until(() => !context.payments.hasUnresolved);
      const uuids = uuidsOf(sockets[0]);
      same(uuids.map((uuid) => uuids.indexOf(uuid)), [0, 1, 2, 1, 0, 2], "ids");
      for (let press = 0; press < mostUnresolved + 5; press++) button(second, 5000).click();
      same(new Set(uuidsOf(sockets[0])).size, 3 + mostUnresolved, "at the limit");
      holds(second.element.textContent.includes("Too many payments"), "nothing is said of the limit");
      second.stop();
    })],
);
