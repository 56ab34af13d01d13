// What is shown, written and remembered.

const { eurosOfCents, ibanGroups, count, rate } = await load("format");
const { backoffMillis, longestMillis, firstMillis } = await load("backoff");
const { newUUID } = await load("uuid");
const { parseRoute, routeTo } = await load("router");
const { matching, pageOf } = await load("accounts");
const { fieldVariables, fields } = await load("fields");
const { Preferences } = await load("preferences");
const { lengthProblem } = await load("money");
const { accountNumber } = await load("account-number");

tests.push(
  ["cents are written as the bank writes euros", () => {
    const table = { "0": "€0,00", "5": "€0,05", "1000": "€10,00", "123456": "€1.234,56", "-50000": "€-500,00",
      "100000000000000000": "€1.000.000.000.000.000,00", "9007199254740993": "€90.071.992.547.409,93",
      "-1": "€-0,01", "007": "€0,07" };
    for (const [cents, euros] of Object.entries(table)) same(eurosOfCents(cents), euros, cents);
    for (const wrong of ["", "1,5", "1.5", "ten", "1e3", "- 1", "12345678901234567890", " 1"]) {
      same(eurosOfCents(wrong), null, wrong);
    }
  }],
  ["account numbers are grouped, names are not", () => {
    same(ibanGroups("NL66OPEN0000000000"), ["NL66", "OPEN", "0000", "0000", "00"]);
    for (const name of ["cash", "Albert Heijn BV", "", "NL66 OPEN"]) same(ibanGroups(name), null, name);
    same(accountNumber("NL66OPEN0000000000").textContent, "NL66OPEN0000000000", "what is copied");
    same(accountNumber("<b>x</b>").textContent, "<b>x</b>", "a name with markup");
    same(accountNumber("<b>x</b>").children.length, 0, "elements made of a name");
  }],
  ["counts and rates are short and never lie about zero", () => {
    same([0, 999, 1000, 1234567].map(count), ["0", "999", "1\u202f000", "1\u202f234\u202f567"]);
    same([0, 0.01, 0.4, 1, 9.94, 9.96, 120.4, 1250].map(rate),
      ["0", "<0.1", "0.4", "1", "9.9", "10", "120", "1\u202f250"]);
  }],
  ["waits double, have an end, and half of them is chance", () => {
    same(backoffMillis(0, () => 0), firstMillis / 2);
    same(backoffMillis(1, () => 0.5), firstMillis * 1.5);
    same(backoffMillis(99, () => 0.999999), longestMillis);
    same(backoffMillis(99, () => 0), longestMillis / 2);
    for (let attempt = 1; attempt < 12; attempt++) {
      holds(backoffMillis(attempt, () => 0) >= backoffMillis(attempt - 1, () => 0), `attempt ${attempt} is shorter`);
    }
  }],
  ["ids are version 4 and use every byte that they are given", () => {
    same(newUUID((bytes) => bytes.fill(0xff)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    same(newUUID((bytes) => bytes.fill(0)), "00000000-0000-4000-8000-000000000000");
    same(new Set(Array.from({ length: 1000 }, () => newUUID())).size, 1000, "different ones of 1000");
  }],
  ["views are named in the address and back", () => {
    const { name, item, query } = parseRoute("#/bank-employee/NL66OPEN0000000000?page=2&filter=a%20b");
    same([name, item, query.get("page"), query.get("filter")], ["bank-employee", "NL66OPEN0000000000", "2", "a b"]);
    for (const home of ["", "#", "#/"]) same(parseRoute(home).name, "", home);
    same(routeTo("bank-employee", "", { page: 3, filter: "a b&c" }), "#/bank-employee?page=3&filter=a+b%26c");
    same(routeTo("bank-employee", "", { page: "", filter: "" }), "#/bank-employee");
    same(parseRoute("#/%E0%A4%A").name, "%E0%A4%A", "an escape that is none");
  }],
  ["accounts are found by what is shown of them, twenty a page", () => {
    const accounts = Array.from({ length: 45 }, (_, index) => ({ iban: `NL${10 + index}OPEN00`, from_to: "cash" }));
    accounts[7].from_to = "Albert Heijn BV";
    same(matching(accounts, "albertHEIJN").length, 1);
    same(matching(accounts, "nl12 open").length, 1);
    same(matching(accounts, "  ").length, 45);
    same([pageOf(accounts, 1).rows.length, pageOf(accounts, 3).rows.length, pageOf(accounts, 3).pages], [20, 5, 3]);
    same([pageOf(accounts, 99).page, pageOf(accounts, -1).page, pageOf(accounts, NaN).page], [3, 1, 1]);
    same([pageOf([], 1).pages, pageOf([], 1).rows], [1, []]);
  }],
  ["a field is asked for when it is wanted", () => {
    const variables = fieldVariables(new Set(["amount"]));
    same(Object.entries(variables).filter(([, wanted]) => wanted), [["amount", true]]);
    same(Object.keys(variables).length, fields.length);
  }],
  ["what to show is remembered, and nonsense in the store is not believed", () => {
    const store = new Map();
    const storage = { getItem: (key) => store.get(key) ?? null, setItem: (key, value) => store.set(key, value) };
    const first = new Preferences(storage);
    first.setRows(50);
    first.toggle("own", true);
    first.toggle("balance", false);
    const again = new Preferences(storage);
    same([again.rows, again.shown.has("own"), again.shown.has("balance")], [50, true, false]);
    for (const nonsense of ["{", "null", "7", '{"rows":7,"fields":"all"}']) {
      store.set([...store.keys()][0], nonsense);
      same(new Preferences(storage).rows, 10, nonsense);
    }
  }],
  ["names and passwords are counted in characters", () => {
    same(lengthProblem("A name", "12345678", 100), null);
    same(lengthProblem("A name", "é👍345678", 100), null);
    holds(lengthProblem("A name", "1234567", 100).includes("at least 8"), "seven");
    holds(lengthProblem("A name", "x".repeat(101), 100).includes("100"), "101");
  }],
);
