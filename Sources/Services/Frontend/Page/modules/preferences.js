// How many rows and which fields a person wants to see. Kept in the browser; nothing else is.

import { fields } from "./fields.js";

const key = "open-bank.shown";
export const rowCounts = [5, 10, 25, 50, 100, 250];

/// Each change is an event "change".
export class Preferences extends EventTarget {
  constructor(storage = safeStorage()) {
    super();
    this.storage = storage;
    const saved = readSaved(storage);
    this.rows = rowCounts.includes(saved.rows) ? saved.rows : 10;
    const names = Array.isArray(saved.fields)
      ? fields.filter(({ name }) => saved.fields.includes(name))
      : fields.filter(({ atFirst }) => atFirst);
    this.shown = new Set(names.map(({ name }) => name));
  }

  setRows(rows) {
    this.rows = rows;
    this.#changed();
  }

  toggle(name, isShown) {
    if (isShown) this.shown.add(name);
    else this.shown.delete(name);
    this.#changed();
  }

  #changed() {
    try {
      this.storage?.setItem(key, JSON.stringify({ rows: this.rows, fields: [...this.shown] }));
    } catch {
      // A full or forbidden store: the choice holds until the page is left.
    }
    this.dispatchEvent(new Event("change"));
  }
}

function safeStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function readSaved(storage) {
  try {
    return JSON.parse(storage?.getItem(key) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
