import { el, setText } from "./dom.js";

/// What a form says when there are too many payments without an outcome.
export const tooMany = "Too many payments have no outcome yet. Ask again about those first.";

/// A line for each payment of a form, with a button to ask again where the outcome is not known, and one for what the
/// form itself has to say. Returns {element, say, stop}.
export function paymentLines(payments, iban, form) {
  const own = el("p", { class: "result bad" });
  const element = el("div", { class: "outcomes", role: "status", "aria-atomic": "false", id: `${form}-result` }, own);
  const lines = new Map();
  const draw = () => {
    const shown = payments.of(iban, form);
    for (const payment of shown) {
      if (!lines.has(payment)) lines.set(payment, paymentLine(() => payments.ask(payment)));
      const line = lines.get(payment);
      line.draw(payment);
      if (line.element.parentNode !== element) element.append(line.element);
    }
    for (const [payment, line] of lines) {
      if (shown.includes(payment)) continue;
      line.element.remove();
      lines.delete(payment);
    }
  };
  payments.addEventListener("change", draw);
  draw();
  return {
    element,
    say: (text) => setText(own, text),
    stop: () => payments.removeEventListener("change", draw),
  };
}

function paymentLine(ask) {
  const text = el("p", { class: "result" });
  const again = el("button", { type: "button", class: "link", click: ask }, "Ask again");
  return {
    element: el("div", { class: "outcome" }, text, again),
    draw(payment) {
      text.classList.toggle("bad", payment.state === "unknown" || payment.state === "refused");
      setText(text, payment.text);
      again.hidden = payment.state !== "unknown";
    },
  };
}
