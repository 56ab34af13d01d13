// What the parts of the picture are, for who sees them the first time. A part that is not here is shown all the same.

export const words = {
  heartbeat: {
    service: "Sets the pace of the bank: a beat at a time, each of which makes the generator do something.",
    topic: "One record a beat. Kept for a quarter of an hour.",
  },
  command_generator: { service: "Plays the people: opens accounts, pays salaries, buys groceries, pays friends." },
  command_handler: {
    service: "Decides. The only one that may change a balance, in one transaction with the events that tell of it.",
  },
  graphql_endpoint: {
    service: "Speaks with pages such as this one: turns what you press into commands, and events into rows.",
  },
  audit: { service: "Reads everything when asked to, and adds it all up. It does not run all the time." },
  confirm_account_creation: { topic: "A command: someone wants an account." },
  confirm_money_transfer: { topic: "A command: someone wants money to move. Nothing has happened yet." },
  account_creation_confirmed: { topic: "The answer: there is an account, with this number and token." },
  account_creation_failed: { topic: "The answer: there is none, and why." },
  money_transfer_confirmed: { topic: "The answer: the money has moved." },
  money_transfer_failed: { topic: "The answer: it has not, and why, such as insufficient funds." },
  balance_changed: {
    topic: "What happened: an account has another balance. Every list in this bank is made of these.",
  },
  dead_letter: { topic: "What nobody could read, kept as it came. It should stay at zero." },
  balancedb: { database: "The handler's: balances, and what was decided about each command." },
  transactiondb: { database: "The endpoint's: rows for pages. It could be made anew from balance_changed." },
};

export function wordsOn(kind, name) {
  return words[name]?.[kind] ?? "";
}

/// A name in lines that fit a box of so many characters, broken where the words of a name end.
export function nameLines(name, width) {
  const lines = [""];
  for (const part of name.split(/(?<=_)/)) {
    if (lines.at(-1) && (lines.at(-1) + part).length > width) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines;
}
