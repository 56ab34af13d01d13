// Which fields of a row are shown, and so asked for.

/// In the order of the toggles. `field` is the one of the schema, `variable` says in a question whether it is wanted.
export const fields = [
  { name: "own", field: "iban", label: "Own account", atFirst: false },
  { name: "balance", field: "new_balance", label: "New balance", atFirst: true },
  { name: "direction", field: "direction", label: "Debit / credit", atFirst: true },
  { name: "other", field: "from_to", label: "Other account", atFirst: true },
  { name: "amount", field: "changed_by", label: "Amount changed", atFirst: true },
  { name: "description", field: "descr", label: "Description", atFirst: true },
];

const variableTypes = fields.map(({ name }) => `$${name}: Boolean!`).join(", ");
const selection = `event_id ${fields.map(({ name, field }) => `${field} @include(if: $${name})`).join(" ")}`;

/// The newest rows of an account, or the newest before a row, which is named by its event.
export const rowsQuery = `query Rows($iban: String!, $limit: Int!, $before: ID, ${variableTypes}) {
  transactions_by_iban(iban: $iban, max_items: $limit, before: $before) { ${selection} }
}`;

/// Each row of an account as it happens.
export const rowsSubscription = `subscription Live($iban: String!, ${variableTypes}) {
  stream_transactions(iban: $iban) { ${selection} }
}`;

/// The variables of both: true for each field that is in the set.
export function fieldVariables(wanted) {
  return Object.fromEntries(fields.map(({ name }) => [name, wanted.has(name)]));
}
