// What the tests of the page's modules share. server_tests.py puts these files together and runs them in the page: this
// one first, each of the others in a block of its own. Each test is [name, function]; failures are thrown.

const tests = [];
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
const asked = (socket) => socket.sent.filter(({ type }) => type === "subscribe");
const failure = (code) => ({ errors: [{ message: "not now", extensions: { code } }] });

const { GraphQLClient, limits } = await load("graphql");

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

/// Runs all tests; gives their outcomes.
async function outcomes() {
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
}
