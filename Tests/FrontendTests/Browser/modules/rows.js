// Rows of accounts.

const { mergeRows, mostRows, RowWindow } = await load("rows");
const { Preferences } = await load("preferences");
const { liveRows } = await load("live-rows");
const { transactionList } = await load("transaction-list");

/// Rows with the numbers from the first down to the last.
const rowsOf = (first, last) => Array.from({ length: first - last + 1 }, (_, index) => row(first - index));
const answerTo = (socket, rows) => socket.replies({ data: { transactions_by_iban: rows } });
const lastVariables = (socket) => asked(socket).at(-1).payload.variables;

tests.push(
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
  ["rows that the bank cannot give yet are asked for until it can", withSockets(async (sockets) => {
    const client = live(sockets);
    const seen = [];
    const failures = [];
    const { stop } = liveRows(client, {
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
    same([variables.amount, variables.balance, variables.limit, variables.before], [true, false, 5, null]);
    holds(asked(sockets[0]).every(({ payload }) => !/\bid\b/.test(payload.query)), "numbers of rows are asked for");
    stop();
  })],
  ["older rows follow those that are shown, and stay while new ones come", () => {
    const window = new RowWindow(3);
    window.answered(rowsOf(9, 7));
    holds(window.hasOlder, "as many as were asked for: there may be more");
    window.happened(row(10));
    same(events(window.rows), [10, 9, 8], "the oldest makes room");
    window.grow();
    same(events(window.rows), [10, 9, 8], "what is shown");
    window.happened(row(11));
    same(window.older(row(8), rowsOf(7, 5), 3), true);
    same(events(window.rows), [11, 10, 9, 8, 7, 6, 5]);
    for (const next of [12, 13, 12]) window.happened(row(next));
    same(events(window.rows), [13, 12, 11, 10, 9, 8, 7, 6, 5], "none has gone");
    same(window.older(row(5), [row(4)], 3), true);
    same([events(window.rows).at(-1), window.hasOlder], [4, false], "fewer than were asked for: that was all");
    window.answered(rowsOf(14, 12), 3);
    same([events(window.rows), window.hasOlder], [[14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4], false], "a second look");
  }],
  ["after a reconnect older rows stay when nothing lies between, and go when something may", () => {
    const window = new RowWindow(2);
    window.answered(rowsOf(9, 8));
    window.grow();
    window.older(row(8), rowsOf(7, 6), 2);
    window.connected();
    window.answered(rowsOf(10, 9), 2);
    same(events(window.rows), [10, 9, 8, 7, 6]);
    window.connected();
    window.answered(rowsOf(20, 19), 2);
    same([events(window.rows), window.hasOlder], [[20, 19], true]);
    same(window.older(row(6), rowsOf(5, 4), 2), false, "an answer about rows that have gone");
    same(events(window.rows), [20, 19]);
  }],
  ["there is an end to how many rows are shown", () => {
    const window = new RowWindow(250);
    window.answered(rowsOf(5000, 4751));
    window.grow();
    for (let last = 4751; window.rows.length < mostRows; last -= 250) {
      window.older(row(last), rowsOf(last - 1, last - 250), 250);
    }
    same([window.rows.length, window.hasOlder], [mostRows, true]);
    window.happened(row(5001));
    same([window.rows.length, events(window.rows)[0], events(window.rows).at(-1)], [mostRows, 5001, 4002]);
  }],
  ["rows told of past an answer leave no gap when older ones are asked for", () => {
    const window = new RowWindow(3);
    window.answered(rowsOf(9, 7));
    for (let next = 10; next <= 20; next++) window.happened(row(next));
    window.grow();
    same([events(window.rows), window.hasOlder], [[20, 19, 18], true], "9 would follow 18");
  }],
  ["older rows are asked for by the last row's event, as many as are chosen", withSockets(async (sockets) => {
    const client = live(sockets);
    const seen = [];
    const list = liveRows(client, {
      iban: "a", limit: 3, wanted: new Set(["amount"]),
      changed: (rows, hasOlder) => seen.push([events(rows), hasOlder]), failed: () => {},
    });
    const [subscription] = asked(sockets[0]).map(({ id }) => id);
    answerTo(sockets[0], rowsOf(9, 7));
    await until(() => seen.length === 1);
    const older = list.older();
    same([lastVariables(sockets[0]).before, lastVariables(sockets[0]).limit], ["event 7", 3]);
    sockets[0].says({ type: "next", id: subscription, payload: { data: { stream_transactions: row(10) } } });
    answerTo(sockets[0], rowsOf(6, 5));
    same(await older, 2);
    same(seen.at(-1), [[10, 9, 8, 7, 6, 5], false]);
    const refused = list.older().catch((error) => error.message);
    sockets[0].replies(failure("BAD_INPUT"));
    same(await refused, "not now");
    list.stop();
    const again = liveRows(client, {
      iban: "a", limit: 3, kept: 6, wanted: new Set(), changed: (rows) => seen.push(events(rows)), failed: () => {},
    });
    same(lastVariables(sockets[0]).limit, 6, "as many as were shown, with other fields");
    again.stop();
  })],
  ["the button for older rows keeps the focus near, says what came, and goes when that was all", withSockets(
    async (sockets) => {
      const client = live(sockets);
      const preferences = new Preferences(null);
      preferences.rows = 2;
      const said = [];
      const list = transactionList({ client, preferences, announce: (text) => said.push(text) }, { iban: "a" });
      document.body.append(list.element);
      const button = list.element.querySelector("#show-older");
      const shown = () => [...list.element.querySelectorAll(".row")].map((row) => row.dataset.event);
      try {
        holds(button.hidden, "it is there before there are rows");
        answerTo(sockets[0], rowsOf(9, 8));
        await until(() => !button.hidden);
        button.focus();
        button.click();
        button.click();
        same([asked(sockets[0]).length, button.getAttribute("aria-disabled")], [3, "true"], "pressed twice");
        answerTo(sockets[0], rowsOf(7, 6));
        await until(() => shown().length === 4);
        same([said, list.element.querySelectorAll(".fresh").length], [["2 older transactions"], 0]);
        await until(() => !button.hasAttribute("aria-disabled"));
        same([document.activeElement === button, button.hidden], [true, false]);
        button.click();
        sockets[0].replies(failure("UNAVAILABLE"));
        await until(() => list.element.querySelector(".problem").textContent.includes("older rows cannot be had"));
        await until(() => !button.hasAttribute("aria-disabled"));
        button.click();
        answerTo(sockets[0], [row(5)]);
        await until(() => button.hidden);
        await until(() => document.activeElement?.dataset?.event === "event 5");
        same([said.at(-1), list.element.querySelector(".problem").textContent], ["1 older transaction", ""]);
        preferences.toggle("own", true);
        same([lastVariables(sockets[0]).limit, lastVariables(sockets[0]).own], [5, true], "other fields of all rows");
        preferences.setRows(5);
        same(lastVariables(sockets[0]).limit, 5);
        preferences.setRows(10);
        same(lastVariables(sockets[0]).limit, 10, "another choice begins anew");
      } finally {
        list.stop();
        list.element.remove();
      }
    })],
);
