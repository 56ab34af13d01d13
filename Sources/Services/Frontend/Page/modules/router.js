// Views are named in the part of the address behind #, so that a reload and a bookmark come back to them:
// #/bank-employee/NL66OPEN0000000000, #/bank-employee?page=2&filter=heijn.

/// {name, item, query} of such a part; the name of the home view is "".
export function parseRoute(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [name = "", item = ""] = path.split("/").map(decoded);
  return { name, item, query: new URLSearchParams(query) };
}

/// The reverse of parseRoute; empty values of the query are left out.
export function routeTo(name, item = "", query = {}) {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null));
  const tail = String(kept);
  return `#/${[name, item].filter(Boolean).map(encodeURIComponent).join("/")}${tail ? `?${tail}` : ""}`;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
