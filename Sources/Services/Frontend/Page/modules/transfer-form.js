import { el } from "./dom.js";
import { formField, refuseAny } from "./form-field.js";
import { eurosOfCents } from "./format.js";
import { Transfer } from "./money.js";
import { outcomeLine } from "./outcome.js";

/// Amount in cents, to, description. Its order of elements is relied on by programs that use the page.
export function transferForm({ client, session }) {
  const amount = formField("Amount in cents", {
    id: "amount", inputmode: "numeric", autocomplete: "off", maxlength: 19,
  });
  const to = formField("To", {
    id: "to", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", maxlength: 100,
  });
  const description = formField("Description", { id: "description", autocomplete: "off", maxlength: 140 });
  const fields = [amount, to, description];
  const outcome = outcomeLine("transfer-result");
  const { iban, token } = session.account;
  let isWaiting = false;

  const submit = (event) => {
    event.preventDefault();
    if (isWaiting) return;
    outcome.say("");
    const sent = fields.map(({ input }) => input.value);
    const [cents, payee, words] = sent.map((text) => text.trim());
    const euros = eurosOfCents(cents);
    if (refuseAny([
      [amount, euros ? null : "Give a whole number of cents: 1250 is €12,50."],
      [to, payee ? null : "Give an account number or a name."],
      [description, null],
    ])) return;
    outcome.follow(new Transfer(client, { token, cents, from: iban, to: payee, description: words }), {
      underway: `Transferring ${euros} …`, done: `${euros} transferred.`, refused: "Not transferred",
    }, {
      busy(isBusy) {
        isWaiting = isBusy;
        press.setAttribute("aria-disabled", String(isBusy));
      },
      moved() {
        // What was typed meanwhile belongs to the next one.
        for (const [index, { input }] of fields.entries()) if (input.value === sent[index]) input.value = "";
        showEuros();
      },
    });
  };
  const showEuros = () => amount.hint(eurosOfCents(amount.input.value.trim()) ?? "");
  amount.input.addEventListener("input", showEuros);
  const form = el("form", { id: "transfer-form", novalidate: true, submit });
  const press = transferButton(form);
  // The hidden button is what Enter in a field presses.
  form.append(...fields.map(({ element }) => element), el("div", { class: "submit" }, el("div", {}, press)),
    el("button", { type: "submit", hidden: true }, "Transfer"));
  return el("section", { class: "card form", "aria-labelledby": "transfer-title" },
    el("h2", { id: "transfer-title" }, "Transfer"), form, outcome.element);
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
