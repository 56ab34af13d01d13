import { el, setText } from "./dom.js";
import { eurosOfCents } from "./format.js";
import { hints, Transfer } from "./money.js";

/// Amount in cents, to, description. Its order of elements is relied on by programs that use the page.
export function transferForm({ client, session }) {
  const amount = field("Amount in cents", { id: "amount", inputmode: "numeric", autocomplete: "off", maxlength: 19 });
  const to = field("To", { id: "to", autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    maxlength: 100 });
  const description = field("Description", { id: "description", autocomplete: "off", maxlength: 140 });
  const fields = [amount, to, description];
  const result = el("p", { class: "result", role: "status", id: "transfer-result" });
  const again = el("button", { type: "button", class: "link", hidden: true }, "Ask again");
  const form = el("form", { id: "transfer-form", novalidate: true });
  const press = el("a", { href: "#/client", role: "button", class: "button" }, "Transfer");
  let isWaiting = false;

  const run = async (transfer, sent, euros) => {
    isWaiting = true;
    press.setAttribute("aria-disabled", "true");
    again.hidden = true;
    result.classList.remove("bad");
    setText(result, `Transferring ${euros} …`);
    try {
      const { success, reason } = await transfer.result(() => setText(result, "No answer yet, asking again …"));
      if (success) {
        setText(result, `${euros} transferred.`);
        // What was typed meanwhile belongs to the next one.
        for (const [index, { input }] of fields.entries()) if (input.value === sent[index]) input.value = "";
        amount.hint("");
      } else {
        refused(`Not transferred: ${reason}. ${hints[reason] ?? ""}`);
      }
    } catch (error) {
      refused(`${error.message}.`);
      if (error.name === "NoAnswer") {
        again.hidden = false;
        again.onclick = () => run(transfer, sent, euros);
      }
    } finally {
      isWaiting = false;
      press.removeAttribute("aria-disabled");
    }
  };
  const refused = (text) => {
    result.classList.add("bad");
    setText(result, text.charAt(0).toUpperCase() + text.slice(1).trim());
  };
  const submit = (event) => {
    event.preventDefault();
    if (isWaiting) return;
    setText(result, "");
    const sent = fields.map(({ input }) => input.value);
    const [cents, payee, words] = sent.map((text) => text.trim());
    const euros = eurosOfCents(cents);
    const wrong = [
      amount.refuse(euros ? null : "Give a whole number of cents: 1250 is €12,50."),
      to.refuse(payee ? null : "Give an account number or a name."),
      description.refuse(null),
    ].indexOf(true);
    if (wrong >= 0) return fields[wrong].input.focus();
    const { iban, token } = session.account;
    run(new Transfer(client, { token, cents, from: iban, to: payee, description: words }), sent, euros);
  };
  form.addEventListener("submit", submit);
  press.addEventListener("click", (event) => {
    event.preventDefault();
    form.requestSubmit();
  });
  press.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    form.requestSubmit();
  });
  amount.input.addEventListener("input", () => amount.hint(eurosOfCents(amount.input.value.trim()) ?? ""));
  // The hidden button is what Enter in a field presses.
  form.append(amount.element, to.element, description.element,
    el("div", { class: "submit" }, el("div", {}, press)), el("button", { type: "submit", hidden: true }, "Transfer"));
  return el("section", { class: "card form", "aria-labelledby": "transfer-title" },
    el("h2", { id: "transfer-title" }, "Transfer"), form, el("div", { class: "outcome" }, result, again));
}

function field(label, attributes) {
  const { id } = attributes;
  const hint = el("p", { class: "hint", id: `${id}-hint` });
  const problem = el("p", { class: "field-problem", id: `${id}-problem` });
  const input = el("input", { type: "text", ...attributes, "aria-describedby": `${id}-hint ${id}-problem` });
  return {
    input,
    element: el("div", { class: "field" }, el("label", { for: id }, label), input, hint, problem),
    hint: (text) => setText(hint, text),
    refuse(reason) {
      setText(problem, reason ?? "");
      input.setAttribute("aria-invalid", reason ? "true" : "false");
      return reason !== null;
    },
  };
}
