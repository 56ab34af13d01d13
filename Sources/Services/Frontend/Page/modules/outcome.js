import { el, setText } from "./dom.js";
import { hints } from "./money.js";

/// The line of a form that tells what became of what was asked.
export function outcomeLine(id) {
  const result = el("p", { class: "result", role: "status", id });
  const say = (text, isBad = false) => {
    result.classList.toggle("bad", isBad);
    setText(result, text);
  };
  const refuse = (what, reason) => say(refusal(what, reason), true);
  return { element: el("div", { class: "outcome" }, result), say, refuse };
}

/// A refusal in the bank's words, and what it means.
export function refusal(what, reason) {
  return `${what}: ${reason}. ${hints[reason] ?? ""}`.trim();
}
