// A GraphQL client over one WebSocket, by the sub-protocol graphql-transport-ws. It keeps the connection: what was
// asked and not answered is asked again after a reconnect, and subscriptions go on. So only what may be done twice may
// be asked through it; the bank's mutations may: a transfer has its own id, and an account is made once for a name.

import { backoffMillis } from "./backoff.js";

export const limits = {
  // From opening the socket to the bank's "connection_ack".
  ackMillis: 10_000,
  // A connection on which nothing was heard for this long is asked whether it is still there …
  quietMillis: 12_000,
  // … and is given up when it has not said so after this long.
  pongMillis: 8_000,
  // A connection that lived this long was a good one: the next wait is a short one again.
  goodMillis: 5_000,
  // Of a question, with all repeats.
  answerMillis: 30_000,
};

/// What the bank answered instead of data. `code` is the first error's, such as TIMEOUT, or "". `wasAskedBefore` says
/// that the same was sent on an earlier connection, where the bank may have done it.
export class GraphQLFailure extends Error {
  constructor(errors, wasAskedBefore = false) {
    const first = errors?.[0];
    super(first?.message || "the bank gave an error without words");
    this.name = "GraphQLFailure";
    this.code = first?.extensions?.code ?? "";
    this.wasAskedBefore = wasAskedBefore;
  }
}

/// No answer in time; the bank may or may not have done it.
export class NoAnswer extends Error {
  constructor(message = "no answer from the bank yet") {
    super(message);
    this.name = "NoAnswer";
  }
}

/// States are "connecting", "live" and "waiting" (for the next try). Each change is an event "state".
export class GraphQLClient extends EventTarget {
  #url;
  #socket = null;
  #operations = new Map();
  #lastId = 0;
  #attempt = 0;
  #timer = null;
  #quietTimer = null;

  constructor(url) {
    super();
    this.#url = url;
    this.state = "connecting";
    this.retryAtMillis = 0;
  }

  connect() {
    this.#setState("connecting");
    const socket = new WebSocket(this.#url, "graphql-transport-ws");
    this.#socket = socket;
    let openedMillis = 0;
    const ackTimer = setTimeout(() => socket.close(4408, "no connection_ack"), limits.ackMillis);
    socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init" }));
    socket.onmessage = (event) => {
      this.#heard(socket);
      const message = parsed(event.data);
      if (message?.type === "connection_ack") {
        clearTimeout(ackTimer);
        openedMillis = Date.now();
        this.#acknowledged();
      } else if (message) {
        this.#received(message);
      }
    };
    socket.onclose = () => {
      clearTimeout(ackTimer);
      if (socket !== this.#socket) return;
      if (openedMillis && Date.now() - openedMillis >= limits.goodMillis) this.#attempt = 0;
      this.#lost();
    };
  }

  /// Tries now instead of at the end of the wait.
  hurry() {
    if (this.state !== "waiting") return;
    clearTimeout(this.#timer);
    this.connect();
  }

  /// Asks once; asked again after a reconnect, so it must be something that may be done twice.
  /// Rejects with GraphQLFailure, NoAnswer, or the signal's reason.
  ask(query, variables = {}, { timeoutMillis = limits.answerMillis, signal } = {}) {
    return new Promise((resolve, reject) => {
      let data;
      let sends = 0;
      const fail = (errors) => end(reject, new GraphQLFailure(errors, sends > 1));
      const end = (settle, value) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        this.#forget(id);
        settle(value);
      };
      const aborted = () => end(reject, signal.reason);
      const timer = setTimeout(() => end(reject, new NoAnswer()), timeoutMillis);
      const id = this.#add({
        query,
        variables,
        started: () => (sends += 1),
        next: (payload) => {
          if (payload.errors?.length) fail(payload.errors);
          else data = payload.data;
        },
        error: fail,
        complete: () => (data === undefined ? fail() : end(resolve, data)),
      });
      if (signal?.aborted) aborted();
      else signal?.addEventListener("abort", aborted);
    });
  }

  /// Subscribes until the function that is returned is called. `started` is called each time that the subscription was
  /// sent to the bank, `next` with each data, `failed` with a GraphQLFailure when the bank ended it with one; whatever
  /// ends it, it is started again after a wait.
  subscribe(query, variables, { started, next, failed }) {
    let attempt = 0;
    let timer = null;
    let stopped = false;
    let id = null;
    const again = () => {
      this.#forget(id);
      if (!stopped) timer = setTimeout(start, backoffMillis(attempt++));
    };
    const start = () => {
      id = this.#add({
        query,
        variables,
        started,
        next: (payload) => {
          if (payload.errors?.length) return failed(new GraphQLFailure(payload.errors));
          attempt = 0;
          next(payload.data);
        },
        error: (errors) => {
          failed(new GraphQLFailure(errors));
          again();
        },
        complete: again,
      });
    };
    start();
    return () => {
      stopped = true;
      clearTimeout(timer);
      this.#forget(id);
    };
  }

  #add(operation) {
    const id = String(++this.#lastId);
    this.#operations.set(id, operation);
    if (this.state === "live") this.#start(id, operation);
    return id;
  }

  #start(id, { query, variables, started }) {
    this.#send({ id, type: "subscribe", payload: { query, variables } });
    started?.();
  }

  #forget(id) {
    const operation = this.#operations.get(id);
    if (!operation) return;
    this.#operations.delete(id);
    if (this.state === "live" && !operation.ended) this.#send({ id, type: "complete" });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #acknowledged() {
    this.#setState("live");
    for (const [id, operation] of [...this.#operations]) this.#start(id, operation);
  }

  #received({ type, id, payload }) {
    if (type === "ping") return this.#send({ type: "pong" });
    const operation = this.#operations.get(id);
    if (!operation) return;
    if (type === "next") operation.next(payload ?? {});
    if (type !== "error" && type !== "complete") return;
    operation.ended = true;
    if (type === "error") operation.error(payload);
    else operation.complete();
  }

  /// A connection can be gone without a word, such as after a laptop has slept.
  #heard(socket) {
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => {
      this.#send({ type: "ping" });
      this.#quietTimer = setTimeout(() => this.#giveUp(socket), limits.pongMillis);
    }, limits.quietMillis);
  }

  /// Closing waits for the other side, which may never answer; the next try does not.
  #giveUp(socket) {
    if (socket !== this.#socket) return;
    socket.close(4499, "nothing heard");
    this.#lost();
  }

  #lost() {
    clearTimeout(this.#quietTimer);
    this.#socket = null;
    for (const operation of this.#operations.values()) operation.ended = false;
    const waitMillis = backoffMillis(this.#attempt++);
    this.retryAtMillis = Date.now() + waitMillis;
    this.#timer = setTimeout(() => this.connect(), waitMillis);
    this.#setState("waiting");
  }

  #setState(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
