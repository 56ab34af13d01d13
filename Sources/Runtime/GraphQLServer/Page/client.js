"use strict";
// What both pages ask with: one operation by POST, or over a WebSocket of its own.

// GraphiQL sets this; were it not there, it would evaluate text to make it, which our policy forbids.
var regeneratorRuntime;

const GraphQLClient = {
  /** Runs a query or mutation; answers with the parsed response. */
  async post(request, headers) {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { Accept: "application/graphql-response+json", "Content-Type": "application/json", ...headers },
      body: JSON.stringify(request),
    });
    return response.json();
  },

  /** Begins an operation; observer has next, error and complete. Returns a function that ends it. */
  subscribe(request, observer, payload) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/graphql`, "graphql-transport-ws");
    const say = (message) => socket.send(JSON.stringify(message));
    let isOver = false;
    const end = (tell) => {
      if (isOver) return;
      isOver = true;
      socket.close(1000);
      tell();
    };
    socket.onopen = () => say({ type: "connection_init", payload });
    socket.onclose = (event) => end(() => observer.error(new Error(`closed with ${event.code} ${event.reason}`)));
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      switch (message.type) {
        case "connection_ack": say({ id: "1", type: "subscribe", payload: request }); break;
        case "ping": say({ type: "pong" }); break;
        case "next": if (!isOver) observer.next(message.payload); break;
        case "error": end(() => observer.error({ errors: message.payload })); break;
        case "complete": end(() => observer.complete()); break;
      }
    };
    return () => end(() => {});
  },
};
