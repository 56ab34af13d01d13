"use strict";

const parameters = new URLSearchParams(location.search);

function remember(name) {
  return (value) => {
    if (value) parameters.set(name, value); else parameters.delete(name);
    history.replaceState(null, "", `?${parameters}`);
  };
}

function fetcher(request, options) {
  const operations = options?.documentAST?.definitions.filter((one) => one.kind === "OperationDefinition") ?? [];
  const chosen = operations.length === 1
    ? operations[0] : operations.find((one) => one.name?.value === request.operationName);
  if (chosen?.operation !== "subscription") return GraphQLClient.post(request, options?.headers);
  return { subscribe: (observer) => ({ unsubscribe: GraphQLClient.subscribe(request, observer, options?.headers) }) };
}

ReactDOM.render(
  React.createElement(GraphiQL, {
    fetcher,
    headerEditorEnabled: true,
    query: parameters.get("query") ?? undefined,
    variables: parameters.get("variables") ?? undefined,
    onEditQuery: remember("query"),
    onEditVariables: remember("variables"),
  }),
  document.getElementById("graphiql"));
