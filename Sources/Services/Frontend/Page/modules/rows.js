// Rows of an account come twice: as the answer to a question and one by one as they happen. These are the rules that
// make one list of them.

/// The newest `limit` rows of both lists, newest first. A row is known by its event, so one that came both ways is
/// there once; where both have it, that of `newer` counts (its number may be a new one when the rows were made anew).
export function mergeRows(older, newer, limit) {
  const byEvent = new Map();
  for (const row of older) byEvent.set(row.event_id, row);
  for (const row of newer) byEvent.set(row.event_id, row);
  return [...byEvent.values()].sort((one, other) => other.id - one.id).slice(0, limit);
}

/// The rows on display while a connection comes and goes.
export class RowWindow {
  constructor(limit) {
    this.limit = limit;
    this.rows = [];
    this.sinceConnected = [];
  }

  /// A new connection: from here on nothing is missed, but what happened before has to be asked for.
  connected() {
    this.sinceConnected = [];
  }

  /// A row that has just happened.
  happened(row) {
    this.sinceConnected = mergeRows(this.sinceConnected, [row], this.limit);
    this.rows = mergeRows(this.rows, [row], this.limit);
  }

  /// The newest rows as the bank has them, asked for after `connected()`. What was shown before goes: between it and
  /// these there may be rows that nobody has told us of, and its numbers may be old ones.
  answered(rows) {
    this.rows = mergeRows(rows, this.sinceConnected, this.limit);
    this.sinceConnected = this.rows;
  }
}
