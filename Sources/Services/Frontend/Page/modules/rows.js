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

/// However many are asked for, no more are shown; it is also what the bank gives at a time.
export const mostRows = 1_000;

/// The rows on display while a connection comes and goes. They are always without a gap: `hasOlder` says whether the
/// bank may have rows before the last of them.
export class RowWindow {
  #answer = [];
  #told = [];

  constructor(limit) {
    this.limit = limit;
    this.rows = [];
    this.hasOlder = false;
  }

  /// A new connection: from here on nothing is missed, but what happened before has to be asked for.
  connected() {
    this.#answer = this.rows;
    this.#told = [];
  }

  /// A row that has just happened.
  happened(row) {
    const known = this.#told.findIndex(({ event_id }) => event_id === row.event_id);
    // One more than is shown, so that it is seen that there are more.
    if (known < 0) this.#told = [row, ...this.#told].slice(0, this.limit + 1);
    else this.#told[known] = row;
    this.#merge();
  }

  /// The newest rows as the bank has them, asked for after `connected()`; `asked` is how many were asked for. What was
  /// shown before goes, unless it follows them without a gap: between it and these there may be rows that nobody has
  /// told us of.
  answered(rows, asked = this.limit) {
    const place = this.rows.findIndex(({ event_id }) => event_id === rows.at(-1)?.event_id);
    if (place < 0) this.hasOlder = rows.length >= asked;
    this.#answer = place < 0 ? rows : [...rows, ...this.rows.slice(place + 1)];
    this.#merge();
  }

  /// From here on rows are only left off at the end when there are `mostRows`, so that a person who looks at old rows
  /// keeps them while new ones come.
  grow() {
    this.connected();
    this.limit = mostRows;
  }

  /// Rows that the bank has before `last`, asked for after `grow()`; `asked` is how many were asked for. False when they
  /// do not follow what is shown any more.
  older(last, rows, asked) {
    if (this.rows.at(-1)?.event_id !== last.event_id) return false;
    this.hasOlder = rows.length >= asked;
    this.#answer = [...this.rows, ...rows];
    this.#merge();
    return true;
  }

  #merge() {
    const rows = mergeRows(this.#answer, this.#told, this.limit + 1);
    if (rows.length > this.limit) this.hasOlder = true;
    this.rows = rows.slice(0, this.limit);
  }
}
