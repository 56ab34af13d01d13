import { el, setText } from "./dom.js";
import { hints } from "./money.js";

/// The line of a form that tells what became of what was asked.
export function outcomeLine(id) {
  const result = el("p", { class: "result", role: "status", id });
  const again = el("button", { type: "button", class: "link", hidden: true }, "Ask again");
  const say = (text, isBad = false) => {
    result.classList.toggle("bad", isBad);
    setText(result, text);
  };
  const refuse = (what, reason) => say(`${what}: ${reason}. ${hints[reason] ?? ""}`.trim(), true);

  /// Tells how a transfer goes. `words` are {underway, done, refused}; `busy(true)` is called when it begins,
  /// `busy(false)` when it ends, and `moved()` when the money has.
  const follow = async (transfer, words, { busy = () => {}, moved = () => {} } = {}) => {
    busy(true);
    again.hidden = true;
    say(words.underway);
    try {
      const { success, reason } = await transfer.result(() => say("No answer yet, asking again …"));
      if (success) {
        say(words.done);
        moved();
      } else {
        refuse(words.refused, reason);
      }
    } catch (error) {
      if (error.name === "NoAnswer") {
        say("The bank has not answered; whether the money has moved is not known.", true);
        again.hidden = false;
        again.onclick = () => follow(transfer, words, { busy, moved });
      } else {
        refuse(words.refused, error.message);
      }
    } finally {
      busy(false);
    }
  };
  return { element: el("div", { class: "outcome" }, result, again), say, refuse, follow };
}
