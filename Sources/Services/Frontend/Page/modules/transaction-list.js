// The rows of one account on the page, live.

import { accountNumber } from "./account-number.js";
import { el, setText } from "./dom.js";
import { liveRows } from "./live-rows.js";

const directionWords = { CREDIT: "Credit", DEBIT: "Debit" };

/// `always` are fields that are fetched although no row shows them; `newest(row)` is called with the newest row.
/// Returns {element, stop}.
export function transactionList(context, { iban, always = [], newest = () => {} }) {
  const { client, preferences, announce } = context;
  const list = el("div", { id: "transactions", role: "list", "aria-label": "Transactions, newest first" });
  const note = el("p", { class: "list-note" }, "Asking the bank …");
  const problem = el("p", { class: "problem", role: "status" });
  const element = el("section", { class: "rows", "aria-label": "Transactions" }, problem, note, list);
  const known = new Map();
  let frame = 0;
  let rows = [];
  let filled = false;
  let stopRows = () => {};

  const draw = () => {
    frame = 0;
    const fresh = rows.filter((row) => !known.has(row.event_id));
    place(list, rows, known, preferences.shown, filled);
    setText(note, rows.length ? "" : "No transactions yet.");
    note.hidden = rows.length > 0;
    if (rows.length) newest(rows[0]);
    if (filled && fresh.length) announce(spoken(fresh, preferences.shown));
    filled = true;
  };
  const schedule = () => {
    if (!frame) frame = requestAnimationFrame(draw);
  };
  const start = () => {
    stopRows();
    known.clear();
    filled = false;
    stopRows = liveRows(client, {
      iban,
      limit: preferences.rows,
      wanted: new Set([...preferences.shown, ...always]),
      changed: (newRows) => {
        rows = newRows;
        schedule();
      },
      failed: (error) => setText(problem, error ? `The rows cannot be had: ${error.message}` : ""),
    });
    // Fields that are no longer wanted go at once; new ones come with the answer.
    if (rows.length) schedule();
  };
  preferences.addEventListener("change", start);
  start();
  return {
    element,
    stop: () => {
      preferences.removeEventListener("change", start);
      cancelAnimationFrame(frame);
      stopRows();
    },
  };
}

/// Makes the list's children those of the rows, touching only what is another row than before.
function place(list, rows, known, shown, filled) {
  const kept = new Set();
  let cursor = list.firstElementChild;
  for (const row of rows) {
    let element = known.get(row.event_id);
    if (element?.row !== row) {
      const drawn = rowElement(row, shown);
      if (filled && !element) drawn.element.classList.add("fresh");
      if (element) element.element.replaceWith(drawn.element);
      if (cursor === element?.element && element) cursor = drawn.element;
      element = drawn;
      known.set(row.event_id, element);
    }
    kept.add(element.element);
    if (cursor === element.element) cursor = cursor.nextElementSibling;
    else list.insertBefore(element.element, cursor);
  }
  for (const child of [...list.children]) if (!kept.has(child)) child.remove();
  for (const [event, { element }] of known) if (!kept.has(element)) known.delete(event);
}

/// The order is that of reading; where it stands is the style's affair. The first paragraph is the change: its first
/// span says debit or credit, its second has the amount and nothing else.
function rowElement(row, shown) {
  const has = (name) => shown.has(name);
  const direction = has("direction") ? row.direction : null;
  const money = el(
    "div",
    { class: "row-money" },
    el(
      "p",
      { class: "change", "data-direction": direction },
      el("span", { class: "direction" }, directionWords[direction] ?? ""),
      el("span", { class: "amount" }, (has("amount") && row.changed_by) || ""),
    ),
    has("balance") ? el("p", { class: "balance" }, el("span", { class: "label" }, "balance"), " ",
      el("span", { class: "number" }, row.new_balance ?? "")) : null,
  );
  const other = has("other")
    ? el("p", { class: "party" }, el("span", { class: "label" }, partyWord(direction)), " ", accountNumber(row.from_to))
    : null;
  const description = has("description") ? el("p", { class: "description" }, row.descr ?? "") : null;
  const own = has("own")
    ? el("p", { class: "own" }, el("span", { class: "label" }, "account"), " ", accountNumber(row.iban))
    : null;
  const text = el("div", { class: "row-text" }, other, description, own);
  const body = el("div", { class: "row-body" }, money, text);
  return { row, element: el("div", { class: "row", role: "listitem", "data-event": row.event_id }, body) };
}

function partyWord(direction) {
  if (direction === "CREDIT") return "from";
  return direction === "DEBIT" ? "to" : "with";
}

function spoken(fresh, shown) {
  const [row] = fresh;
  const words = [
    shown.has("direction") ? directionWords[row.direction] : null,
    shown.has("amount") ? row.changed_by : null,
  ].filter(Boolean);
  const newest = words.length ? `: ${words.join(" ")}` : "";
  return fresh.length === 1 ? `New transaction${newest}` : `${fresh.length} new transactions, the newest${newest}`;
}
