import { accountNumber } from "../modules/account-number.js";
import { el, setText } from "../modules/dom.js";
import { depositForm } from "../modules/deposit-form.js";
import { loginForm } from "../modules/login-form.js";
import { sidePanel } from "../modules/side-panel.js";
import { transactionList } from "../modules/transaction-list.js";
import { transferForm } from "../modules/transfer-form.js";

export const title = "Client";

export function show(main, context) {
  return context.session.account ? showAccount(main, context) : showLogin(main, context);
}

function showLogin(main, context) {
  main.append(
    el("div", { class: "narrow" },
      el("h1", { tabindex: "-1" }, "Log in, or open an account"),
      el("p", { class: "lead" },
        "A name that is new opens an account; a known one logs in with its password. It takes a second and no papers."),
      loginForm(context)));
  return () => {};
}

function showAccount(main, context) {
  const { iban, username } = context.session.account;
  const balance = el("p", { class: "card-balance" }, "€0,00");
  const list = transactionList(context, {
    iban,
    always: ["balance"],
    newest: (row) => setText(balance, row.new_balance ?? ""),
  });
  const side = sidePanel(context.preferences);
  const [deposit, transfer] = [depositForm(context), transferForm(context)];
  const leave = el("button", { type: "button", id: "log-out", class: "link", click: () => context.session.leave() },
    "Log out");
  main.append(
    el("h1", { tabindex: "-1" }, "Your account"),
    el("div", { class: "pair" },
      el("div", { class: "column" },
        el("section", { class: "account-card", "aria-labelledby": "own-title" },
          el("div", { class: "card-head" }, el("h2", { id: "own-title" }, username), leave),
          el("p", { class: "card-iban", id: "own-iban" }, accountNumber(iban)),
          el("p", { class: "label" }, "Balance"),
          balance),
        deposit.element),
      transfer.element),
    el("h2", {}, "Transactions"),
    el("div", { class: "with-side" }, list.element, side.element));
  return () => {
    for (const part of [list, side, deposit, transfer]) part.stop();
  };
}
