import { el } from "./dom.js";
import { eurosOfCents } from "./format.js";
import { paymentLines, tooMany } from "./payment-lines.js";

const depositCents = [1000, 2000, 5000, 10000, 20000, 50000];

/// Six buttons as those of a cash machine. Each press is a deposit of its own, and several may be on their way; but a
/// press while it is not known what became of an equal one asks about that one. Returns {element, stop}.
export function depositForm({ payments, session }) {
  const { iban } = session.account;
  const lines = paymentLines(payments, iban, "deposit");
  const deposit = (cents, euros) => {
    const request = { token: "cash", cents: String(cents), from: "cash", to: iban, description: "deposit" };
    const payment = payments.pay(iban, "deposit", request, {
      underway: `Depositing ${euros} …`, done: `${euros} deposited.`, refused: `${euros} not deposited`,
      unknown: `Whether ${euros} came in is not known`,
    });
    lines.say(payment ? "" : tooMany);
  };
  const buttons = depositCents.map((cents) => {
    const euros = eurosOfCents(String(cents));
    return el("button", {
      type: "button", id: `deposit-${cents}`, class: "button quiet", "aria-label": `Deposit ${euros}`,
      click: () => deposit(cents, euros),
    }, `€${cents / 100}`);
  });
  return {
    element: el("section", { class: "card form", "aria-labelledby": "deposit-title" },
      el("h2", { id: "deposit-title" }, "Deposit"),
      el("div", { class: "deposits", role: "group", "aria-labelledby": "deposit-title" }, buttons), lines.element),
    stop: lines.stop,
  };
}
