// Starts the page: settings, connection, and the view that the address names.

import { el, setText } from "./modules/dom.js";
import { GraphQLClient } from "./modules/graphql.js";
import { Payments } from "./modules/payments.js";
import { Preferences } from "./modules/preferences.js";
import { parseRoute } from "./modules/router.js";
import { Session } from "./modules/session.js";
import * as background from "./views/background.js";
import * as bankEmployee from "./views/bank-employee.js";
import * as client from "./views/client.js";
import * as flow from "./views/flow.js";
import * as home from "./views/home.js";

const views = { "": home, client, "bank-employee": bankEmployee, flow, background };
const announceEveryMillis = 4_000;

async function settings() {
  const reply = await fetch("/settings.json");
  if (!reply.ok) throw new Error(`/settings.json: status ${reply.status}`);
  return reply.json();
}

function start(settings) {
  const secure = location.protocol === "https:";
  const endpoint = (path, scheme = "http") =>
    `${scheme}${secure ? "s" : ""}://${location.hostname}:${settings.graphqlPort}${path}`;
  const connection = new GraphQLClient(endpoint("/graphql", "ws"));
  const context = {
    settings,
    endpoint,
    client: connection,
    payments: new Payments(connection),
    preferences: new Preferences(),
    session: new Session(),
    announce: announcer(document.getElementById("announcements")),
  };
  showConnection(connection);
  showViews(context);
  keepPayments(context);
  addEventListener("online", () => connection.hurry());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && connection.hurry());
  connection.connect();
}

/// Whoever logs out, a payment is not let go before its outcome is known; whoever closes the page is asked.
function keepPayments({ payments, session }) {
  session.addEventListener("change", () => session.account || payments.forgetResolved());
  addEventListener("beforeunload", (event) => payments.hasUnresolved && event.preventDefault());
}

function showViews(context) {
  const main = document.getElementById("main");
  let leave = () => {};
  const show = (isFirst) => {
    const route = parseRoute(location.hash);
    const view = Object.hasOwn(views, route.name) ? views[route.name] : null;
    leave();
    main.replaceChildren();
    leave = view ? view.show(main, context, route) : showUnknown(main);
    document.title = `${view?.title ?? "Not found"} – Open Bank`;
    for (const link of document.querySelectorAll("#flex-main-menu a")) {
      if (link.hash === `#/${route.name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (isFirst) return;
    // A screen reader goes on from the new heading, and the keyboard from there.
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  };
  addEventListener("hashchange", () => show(false));
  context.session.addEventListener("change", () => parseRoute(location.hash).name === "client" && show(false));
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  show(true);
}

function showUnknown(main) {
  main.append(
    el("h1", { tabindex: "-1" }, "There is no such view"),
    el("p", {}, el("a", { href: "#/" }, "Go to the home view")));
  return () => {};
}

function showConnection(connection) {
  const element = document.getElementById("connection");
  const text = element.querySelector("span");
  const words = () => (connection.state === "live" ? "live" : wasLive ? "reconnecting …" : "connecting …");
  let wasLive = false;
  const draw = () => {
    if (connection.state === "live") wasLive = true;
    element.dataset.state = connection.state;
    setText(text, words());
  };
  connection.addEventListener("state", draw);
  draw();
}

/// Says the latest of what has happened, politely and not too often.
function announcer(element) {
  let waiting = null;
  let timer = null;
  const speak = () => {
    timer = null;
    if (waiting === null) return;
    element.textContent = waiting;
    waiting = null;
    timer = setTimeout(speak, announceEveryMillis);
  };
  return (text) => {
    waiting = text;
    if (timer === null) speak();
  };
}

settings().then(start, (error) => {
  document.getElementById("main").append(
    el("h1", {}, "The page cannot start"),
    el("p", { class: "problem" }, `${error.message}. Load the page again when the bank runs.`));
});
