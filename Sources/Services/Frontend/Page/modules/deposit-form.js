import { el } from "./dom.js";
import { eurosOfCents } from "./format.js";
import { Transfer } from "./money.js";
import { outcomeLine } from "./outcome.js";

const depositCents = [1000, 2000, 5000, 10000, 20000, 50000];

/// Six buttons as those of a cash machine. Each press is a deposit of its own; several may be on their way.
export function depositForm({ client, session }) {
  const outcome = outcomeLine("deposit-result");
  const { iban } = session.account;
  const deposit = (cents, euros) => {
    const transfer = new Transfer(client, {
      token: "cash", cents: String(cents), from: "cash", to: iban, description: "deposit",
    });
    outcome.follow(transfer, {
      underway: `Depositing ${euros} …`, done: `${euros} deposited.`, refused: `${euros} not deposited`,
    });
  };
  const buttons = depositCents.map((cents) => {
    const euros = eurosOfCents(String(cents));
    return el("button", {
      type: "button", id: `deposit-${cents}`, class: "button quiet", "aria-label": `Deposit ${euros}`,
      click: () => deposit(cents, euros),
    }, `€${cents / 100}`);
  });
  return el("section", { class: "card form", "aria-labelledby": "deposit-title" },
    el("h2", { id: "deposit-title" }, "Deposit"),
    el("div", { class: "deposits", role: "group", "aria-labelledby": "deposit-title" }, buttons), outcome.element);
}
