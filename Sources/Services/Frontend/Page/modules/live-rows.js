// The newest rows of one account, kept up to date over a connection that may break at any moment, and older ones.

import { backoffMillis } from "./backoff.js";
import { fieldVariables, rowsQuery, rowsSubscription } from "./fields.js";
import { mostRows, RowWindow } from "./rows.js";

/// A row can happen after the bank has answered and before it has begun to tell us of new ones. A second look after
/// this time finds it.
const secondLookMillis = 2_000;

/// Calls `changed(rows, hasOlder)` with the newest rows, newest first, whenever they are others, and `failed(error)` with
/// what the bank could not give; `failed(null)` when it could again. `kept` is how many were shown before with older ones
/// among them; 0 when there were none.
///
/// Returns {stop, older}: `older()` asks for `limit` more and gives how many came. It rejects with what went wrong.
export function liveRows(client, { iban, limit, kept = 0, wanted, changed, failed }) {
  const shown = new RowWindow(limit);
  if (kept > limit) shown.grow();
  const first = Math.min(mostRows, Math.max(limit, kept));
  const variables = { iban, ...fieldVariables(wanted) };
  const stopping = new AbortController();
  let asking = null;
  let timer = null;
  let lastAsked = 0;
  let lastAnswered = 0;

  const ask = async (limit, before, signal) => {
    const data = await client.ask(rowsQuery, { ...variables, limit, before }, { signal });
    return (data.transactions_by_iban ?? []).filter(Boolean);
  };
  const tell = () => changed(shown.rows, shown.hasOlder && shown.rows.length < mostRows);

  const look = async (signal, attempt = 0) => {
    if (signal.aborted) return;
    const number = (lastAsked += 1);
    try {
      const rows = await ask(first, null, signal);
      // An answer that was overtaken by that of a later look has fewer rows.
      if (signal.aborted || number < lastAnswered) return;
      lastAnswered = number;
      shown.answered(rows, first);
      failed(null);
      tell();
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      // Just after a start the bank may not have all its parts yet.
      setTimeout(() => look(signal, attempt + 1), backoffMillis(attempt));
    }
  };

  const started = () => {
    asking?.abort();
    clearTimeout(timer);
    asking = new AbortController();
    const signal = AbortSignal.any([asking.signal, stopping.signal]);
    shown.connected();
    look(signal);
    timer = setTimeout(() => look(signal), secondLookMillis);
  };

  const next = (data) => {
    if (!data?.stream_transactions) return;
    shown.happened(data.stream_transactions);
    tell();
  };

  const older = async () => {
    shown.grow();
    const last = shown.rows.at(-1);
    if (!last) return 0;
    const asked = Math.min(limit, mostRows - shown.rows.length);
    const rows = await ask(asked, last.event_id, stopping.signal);
    // After a reconnect other rows may be shown; whoever wants those before them presses again.
    const isTaken = shown.older(last, rows, asked);
    tell();
    return isTaken ? rows.length : 0;
  };

  const stop = client.subscribe(rowsSubscription, variables, { started, next, failed });
  return {
    older,
    stop: () => {
      stopping.abort();
      clearTimeout(timer);
      stop();
    },
  };
}
