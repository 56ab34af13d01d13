import { el } from "./dom.js";
import { formField, refuseAny } from "./form-field.js";
import { eurosOfCents } from "./format.js";
import { paymentLines, tooMany } from "./payment-lines.js";

/// Amount in cents, to, description. Its order of elements is relied on by programs that use the page. One transfer is
/// on its way at a time; a press with the fields of one whose outcome is not known asks about that one.
/// Returns {element, stop}.
export function transferForm({ payments, session }) {
  const amount = formField("Amount in cents", {
    id: "amount", inputmode: "numeric", autocomplete: "off", maxlength: 19,
  });
  const to = formField("To", {
    id: "to", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 100,
  });
  const description = formField("Description", { id: "description", autocomplete: "off", maxlength: 140 });
  const fields = [amount, to, description];
  const { iban, token } = session.account;
  const lines = paymentLines(payments, iban, "transfer");
  const isUnderway = () => payments.of(iban, "transfer").some(({ state }) => state === "underway");
  const typed = () => {
    const [cents, to, description] = fields.map(({ input }) => input.value.trim());
    // One number, however many zeros it begins with.
    return { cents: eurosOfCents(cents) ? String(BigInt(cents)) : cents, to, description };
  };

  const submit = (event) => {
    event.preventDefault();
    if (isUnderway()) return;
    lines.say("");
    payments.forgetResolved(payments.of(iban, "transfer"));
    const { cents, to: payee, description: words } = typed();
    const euros = eurosOfCents(cents);
    if (refuseAny([
      [amount, euros ? null : "Give a whole number of cents: 1250 is €12,50."],
      [to, payee ? null : "Give an account number or a name."],
      [description, null],
    ])) return;
    const request = { token, cents, from: iban, to: payee, description: words };
    const payment = payments.pay(iban, "transfer", request, {
      underway: `Transferring ${euros} …`, done: `${euros} transferred.`, refused: "Not transferred",
      unknown: `Whether ${euros} went to ${payee} is not known`,
    });
    lines.say(payment ? "" : tooMany);
  };
  const busy = () => press.setAttribute("aria-disabled", String(isUnderway()));
  /// What was typed meanwhile belongs to the next one.
  const moved = ({ detail: { request, ...payment } }) => {
    const now = typed();
    if (payment.iban !== iban || payment.form !== "transfer") return;
    if (Object.entries(now).some(([name, value]) => value !== request[name])) return;
    for (const { input } of fields) input.value = "";
    showEuros();
  };
  const showEuros = () => amount.hint(eurosOfCents(amount.input.value.trim()) ?? "");
  amount.input.addEventListener("input", showEuros);
  const form = el("form", { id: "transfer-form", novalidate: true, submit });
  const press = transferButton(form);
  // The hidden button is what Enter in a field presses.
  form.append(...fields.map(({ element }) => element), el("div", { class: "submit" }, el("div", {}, press)),
    el("button", { type: "submit", hidden: true }, "Transfer"));
  payments.addEventListener("change", busy);
  payments.addEventListener("moved", moved);
  busy();
  return {
    element: el("section", { class: "card form", "aria-labelledby": "transfer-title" },
      el("h2", { id: "transfer-title" }, "Transfer"), form, lines.element),
    stop() {
      payments.removeEventListener("change", busy);
      payments.removeEventListener("moved", moved);
      lines.stop();
    },
  };
}

/// A link, as programs that use the page expect one there; a button for everyone else.
function transferButton(form) {
  const press = (event) => {
    event.preventDefault();
    form.requestSubmit();
  };
  return el("a", {
    href: "#/client", role: "button", class: "button", click: press,
    keydown: (event) => event.key === " " && press(event),
  }, "Transfer");
}
