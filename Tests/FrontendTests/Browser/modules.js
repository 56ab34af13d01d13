// Tests of the page's modules, run in the page by server_tests.py. Each is [name, function]; failures are thrown.

const load = (name) => import(`/modules/${name}.js`);
const same = (found, wanted, what = "") => {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what} is ${one}, not ${other}`);
};
const holds = (condition, what) => {
  if (!condition) throw new Error(what);
};
/// Without its number, as the page gets them.
const row = (event, more = {}) => ({ event_id: `event ${event}`, ...more });
const events = (rows) => rows.map(({ event_id }) => Number(event_id.replace("event ", "")));

const { eurosOfCents, ibanGroups, count, rate } = await load("format");
const { backoffMillis, longestMillis, firstMillis } = await load("backoff");
const { mergeRows, RowWindow } = await load("rows");
const { newUUID } = await load("uuid");
const { parseRoute, routeTo } = await load("router");
const { matching, pageOf } = await load("accounts");
const { fieldVariables, fields } = await load("fields");
const { Preferences } = await load("preferences");
const { lengthProblem, Transfer } = await load("money");
const { mostUnresolved, Payments } = await load("payments");
const { transferForm } = await load("transfer-form");
const { depositForm } = await load("deposit-form");
const { GraphQLClient, GraphQLFailure, NoAnswer, limits } = await load("graphql");
const { liveRows } = await load("live-rows");
const { flowGraph } = await load("flow-graph");
const { layoutFlow, pathOf } = await load("flow-layout");
const { dotSpeed, thickness } = await load("flow-picture");
const { nameLines } = await load("flow-words");
const { accountNumber } = await load("account-number");

const tests = [
  ["cents are written as the bank writes euros", () => {
    const table = { "0": "€0,00", "5": "€0,05", "1000": "€10,00", "123456": "€1.234,56", "-50000": "€-500,00",
      "100000000000000000": "€1.000.000.000.000.000,00", "9007199254740993": "€90.071.992.547.409,93",
      "-1": "€-0,01", "007": "€0,07" };
    for (const [cents, euros] of Object.entries(table)) same(eurosOfCents(cents), euros, cents);
    for (const wrong of ["", "1,5", "1.5", "ten", "1e3", "- 1", "12345678901234567890", " 1"]) {
      same(eurosOfCents(wrong), null, wrong);
    }
  }],
  ["account numbers are grouped, names are not", () => {
    same(ibanGroups("NL66OPEN0000000000"), ["NL66", "OPEN", "0000", "0000", "00"]);
    for (const name of ["cash", "Albert Heijn BV", "", "NL66 OPEN"]) same(ibanGroups(name), null, name);
    same(accountNumber("NL66OPEN0000000000").textContent, "NL66OPEN0000000000", "what is copied");
    same(accountNumber("<b>x</b>").textContent, "<b>x</b>", "a name with markup");
    same(accountNumber("<b>x</b>").children.length, 0, "elements made of a name");
  }],
  ["counts and rates are short and never lie about zero", () => {
    same([0, 999, 1000, 1234567].map(count), ["0", "999", "1\u202f000", "1\u202f234\u202f567"]);
    same([0, 0.01, 0.4, 1, 9.94, 9.96, 120.4, 1250].map(rate),
      ["0", "<0.1", "0.4", "1", "9.9", "10", "120", "1\u202f250"]);
  }],
  ["waits double, have an end, and half of them is chance", () => {
    same(backoffMillis(0, () => 0), firstMillis / 2);
    same(backoffMillis(1, () => 0.5), firstMillis * 1.5);
    same(backoffMillis(99, () => 0.999999), longestMillis);
    same(backoffMillis(99, () => 0), longestMillis / 2);
    for (let attempt = 1; attempt < 12; attempt++) {
      holds(backoffMillis(attempt, () => 0) >= backoffMillis(attempt - 1, () => 0), `attempt ${attempt} is shorter`);
    }
  }],
  ["rows of an answer and rows told of are one list, newest first, none twice", () => {
    same(events(mergeRows([row(2), row(1)], [row(4), row(3), row(2)], 10)), [4, 3, 2, 1]);
    same(events(mergeRows([row(3), row(2), row(1)], [row(4)], 3)), [4, 3, 2], "at the limit");
    same(events(mergeRows([row(9), row(8)], [row(8), row(2), row(1)], 2)), [9, 8], "told of late, and too old");
    same(mergeRows([row(1, { descr: "old" })], [row(1, { descr: "new" })], 3), [row(1, { descr: "new" })]);
  }],
  ["no row is lost or doubled over a reconnect, whenever the answer comes", () => {
    // What happens while away is in the answer alone; what happens around the answer may come both ways.
    for (const place of [0, 1, 2, 3]) {
      const window = new RowWindow(4);
      window.connected();
      window.happened(row(1));
      window.answered([row(1)]);
      window.connected();
      const steps = [4, 5, 6];
      steps.splice(place, 0, "answer");
      for (const step of steps) {
        if (step === "answer") window.answered([row(5), row(4), row(3), row(2)]);
        else window.happened(row(step));
      }
      same(events(window.rows), [6, 5, 4, 3], steps.join());
    }
  }],
  ["rows told of long after the answer are put right when one of its rows comes", () => {
    const window = new RowWindow(3);
    window.connected();
    window.answered([row(9), row(8), row(7)]);
    for (const late of [5, 6, 7]) window.happened(row(late));
    same(events(window.rows), [9, 8, 7]);
    for (const next of [8, 9, 10, 10]) window.happened(row(next));
    same(events(window.rows), [10, 9, 8]);
    for (const next of [11, 12, 13, 14, 15]) window.happened(row(next));
    same(events(window.rows), [15, 14, 13], "more than the limit since the answer");
  }],
  ["rows from before a reconnect go when the answer has others", () => {
    const window = new RowWindow(3);
    window.answered([row(2), row(1)]);
    window.connected();
    same(events(window.rows), [2, 1], "until then they stay");
    window.answered([row(40), row(30), row(20)]);
    same(events(window.rows), [40, 30, 20]);
    window.answered([row(41), row(40), row(30)]);
    same(events(window.rows), [41, 40, 30], "a second look");
  }],
  ["ids are version 4 and use every byte that they are given", () => {
    same(newUUID((bytes) => bytes.fill(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    same(newUUID((bytes) => bytes.fill(0)), "00000000-0000-4000-8000-000000000000");
    same(new Set(Array.from({ length: 1000 }, () => newUUID())).size, 1000, "different ones of 1000");
  }],
  ["views are named in the address and back", () => {
    const { name, item, query } = parseRoute("#/bank-employee/NL66OPEN0000000000?page=2&filter=a%20b");
    same([name, item, query.get("page"), query.get("filter")], ["bank-employee", "NL66OPEN0000000000", "2", "a b"]);
    for (const home of ["", "#", "#/"]) same(parseRoute(home).name, "", home);
    same(routeTo("bank-employee", "", { page: 3, filter: "a b&c" }), "#/bank-employee?page=3&filter=a+b%26c");
    same(routeTo("bank-employee", "", { page: "", filter: "" }), "#/bank-employee");
    same(parseRoute("#/%E0%A4%A").name, "%E0%A4%A", "an escape that is none");
  }],
  ["accounts are found by what is shown of them, twenty a page", () => {
    const accounts = Array.from({ length: 45 }, (_, index) => ({ iban: `NL${10 + index}OPEN00`, from_to: "cash" }));
    accounts[7].from_to = "Albert Heijn BV";
    same(matching(accounts, "albertHEIJN").length, 1);
    same(matching(accounts, "nl12 open").length, 1);
    same(matching(accounts, "  ").length, 45);
    same([pageOf(accounts, 1).rows.length, pageOf(accounts, 3).rows.length, pageOf(accounts, 3).pages], [20, 5, 3]);
    same([pageOf(accounts, 99).page, pageOf(accounts, -1).page, pageOf(accounts, NaN).page], [3, 1, 1]);
    same([pageOf([], 1).pages, pageOf([], 1).rows], [1, []]);
  }],
  ["a field is asked for when it is wanted", () => {
    const variables = fieldVariables(new Set(["amount"]));
    same(Object.entries(variables).filter(([, wanted]) => wanted), [["amount", true]]);
    same(Object.keys(variables).length, fields.length);
  }],
  ["what to show is remembered, and nonsense in the store is not believed", () => {
    const store = new Map();
    const storage = { getItem: (key) => store.get(key) ?? null, setItem: (key, value) => store.set(key, value) };
    const first = new Preferences(storage);
    first.setRows(50);
    first.toggle("own", true);
    first.toggle("balance", false);
    const again = new Preferences(storage);
    same([again.rows, again.shown.has("own"), again.shown.has("balance")], [50, true, false]);
    for (const nonsense of ["{", "null", "7", '{"rows":7,"fields":"all"}']) {
      store.set([...store.keys()][0], nonsense);
      same(new Preferences(storage).rows, 10, nonsense);
    }
  }],
  ["names and passwords are counted in characters", () => {
    same(lengthProblem("A name", "12345678", 100), null);
    same(lengthProblem("A name", "é👍345678", 100), null);
    holds(lengthProblem("A name", "1234567", 100).includes("at least 8"), "seven");
    holds(lengthProblem("A name", "x".repeat(101), 100).includes("100"), "101");
  }],
  ["the flow's layers follow the money", () => {
    const { nodes, arrows, unused } = flowGraph(topology);
    const layer = (name, kind) => nodes.find((node) => node.name === name && node.kind === kind).layer;
    same(["heartbeat", "generator", "handler", "endpoint", "audit"].map((name) => layer(name, "service")),
      [0, 2, 4, 6, 6]);
    same(["heartbeat", "command", "answer"].map((name) => layer(name, "topic")), [1, 3, 5]);
    same(unused, ["meta"]);
    const shared = arrows.filter(({ isShared }) => isShared).map(({ from, to }) => `${from} > ${to}`);
    same(shared, ["service generator > topic command", "service endpoint > topic command"]);
    same(arrows.filter(({ looks }) => looks).length, 3, "arrows to the audit");
    same(flowGraph({}).nodes, [], "nothing at all");
  }],
  ["the flow fits its width, and no two parts overlap", () => {
    same([300, 1000, 1200].map((width) => layoutFlow(topology, width).isWide), [false, false, true]);
    for (const available of [300, 358, 600, 860, 1000, 1141, 1142, 1200]) {
      const { nodes, arrows, height, width } = layoutFlow(topology, available);
      holds(width <= available, `${width} of ${available}`);
      for (const [index, one] of nodes.entries()) {
        holds(one.x >= 0 && one.x + one.width <= width && one.y >= 0 && one.y + one.height <= height,
          `${one.id} stands outside at ${width}`);
        for (const other of nodes.slice(index + 1)) {
          holds(one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y
            || other.y + other.height <= one.y, `${one.id} is on ${other.id} at ${width}`);
        }
      }
      for (const arrow of arrows) {
        holds(arrow.points.every(([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height),
          `${arrow.id} leaves the picture at ${width}`);
        holds(!pathOf(arrow).includes("NaN"), `${arrow.id} has no path at ${width}`);
      }
    }
  }],
  ["dots stand still at zero and are faster the more there is", () => {
    same([dotSpeed(0), dotSpeed(-1)], [0, 0]);
    const rates = [0.1, 1, 10, 100, 1000];
    holds(rates.every((one, index) => index === 0 || dotSpeed(one) > dotSpeed(rates[index - 1])), "speeds do not rise");
    holds(dotSpeed(1e9) <= 150 && thickness(1e9) <= 5, "there is no end to it");
  }],
  ["what was asked is asked again on a new connection, and subscriptions go on", withSockets(async (sockets) => {
    const client = new GraphQLClient("ws://bank/graphql");
    const states = [];
    client.addEventListener("state", () => states.push(client.state));
    client.connect();
    let started = 0;
    const rows = [];
    const stop = client.subscribe("subscription", { a: 1 }, {
      started: () => (started += 1), next: (data) => rows.push(data), failed: () => {},
    });
    const answer = client.ask("mutation", { uuid: "u" });
    same(sockets[0].protocol, "graphql-transport-ws");
    sockets[0].opens();
    same(sockets[0].sent, [{ type: "connection_init" }], "nothing is asked before the bank has acknowledged");
    sockets[0].says({ type: "connection_ack" });
    const [subscribed, asked] = sockets[0].sent.slice(1);
    same([subscribed.payload, asked.payload],
      [{ query: "subscription", variables: { a: 1 } }, { query: "mutation", variables: { uuid: "u" } }]);
    sockets[0].says({ type: "next", id: subscribed.id, payload: { data: 1 } });
    sockets[0].breaks();
    client.hurry();
    sockets[1].opens();
    sockets[1].says({ type: "connection_ack" });
    same(sockets[1].sent.slice(1).map(({ payload }) => payload), [subscribed.payload, asked.payload], "asked again");
    sockets[1].says({ type: "next", id: asked.id, payload: { data: { done: true } } });
    sockets[1].says({ type: "complete", id: asked.id });
    same(await answer, { done: true });
    sockets[1].says({ type: "next", id: subscribed.id, payload: { data: 2 } });
    stop();
    same(sockets[1].sent.at(-1), { id: subscribed.id, type: "complete" });
    sockets[1].says({ type: "next", id: subscribed.id, payload: { data: 3 } });
    same([rows, started, states], [[1, 2], 2, ["connecting", "live", "waiting", "connecting", "live"]]);
  })],
  ["a connection on which nothing is heard is asked, then given up", withSockets(async (sockets) => {
    Object.assign(limits, { quietMillis: 20, pongMillis: 20 });
    const client = new GraphQLClient("ws://bank/graphql");
    client.connect();
    sockets[0].opens();
    sockets[0].says({ type: "connection_ack" });
    await until(() => sockets[0].sent.some(({ type }) => type === "ping"));
    sockets[0].says({ type: "pong" });
    same(client.state, "live");
    await until(() => client.state !== "live");
    same(sockets[0].closedWith, 4499);
    await until(() => sockets.length === 2);
  })],
  ["a bank that does not acknowledge is left", withSockets(async (sockets) => {
    limits.ackMillis = 20;
    const client = new GraphQLClient("ws://bank/graphql");
    client.connect();
    sockets[0].opens();
    await until(() => sockets[0].closedWith === 4408);
    sockets[0].breaks();
    await until(() => sockets.length === 2);
  })],
  ["the bank's pings are answered, its errors have their code, and there is an end to waiting", withSockets(
    async (sockets) => {
      const client = live(sockets);
      sockets[0].says({ type: "ping" });
      same(sockets[0].sent.at(-1), { type: "pong" });
      const refused = client.ask("query").catch((error) => error);
      sockets[0].replies({ errors: [{ message: "no", extensions: { code: "BAD_INPUT" } }] });
      const failure = await refused;
      same([failure instanceof GraphQLFailure, failure.message, failure.code], [true, "no", "BAD_INPUT"]);
      const invalid = client.ask("query").catch((error) => error.message);
      sockets[0].says({ type: "error", id: sockets[0].sent.at(-1).id, payload: [{ message: "no such field" }] });
      same(await invalid, "no such field");
      const late = await client.ask("query", {}, { timeoutMillis: 20 }).catch((error) => error);
      holds(late instanceof NoAnswer, "it waits on");
      same(sockets[0].sent.at(-1).type, "complete", "the bank is told that nobody waits");
      sockets[0].says("no JSON");
    })],
  ["a transfer without an answer is asked for again under its id", withSockets(async (sockets) => {
    const client = live(sockets);
    const waits = [];
    const transfer = new Transfer(client, { token: "t", cents: "1", from: "a", to: "b", description: "" });
    const result = transfer.result((tries) => waits.push(tries));
    const asked = () => sockets[0].sent.filter(({ type }) => type === "subscribe");
    for (const [count, code] of [[1, "TIMEOUT"], [2, "UNAVAILABLE"]]) {
      await until(() => asked().length === count);
      sockets[0].replies({ errors: [{ message: "not yet", extensions: { code } }] });
    }
    await until(() => asked().length === 3);
    sockets[0].replies({ data: { transfer: { success: true, reason: null } } });
    same([await result, waits], [{ success: true, reason: null }, [1, 2]]);
    same(new Set(asked().map(({ payload }) => payload.variables.uuid)).size, 1, "ids");
    const other = new Transfer(client, ten).result().catch((error) => error.code);
    sockets[0].replies({ errors: [{ message: "no", extensions: { code: "RATE_LIMITED" } }] });
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
  ["rows that the bank cannot give yet are asked for until it can", withSockets(async (sockets) => {
    const client = live(sockets);
    const seen = [];
    const failures = [];
    const stop = liveRows(client, {
      iban: "NL66OPEN0000000000", limit: 5, wanted: new Set(["amount"]), changed: (rows) => seen.push(events(rows)),
      failed: (error) => failures.push(error?.message ?? null),
    });
    const subscription = sockets[0].sent.at(-2).id;
    sockets[0].replies({ errors: [{ message: "starting" }] });
    await until(() => failures.length === 1);
    sockets[0].says({ type: "next", id: subscription, payload: { data: { stream_transactions: row(2) } } });
    const count = sockets[0].sent.length;
    await until(() => sockets[0].sent.slice(count).some(({ type }) => type === "subscribe"));
    sockets[0].replies({ data: { transactions_by_iban: [row(2), row(1)] } });
    await until(() => seen.length === 2);
    same([seen, failures], [[[2], [2, 1]], ["starting", null]]);
    const { variables } = sockets[0].sent.filter(({ type }) => type === "subscribe").at(-1).payload;
    same([variables.amount, variables.balance, variables.limit], [true, false, 5]);
    holds(asked(sockets[0]).every(({ payload }) => !/\bid\b/.test(payload.query)), "numbers of rows are asked for");
    stop();
  })],
  ["long names break where their words end", () => {
    same(nameLines("account_creation_confirmed", 18), ["account_creation_", "confirmed"]);
    same(nameLines("heartbeat", 18), ["heartbeat"]);
    same(nameLines("command_handler", 3), ["command_", "handler"]);
  }],
];

const ten = { token: "t", cents: "10", from: "a", to: "b", description: "" };
const moved = { data: { transfer: { success: true, reason: null } } };
const failure = (code) => ({ errors: [{ message: "not now", extensions: { code } }] });
const asked = (socket) => socket.sent.filter(({ type }) => type === "subscribe");
const uuidsOf = (socket) => asked(socket).map(({ payload }) => payload.variables.uuid);

/// What the forms of a client get, on a connection that is live.
function clientContext(sockets) {
  const client = live(sockets);
  return { client, payments: new Payments(client), session: { account: { iban: "a", token: "t", username: "n" } } };
}

const topology = {
  services: [
    { name: "heartbeat", consumes: [], produces: ["heartbeat"], databases: {} },
    { name: "generator", consumes: ["heartbeat", "answer"], produces: ["command"], databases: {} },
    { name: "handler", consumes: ["command"], produces: ["answer"], databases: { store: "write" } },
    { name: "endpoint", consumes: ["answer"], produces: ["command"], databases: { rows: "write" } },
    { name: "audit", consumes: ["command", "answer"], produces: [], databases: { store: "read" } },
  ],
  topics: ["heartbeat", "command", "answer", "meta"].map((name) => ({ name, partitions: 1 })),
  databases: ["store", "rows"],
};

/// Runs a test with sockets of its own in place of the browser's, and with the limits as they were afterwards.
function withSockets(test) {
  return async () => {
    const [real, before] = [window.WebSocket, { ...limits }];
    const sockets = [];
    window.WebSocket = class {
      static OPEN = 1;
      readyState = 0;
      sent = [];
      closedWith = null;
      constructor(url, protocol) {
        this.protocol = protocol;
        sockets.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close(code) {
        this.closedWith = code;
        this.readyState = 2;
      }
      opens() {
        this.readyState = 1;
        this.onopen();
      }
      says(message) {
        this.onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
      }
      breaks() {
        this.readyState = 3;
        this.onclose();
      }
      /// Answers the latest question, and ends it.
      replies(payload) {
        const { id } = this.sent.filter(({ type }) => type === "subscribe").at(-1);
        this.says({ type: "next", id, payload });
        this.says({ type: "complete", id });
      }
    };
    try {
      await test(sockets);
    } finally {
      Object.assign(limits, before);
      window.WebSocket = real;
    }
  };
}

function live(sockets) {
  const client = new GraphQLClient("ws://bank/graphql");
  client.connect();
  sockets[0].opens();
  sockets[0].says({ type: "connection_ack" });
  return client;
}

async function until(probe) {
  const limit = Date.now() + 10_000;
  while (!probe()) {
    if (Date.now() > limit) throw new Error(`not in time: ${probe}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const results = [];
for (const [name, test] of tests) {
  try {
    await test();
    results.push({ name });
  } catch (error) {
    results.push({ name, failure: String(error?.stack ?? error) });
  }
}
return results;
