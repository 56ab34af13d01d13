// The newest rows of one account, kept up to date over a connection that may break at any moment.

import { backoffMillis } from "./backoff.js";
import { fieldVariables, rowsQuery, rowsSubscription } from "./fields.js";
import { RowWindow } from "./rows.js";

/// A row can happen after the bank has answered and before it has begun to tell us of new ones. A second look after
/// this time finds it.
const secondLookMillis = 2_000;

/// Calls `changed(rows)` with the newest rows, newest first, whenever they are others, and `failed(error)` with what
/// the bank could not give; `failed(null)` when it could again. Returns a function that stops it.
export function liveRows(client, { iban, limit, wanted, changed, failed }) {
  const shown = new RowWindow(limit);
  const variables = { iban, ...fieldVariables(wanted) };
  const stopping = new AbortController();
  let asking = null;
  let timer = null;
  let lastAsked = 0;
  let lastAnswered = 0;

  const look = async (signal, attempt = 0) => {
    if (signal.aborted) return;
    const number = (lastAsked += 1);
    try {
      const data = await client.ask(rowsQuery, { ...variables, limit }, { signal });
      // An answer that was overtaken by that of a later look has fewer rows.
      if (signal.aborted || number < lastAnswered) return;
      lastAnswered = number;
      shown.answered((data.transactions_by_iban ?? []).filter(Boolean));
      failed(null);
      changed(shown.rows);
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
    changed(shown.rows);
  };

  const stop = client.subscribe(rowsSubscription, variables, { started, next, failed });
  return () => {
    stopping.abort();
    clearTimeout(timer);
    stop();
  };
}
