// Rows of an account come twice: as the answer to a question and one by one as they happen. Both have them in their
// order, and a row is known by its event; these are the rules that make one list of them. The number of a row is none
// of them: a bank that has run for long has numbers that do not fit GraphQL's Int.

/// The newest `limit` rows of both, newest first: of an answer, and of those that were told of one by one. What was
/// told of before a row that the answer has too is in the answer, or older than all of it; what was told of after is
/// newer. Where both have a row, the one that was told of counts.
export function mergeRows(answer, told, limit) {
  const answered = new Set(answer.map(({ event_id }) => event_id));
  const toldOf = new Map(told.map((row) => [row.event_id, row]));
  const shared = told.findIndex(({ event_id }) => answered.has(event_id));
  const newer = shared < 0 ? told : told.slice(0, shared);
  return [...newer, ...answer.map((row) => toldOf.get(row.event_id) ?? row)].slice(0, limit);
}

/// The rows on display while a connection comes and goes.
export class RowWindow {
  #answer = [];
  #told = [];

  constructor(limit) {
    this.limit = limit;
    this.rows = [];
  }

  /// A new connection: from here on nothing is missed, but what happened before has to be asked for.
  connected() {
    this.#answer = this.rows;
    this.#told = [];
  }

  /// A row that has just happened.
  happened(row) {
    const known = this.#told.findIndex(({ event_id }) => event_id === row.event_id);
    if (known < 0) this.#told = [row, ...this.#told].slice(0, this.limit);
    else this.#told[known] = row;
    this.#merge();
  }

  /// The newest rows as the bank has them, asked for after `connected()`. What was shown before goes: between it and
  /// these there may be rows that nobody has told us of.
  answered(rows) {
    this.#answer = rows;
    this.#merge();
  }

  #merge() {
    this.rows = mergeRows(this.#answer, this.#told, this.limit);
  }
}
