// The payments of this page from the press to the bank's answer, whatever view is shown and whoever is logged in. The id
// of one whose outcome is not known is all that keeps a second press from paying twice, so none is let go before.

import { NoAnswer } from "./graphql.js";
import { Transfer } from "./money.js";
import { refusal } from "./outcome.js";

/// So many without an outcome are kept for an account; another one is refused until one of them has its.
export const mostUnresolved = 20;

/// Each change is an event "change", and of one that has moved money another one, "moved", with it as its detail.
///
/// A payment is {iban, form, request, words, transfer, state, text}: the account that it is shown to, the name of the
/// form that it comes from, what was asked for as in Transfer, {underway, done, refused, unknown} as texts, its state
/// ("underway", "unknown", "done" or "refused") and what is to be told of it.
export class Payments extends EventTarget {
  #all = [];

  constructor(client) {
    super();
    this.client = client;
  }

  /// Those of a form for an account, oldest first.
  of(iban, form) {
    return this.#all.filter((payment) => payment.iban === iban && payment.form === form);
  }

  /// Whether leaving the page would lose the id of a payment.
  get hasUnresolved() {
    return this.#all.some(isUnresolved);
  }

  /// Pays; or asks again, with the same id, about an equal one whose outcome is not known. Gives the payment, or null
  /// when there are too many without an outcome.
  pay(iban, form, request, words) {
    const unknown = this.of(iban, form).find(({ state, transfer }) => state === "unknown" && transfer.isFor(request));
    this.forgetResolved(this.of(iban, form));
    if (!unknown && this.#all.filter((payment) => payment.iban === iban).length >= mostUnresolved) return null;
    const payment = unknown ?? { iban, form, request, words, transfer: new Transfer(this.client, request) };
    if (!unknown) this.#all.push(payment);
    this.ask(payment);
    return payment;
  }

  /// Asks about one whose outcome is not known.
  async ask(payment) {
    if (payment.state === "underway") return;
    const { transfer, words } = payment;
    this.#set(payment, "underway", words.underway);
    try {
      const { success, reason } = await transfer.result(() =>
        this.#set(payment, "underway", `${words.underway} No answer yet, asking again …`));
      if (success) this.#set(payment, "done", words.done);
      else this.#set(payment, "refused", refusal(words.refused, reason));
    } catch (error) {
      if (error instanceof NoAnswer) this.#set(payment, "unknown", `${words.unknown}: ${error.message}.`);
      else this.#set(payment, "refused", refusal(words.refused, error.message));
    }
    if (payment.state === "done") this.dispatchEvent(new CustomEvent("moved", { detail: payment }));
  }

  /// Lets go of what has its outcome: of all, such as when somebody has logged out, or of some that have been read.
  forgetResolved(read = this.#all) {
    this.#all = this.#all.filter((payment) => isUnresolved(payment) || !read.includes(payment));
    this.dispatchEvent(new Event("change"));
  }

  #set(payment, state, text) {
    Object.assign(payment, { state, text });
    this.dispatchEvent(new Event("change"));
  }
}

function isUnresolved({ state }) {
  return state === "underway" || state === "unknown";
}
