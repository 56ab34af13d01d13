import { accountNumber } from "../modules/account-number.js";
import { matching, pageOf, watchAccounts } from "../modules/accounts.js";
import { el, setText } from "../modules/dom.js";
import { count, ibanGroups } from "../modules/format.js";
import { routeTo } from "../modules/router.js";
import { sidePanel } from "../modules/side-panel.js";
import { transactionList } from "../modules/transaction-list.js";

export const title = "Bank employee";
const name = "bank-employee";

export function show(main, context, { item, query }) {
  return item ? showAccount(main, context, item) : showAccounts(main, context, query);
}

function showAccount(main, context, iban) {
  const list = transactionList(context, { iban });
  const side = sidePanel(context.preferences);
  main.append(
    el("p", { class: "back" }, el("a", { href: routeTo(name) }, "← All accounts")),
    el("h1", { tabindex: "-1", "aria-label": `Account ${iban}` }, accountNumber(iban)),
    el("p", { class: "problem" }, ibanGroups(iban) ? "" : "This is no account number."),
    el("div", { class: "with-side" }, list.element, side.element));
  return () => {
    list.stop();
    side.stop();
  };
}

function showAccounts(main, context, query) {
  const { client, preferences } = context;
  const state = {
    accounts: null, isAll: true, page: Number(query.get("page") ?? 1), filter: query.get("filter") ?? "",
  };
  const summary = el("p", { class: "summary", id: "account-count" }, "Asking the bank …");
  const problem = el("p", { class: "problem", role: "status" });
  const table = accountTable();
  const pager = pagination((page) => {
    state.page = page;
    draw();
    table.element.scrollIntoView({ block: "nearest" });
  });
  const side = sidePanel(preferences, { withRows: false, without: ["own"] });

  const draw = () => {
    if (!state.accounts) return;
    const found = matching(state.accounts, state.filter);
    const { page, pages, rows } = pageOf(found, state.page);
    state.page = page;
    table.draw(rows, preferences.shown);
    pager.draw(page, pages);
    setText(summary, summaryText(state, found.length));
    const wanted = routeTo(name, "", { page: page > 1 ? page : "", filter: state.filter });
    if (location.hash !== wanted) history.replaceState(null, "", wanted);
  };
  const filter = filterInput(state.filter, (text) => {
    Object.assign(state, { filter: text, page: 1 });
    draw();
  });
  let stopWatching = () => {};
  const watch = () => {
    stopWatching();
    draw();
    stopWatching = watchAccounts(client, preferences.shown, {
      changed: (accounts, isAll) => {
        Object.assign(state, { accounts, isAll });
        draw();
      },
      failed: (error) => setText(problem, error ? `The accounts cannot be had: ${error.message}` : ""),
    });
  };
  preferences.addEventListener("change", watch);
  watch();
  main.append(
    el("h1", { tabindex: "-1" }, "All accounts"),
    el("div", { class: "with-side" },
      el("div", { class: "column" },
        el("form", { class: "filter", role: "search", submit: (event) => event.preventDefault() },
          el("label", { for: "account-filter" }, "Filter"), filter, summary),
        problem,
        el("div", { class: "accounts" }, el("div", { class: "table-scroll" }, table.element), pager.element)),
      side.element));
  return () => {
    preferences.removeEventListener("change", watch);
    stopWatching();
    side.stop();
  };
}

function filterInput(value, changed) {
  return el("input", {
    type: "search", id: "account-filter", value, autocomplete: "off", spellcheck: "false",
    placeholder: "account, name or description", input: (event) => changed(event.target.value.trim()),
  });
}

function summaryText({ accounts, isAll, filter }, found) {
  const all = `${isAll ? "" : "the first "}${count(accounts.length)} accounts`;
  return filter ? `${count(found)} of ${all}` : all;
}

/// The roles are written out because the style makes cards of the rows on a phone, which would end the table for a
/// screen reader.
function accountTable() {
  const body = el("tbody", { role: "rowgroup" });
  const heads = [["", "Account"], ["number", "Balance", "balance"], ["", "Last change", "direction"],
    ["number", "Amount", "amount"], ["", "Other account", "other"], ["", "Description", "description"]];
  const cells = heads.map(([kind, label]) => el("th", { scope: "col", role: "columnheader", class: kind }, label));
  const element = el("table", { id: "accounts", role: "table", "aria-label": "Accounts with their newest transaction" },
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, cells)), body);
  const known = new Map();
  const draw = (rows, shown) => {
    heads.forEach(([, , field], index) => (cells[index].hidden = Boolean(field) && !shown.has(field)));
    const fingerprint = [...shown].join();
    const kept = rows.map((row) => {
      const old = known.get(row.iban);
      if (old?.event === row.event_id && old.fingerprint === fingerprint) return old.element;
      const isNew = old && old.event !== row.event_id;
      const fresh = accountRow(row, shown, isNew);
      // A link that has the focus keeps it when its row is drawn anew.
      if (old?.element.contains(document.activeElement)) queueMicrotask(() => fresh.querySelector("a").focus());
      known.set(row.iban, { event: row.event_id, fingerprint, element: fresh });
      return fresh;
    });
    const isSame = kept.length === body.children.length && kept.every((row, index) => body.children[index] === row);
    if (!isSame) body.replaceChildren(...kept);
    for (const [iban, { element: row }] of known) if (!row.isConnected) known.delete(iban);
  };
  return { element, draw };
}

function accountRow(row, shown, isNew) {
  const cell = (field, kind, ...content) =>
    shown.has(field) ? el("td", { role: "cell", class: `${kind} cell-${field}` }, content) : null;
  const direction = shown.has("direction") ? row.direction : null;
  const word = { CREDIT: "Credit", DEBIT: "Debit" }[direction] ?? "";
  return el("tr", { role: "row", class: isNew ? "fresh" : null },
    el("td", { role: "cell", class: "cell-account" },
      el("a", { href: routeTo(name, row.iban), "aria-label": `Follow ${row.iban}` }, accountNumber(row.iban))),
    cell("balance", "number", row.new_balance ?? ""),
    cell("direction", "", el("span", { class: "direction", "data-direction": direction }, word)),
    cell("amount", "number", el("span", { class: "amount", "data-direction": direction }, row.changed_by ?? "")),
    cell("other", "", accountNumber(row.from_to)),
    cell("description", "", row.descr ?? ""));
}

function pagination(go) {
  const previous = el("button", { type: "button", id: "previous-page", class: "button quiet" }, "← Previous");
  const next = el("button", { type: "button", id: "next-page", class: "button quiet" }, "Next →");
  const text = el("span", { id: "page-number", role: "status" });
  const element = el("nav", { class: "pager", "aria-label": "Pages", hidden: true }, previous, text, next);
  let current = 1;
  let last = 1;
  previous.addEventListener("click", () => current > 1 && go(current - 1));
  next.addEventListener("click", () => current < last && go(current + 1));
  return {
    element,
    draw(page, pages) {
      [current, last] = [page, pages];
      element.hidden = pages === 1;
      previous.setAttribute("aria-disabled", String(page <= 1));
      next.setAttribute("aria-disabled", String(page >= pages));
      setText(text, `Page ${page} of ${pages}`);
    },
  };
}
