// The rows of one account on the page, live.

import { accountNumber } from "./account-number.js";
import { el, setText } from "./dom.js";
import { liveRows } from "./live-rows.js";
import { olderButton } from "./older-button.js";
import { mostRows } from "./rows.js";

const directionWords = { CREDIT: "Credit", DEBIT: "Debit" };

/// `always` are fields that are fetched although no row shows them; `newest(row)` is called with the newest row.
/// Returns {element, stop}.
export function transactionList(context, { iban, always = [], newest = () => {} }) {
  const { client, preferences, announce } = context;
  const list = el("div", { id: "transactions", role: "list", "aria-label": "Transactions, newest first" });
  const note = el("p", { class: "list-note" }, "Asking the bank …");
  const problem = el("p", { class: "problem", role: "status" });
  const more = olderButton(async () => {
    const [asked, last] = [live, list.lastElementChild];
    isGrown = true;
    setText(problem, "");
    try {
      const count = await asked.older();
      if (asked !== live) return null;
      cancelAnimationFrame(frame);
      draw();
      announce(count ? `${count} older ${count === 1 ? "transaction" : "transactions"}` : "No older transactions");
    } catch (error) {
      if (asked === live) setText(problem, `The older rows cannot be had: ${error.message}`);
    }
    return last?.nextElementSibling ?? list.lastElementChild;
  });
  const element = el("section", { class: "rows", "aria-label": "Transactions" }, problem, note, list, more.element);
  const known = new Map();
  let frame = 0;
  let rows = [];
  let hasOlder = false;
  let filled = false;
  // Older rows were asked for, which stay until another number of rows is chosen.
  let isGrown = false;
  let chosen = preferences.rows;
  let live = null;

  const draw = () => {
    frame = 0;
    // Those above what is known already; others were there before, and were asked for.
    const place = rows.findIndex((row) => known.has(row.event_id));
    const fresh = filled ? rows.slice(0, place < 0 ? rows.length : place) : [];
    placeRows(list, rows, known, preferences.shown, new Set(fresh));
    setText(note, rows.length ? "" : "No transactions yet.");
    note.hidden = rows.length > 0;
    more.show(hasOlder, rows.length < mostRows ? "" : `No more than ${mostRows} are shown here.`);
    if (rows.length) newest(rows[0]);
    if (fresh.length) announce(spoken(fresh, preferences.shown));
    filled = true;
  };
  const schedule = () => {
    if (!frame) frame = requestAnimationFrame(draw);
  };
  const start = () => {
    live?.stop();
    known.clear();
    filled = false;
    if (chosen !== preferences.rows) [chosen, isGrown] = [preferences.rows, false];
    live = liveRows(client, {
      iban,
      limit: preferences.rows,
      kept: isGrown ? rows.length : 0,
      wanted: new Set([...preferences.shown, ...always]),
      changed: (newRows, moreAreThere) => {
        [rows, hasOlder] = [newRows, moreAreThere];
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
      live.stop();
      live = null;
    },
  };
}

/// Makes the list's children those of the rows, touching only what is another row than before.
function placeRows(list, rows, known, shown, fresh) {
  const kept = new Set();
  let cursor = list.firstElementChild;
  for (const row of rows) {
    let element = known.get(row.event_id);
    if (element?.row !== row) {
      const drawn = rowElement(row, shown);
      if (!element && fresh.has(row)) drawn.element.classList.add("fresh");
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
