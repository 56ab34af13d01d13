import { accountNumber } from "../modules/account-number.js";
import { el, setText } from "../modules/dom.js";
import { sidePanel } from "../modules/side-panel.js";
import { transactionList } from "../modules/transaction-list.js";

export const title = "Home";
/// The bank's own account, which pays the salaries.
const company = "NL66OPEN0000000000";

export function show(main, context) {
  const balance = el("p", { class: "card-balance" }, "\u00a0");
  const list = transactionList(context, {
    iban: company,
    always: ["balance"],
    newest: (row) => setText(balance, row.new_balance ?? "\u00a0"),
  });
  const side = sidePanel(context.preferences);
  main.append(
    el("div", { class: "pair" },
      el("div", { class: "intro" },
        el("h1", { tabindex: "-1" }, "Every euro is an event"),
        el("p", { class: "lead" },
          "This bank does not keep what is, but what happened. Here you see it happen to the bank's own account."),
        el("p", { class: "actions" },
          el("a", { class: "button", href: "#/client" }, "Open an account"),
          el("a", { class: "button quiet", href: "#/flow" }, "See how it flows"))),
      el("section", { class: "account-card", "aria-labelledby": "company-title" },
        el("h2", { id: "company-title" }, "The company account"),
        el("p", { class: "card-iban" }, accountNumber(company)),
        el("p", { class: "label" }, "Balance"),
        balance)),
    el("h2", { class: "visually-hidden" }, "Transactions"),
    el("div", { class: "with-side" }, list.element, side.element));
  return () => {
    list.stop();
    side.stop();
  };
}
