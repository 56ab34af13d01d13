import { el } from "./dom.js";
import { fields } from "./fields.js";
import { rowCounts } from "./preferences.js";

/// What to show, beside the rows; on a phone folded away above them.
export function sidePanel(preferences, { withRows = true, without = [] } = {}) {
  const wide = window.matchMedia("(min-width: 60rem)");
  const details = el(
    "details",
    { class: "side-panel", open: wide.matches },
    el("summary", {}, "What to show"),
    withRows ? rowChoice(preferences) : null,
    fieldChoice(preferences, without),
  );
  const widened = () => {
    if (wide.matches) details.open = true;
  };
  wide.addEventListener("change", widened);
  return {
    element: el("aside", { class: "side", "aria-label": "What to show" }, details),
    stop: () => wide.removeEventListener("change", widened),
  };
}

function rowChoice(preferences) {
  const choices = rowCounts.map((rows) =>
    el(
      "label",
      { class: "pill" },
      el("input", {
        type: "radio",
        name: "rows",
        value: rows,
        checked: rows === preferences.rows,
        change: () => preferences.setRows(rows),
      }),
      el("span", {}, String(rows)),
    ),
  );
  return el("fieldset", { id: "row-choice" }, el("legend", {}, "Rows"), el("div", { class: "pills" }, choices));
}

function fieldChoice(preferences, without) {
  const toggles = fields
    .filter(({ name }) => !without.includes(name))
    .map(({ name, label }) =>
      el(
        "label",
        { class: "check" },
        el("input", {
          type: "checkbox",
          id: `show-${name}`,
          checked: preferences.shown.has(name),
          change: (event) => preferences.toggle(name, event.target.checked),
        }),
        el("span", {}, label),
      ),
    );
  return el("fieldset", { id: "field-choice" }, el("legend", {}, "Fields"), toggles);
}
