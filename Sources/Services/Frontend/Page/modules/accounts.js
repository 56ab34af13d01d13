// All accounts with their newest row, for who works at the bank.

import { fieldVariables, fields } from "./fields.js";

export const pageSize = 20;
/// How many the bank gives at a time, and how many are asked for at most.
const batch = 1_000;
const mostAccounts = 20_000;
/// The list is asked for again and again, but for a twentieth of the time at most.
const shortestPauseMillis = 3_000;

const variableTypes = fields.map(({ name }) => `$${name}: Boolean!`).join(", ");
const selection = fields
  .filter(({ name }) => name !== "own")
  .map(({ name, field }) => `${field} @include(if: $${name})`)
  .join(" ");
const query = `query Accounts($limit: Int!, $after: String, ${variableTypes.replace("$own: Boolean!, ", "")}) {
  all_last_transactions(max_items: $limit, after: $after) { event_id iban ${selection} }
}`;

/// The accounts that have the text in what is shown of them, upper and lower case and spaces alike.
export function matching(accounts, text) {
  const wanted = plain(text);
  if (!wanted) return accounts;
  const has = (text) => plain(text ?? "").includes(wanted);
  return accounts.filter(({ iban, from_to, descr }) => has(iban) || has(from_to) || has(descr));
}

/// The part of a list on a page, and the number of that page when there is none so high.
export function pageOf(list, number) {
  const pages = Math.max(1, Math.ceil(list.length / pageSize));
  const page = Math.min(Math.max(1, Math.trunc(number) || 1), pages);
  return { page, pages, rows: list.slice((page - 1) * pageSize, page * pageSize) };
}

/// Calls `changed(accounts, isAll)` after each time the list was asked for, and `failed(error)`, with null when it
/// worked again. Returns a function that stops it.
export function watchAccounts(client, wanted, { changed, failed }) {
  const stopping = new AbortController();
  const { own, ...variables } = fieldVariables(wanted);
  let timer = null;
  const round = async () => {
    const began = performance.now();
    try {
      const accounts = await allAccounts(client, variables, stopping.signal);
      failed(null);
      changed(accounts, accounts.length < mostAccounts);
    } catch (error) {
      if (!stopping.signal.aborted) failed(error);
    }
    if (stopping.signal.aborted) return;
    timer = setTimeout(round, Math.max(shortestPauseMillis, (performance.now() - began) * 20));
  };
  round();
  return () => {
    stopping.abort();
    clearTimeout(timer);
  };
}

async function allAccounts(client, variables, signal) {
  const accounts = [];
  while (accounts.length < mostAccounts) {
    const after = accounts.at(-1)?.iban ?? null;
    const data = await client.ask(query, { ...variables, limit: batch, after }, { signal });
    const rows = (data.all_last_transactions ?? []).filter(Boolean);
    accounts.push(...rows);
    if (rows.length < batch) break;
  }
  return accounts;
}

function plain(text) {
  return text.toLowerCase().replace(/\s+/g, "");
}
