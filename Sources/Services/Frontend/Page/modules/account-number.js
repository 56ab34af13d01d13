import { el } from "./dom.js";
import { ibanGroups } from "./format.js";

/// An account number in groups of four. The space between them is drawn, not written: copied, it is the number alone.
/// A name of another kind is shown as it is.
export function accountNumber(text) {
  const groups = ibanGroups(text ?? "");
  if (!groups) return el("span", { class: "party-name" }, text ?? "");
  return el("span", { class: "iban" }, groups.map((group) => el("span", {}, group)));
}
