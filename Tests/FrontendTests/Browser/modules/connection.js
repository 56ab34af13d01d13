// The connection to the bank.

const { GraphQLFailure, NoAnswer } = await load("graphql");

tests.push(
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
);
