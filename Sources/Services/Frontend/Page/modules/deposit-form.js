import { el, setText } from "./dom.js";
import { eurosOfCents } from "./format.js";
import { hints, Transfer } from "./money.js";

const depositCents = [1000, 2000, 5000, 10000, 20000, 50000];

/// Six buttons as those of a cash machine. Each press is a deposit of its own; several may be on their way.
export function depositForm({ client, session }) {
  const result = el("p", { class: "result", role: "status", id: "deposit-result" });
  const again = el("button", { type: "button", class: "link", hidden: true }, "Ask again");
  let underway = 0;

  const run = async (transfer, euros) => {
    underway += 1;
    again.hidden = true;
    result.classList.remove("bad");
    setText(result, underway > 1 ? `${underway} deposits on their way …` : `Depositing ${euros} …`);
    try {
      const { success, reason } = await transfer.result(() => setText(result, "No answer yet, asking again …"));
      if (success) setText(result, `${euros} deposited.`);
      else refused(`${euros} not deposited: ${reason}. ${hints[reason] ?? ""}`);
    } catch (error) {
      refused(`${euros}: ${error.message}.`);
      if (error.name === "NoAnswer") {
        again.hidden = false;
        again.onclick = () => run(transfer, euros);
      }
    } finally {
      underway -= 1;
    }
  };
  const refused = (text) => {
    result.classList.add("bad");
    setText(result, text.trim());
  };
  const buttons = depositCents.map((cents) => {
    const euros = eurosOfCents(String(cents));
    const { iban } = session.account;
    const deposit = () => new Transfer(client, {
      token: "cash", cents: String(cents), from: "cash", to: iban, description: "deposit",
    });
    return el("button", {
      type: "button", id: `deposit-${cents}`, class: "button quiet", "aria-label": `Deposit ${euros}`,
      click: () => run(deposit(), euros),
    }, `€${cents / 100}`);
  });
  return el("section", { class: "card form", "aria-labelledby": "deposit-title" },
    el("h2", { id: "deposit-title" }, "Deposit"),
    el("div", { class: "deposits", role: "group", "aria-labelledby": "deposit-title" }, buttons),
    el("div", { class: "outcome" }, result, again));
}
