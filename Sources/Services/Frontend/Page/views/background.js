import { el } from "../modules/dom.js";

export const title = "Background";

const steps = [
  ["You press Transfer.", "The page makes an id for it and sends it to the endpoint, which writes a command to a log: "
    + "confirm_money_transfer. Nothing has moved yet."],
  ["The command handler decides.", "It reads the command, locks the two accounts and looks at token, amount and "
    + "balance. The decision, both balances and the events that follow are one transaction of its database."],
  ["What happened is told.", "Two events, balance_changed, one for each account, and then the answer: "
    + "money_transfer_confirmed or money_transfer_failed, with the reason."],
  ["Everyone who cares reads on.", "The endpoint keeps a list of the changes for itself, made of nothing but the "
    + "events, and sends you yours: the row that appears on this page."],
];

const promises = [
  ["Exact", "The sum of all balances is what was put in, whatever dies in the middle. bank audit checks it over "
    + "database and log while the bank runs."],
  ["Once", "A command has one outcome for ever. Asked again with the same id, the bank gives the same answer and moves "
    + "no money: this page does so when a connection breaks at the wrong moment."],
  ["In order", "The changes of one account are numbered 1, 2, 3 … A gap would be seen."],
  ["Rebuilt at will", "Lists such as the one that you look at can be thrown away and made anew from the log."],
];

export function show(main, context) {
  main.append(
    el("article", { class: "prose" },
      el("h1", { tabindex: "-1" }, "How this bank works"),
      el("p", { class: "lead" },
        "It is a small bank that is built as large ones are: around a log of what was asked and what happened. It "
        + "exists to show and to measure that way of building; its money is not real."),
      el("div", { class: "prose-columns" }, el("section", {}, transferStory()), el("section", {}, promiseList()),
        el("section", {}, company()), el("section", {}, links(context)))));
  return () => {};
}

function transferStory() {
  return [
    el("h2", {}, "What happens when you transfer money"),
    el("ol", { class: "steps" }, steps.map(([head, text]) => el("li", {}, el("strong", {}, head), " ", text))),
    el("p", {}, el("a", { href: "#/flow" }, "The flow view"), " shows this with the rates of this moment."),
  ];
}

function promiseList() {
  return [
    el("h2", {}, "What it promises"),
    el("dl", { class: "promises" },
      promises.map(([head, text]) => el("div", {}, el("dt", {}, head), el("dd", {}, text)))),
  ];
}

function company() {
  return [
    el("h2", {}, "Who else lives here"),
    el("p", {}, "A heartbeat sets the pace. On each beat the command generator lets someone draw money, buy groceries "
      + "at Albert Heijn or pay a friend; each new account it pays a salary. Without it the bank would be very quiet."),
  ];
}

function links({ endpoint, settings }) {
  return [
    el("h2", {}, "Look for yourself"),
    el("ul", {},
      el("li", {}, el("a", { id: "graphiql-link", href: endpoint("/graphiql") }, "GraphiQL"),
        ": ask the endpoint whatever you like, in GraphQL."),
      settings.reports
        ? el("li", {}, el("a", { id: "reports-link", href: "/reports/" }, "Reports"), ": what measurements have found.")
        : null),
  ];
}
