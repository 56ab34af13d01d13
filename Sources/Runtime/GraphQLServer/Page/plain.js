"use strict";

const maxAnswers = 50;
const byId = (id) => document.getElementById(id);
let stop = null;

function show(value) {
  const answer = byId("answer");
  const block = document.createElement("div");
  block.textContent = JSON.stringify(value, null, 2);
  answer.prepend(block);
  while (answer.children.length > maxAnswers) answer.lastChild.remove();
}

function finish(state) {
  stop = null;
  byId("run").disabled = false;
  byId("stop").disabled = true;
  byId("state").textContent = state;
}

// Strings and comments left out, a subscription is the document whose chosen operation begins with that word.
function isSubscription(query, operationName) {
  const text = query.replace(/"""[^]*?"""|"(?:\\.|[^"\\\n])*"|#.*/g, "");
  const names = [...text.matchAll(/\b(query|mutation|subscription)\b\s*([_A-Za-z]\w*)?/g)];
  const chosen = operationName ? names.find((match) => match[2] === operationName) : names[0];
  return chosen?.[1] === "subscription" && !(text.trimStart().startsWith("{") && !operationName);
}

async function run(event) {
  event.preventDefault();
  const request = { query: byId("query").value };
  if (byId("operation").value) request.operationName = byId("operation").value;
  try {
    if (byId("variables").value.trim()) request.variables = JSON.parse(byId("variables").value);
  } catch (error) {
    byId("state").textContent = `The variables are not JSON: ${error.message}`;
    return;
  }
  byId("answer").replaceChildren();
  byId("run").disabled = true;
  byId("state").textContent = "Running";
  if (isSubscription(request.query, request.operationName)) {
    byId("stop").disabled = false;
    stop = GraphQLClient.subscribe(request, {
      next: show,
      error: (error) => { if (error.errors) show(error); finish(error.message ?? "Failed"); },
      complete: () => finish("Complete"),
    });
    return;
  }
  try {
    const answer = await GraphQLClient.post(request);
    show(answer);
    finish(answer.errors ? "Answered with errors" : "Answered");
  } catch (error) {
    finish(`No answer: ${error.message}`);
  }
}

const typeText = (type) =>
  type.kind === "NON_NULL" ? `${typeText(type.ofType)}!` : type.kind === "LIST" ? `[${typeText(type.ofType)}]` : type.name;

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent.append(made);
  return made;
}

function describe(type, parent) {
  const details = element("details", "", parent);
  element("summary", `${type.name} (${type.kind.toLowerCase().replace("_", " ")})`, details);
  if (type.description) element("p", type.description, details);
  const list = element("dl", "", details);
  const inputs = (type.inputFields ?? []).map((field) => [`${field.name}: ${typeText(field.type)}`, field.description]);
  const values = (type.enumValues ?? []).map((value) => [value.name, value.description]);
  const fields = (type.fields ?? []).map((field) => {
    const args = field.args.map((one) => `${one.name}: ${typeText(one.type)}`).join(", ");
    return [`${field.name}${args ? `(${args})` : ""}: ${typeText(field.type)}`, field.description];
  });
  for (const [title, description] of [...fields, ...inputs, ...values]) {
    element("dt", title, list);
    element("dd", description ?? "", list);
  }
}

async function loadSchema() {
  const type = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
  const input = `name description type { ${type} }`;
  const query = `{ __schema { types { kind name description
    fields { name description args { ${input} } type { ${type} } }
    inputFields { ${input} } enumValues { name description } } } }`;
  try {
    const answer = await GraphQLClient.post({ query });
    if (!answer.data) throw new Error(answer.errors?.[0]?.message ?? "no data");
    for (const one of answer.data.__schema.types) {
      if (!one.name.startsWith("__")) describe(one, byId("schema"));
    }
    byId("schema-state").textContent = "";
  } catch (error) {
    byId("schema-state").textContent = `It cannot be had: ${error.message}`;
  }
}

byId("request").addEventListener("submit", run);
byId("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("request").requestSubmit();
});
byId("stop").addEventListener("click", () => { stop?.(); finish("Stopped"); });
loadSchema();
