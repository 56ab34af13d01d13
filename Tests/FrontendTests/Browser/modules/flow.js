// The flow view.

const { flowGraph } = await load("flow-graph");
const { layoutFlow, pathOf } = await load("flow-layout");
const { dotSpeed, thickness } = await load("flow-picture");
const { nameLines } = await load("flow-words");

const topology = {
  services: [
    { name: "heartbeat", consumes: [], produces: ["heartbeat"], databases: {} },
    { name: "generator", consumes: ["heartbeat", "answer"], produces: ["command"], databases: {} },
    { name: "handler", consumes: ["command"], produces: ["answer"], databases: { store: "write" } },
    { name: "endpoint", consumes: ["answer"], produces: ["command"], databases: { rows: "write" } },
    { name: "audit", consumes: ["command", "answer"], produces: [], databases: { store: "read" } },
  ],
  topics: ["heartbeat", "command", "answer", "meta"].map((name) => ({ name, partitions: 1 })),
  databases: ["store", "rows"],
};

tests.push(
  ["the flow's layers follow the money", () => {
    const { nodes, arrows, unused } = flowGraph(topology);
    const layer = (name, kind) => nodes.find((node) => node.name === name && node.kind === kind).layer;
    same(["heartbeat", "generator", "handler", "endpoint", "audit"].map((name) => layer(name, "service")),
      [0, 2, 4, 6, 6]);
    same(["heartbeat", "command", "answer"].map((name) => layer(name, "topic")), [1, 3, 5]);
    same(unused, ["meta"]);
    const shared = arrows.filter(({ isShared }) => isShared).map(({ from, to }) => `${from} > ${to}`);
    same(shared, ["service generator > topic command", "service endpoint > topic command"]);
    same(arrows.filter(({ looks }) => looks).length, 3, "arrows to the audit");
    same(flowGraph({}).nodes, [], "nothing at all");
  }],
  ["the flow fits its width, and no two parts overlap", () => {
    same([300, 1000, 1200].map((width) => layoutFlow(topology, width).isWide), [false, false, true]);
    for (const available of [300, 358, 600, 860, 1000, 1141, 1142, 1200]) {
      const { nodes, arrows, height, width } = layoutFlow(topology, available);
      holds(width <= available, `${width} of ${available}`);
      for (const [index, one] of nodes.entries()) {
        holds(one.x >= 0 && one.x + one.width <= width && one.y >= 0 && one.y + one.height <= height,
          `${one.id} stands outside at ${width}`);
        for (const other of nodes.slice(index + 1)) {
          holds(one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y
            || other.y + other.height <= one.y, `${one.id} is on ${other.id} at ${width}`);
        }
      }
      for (const arrow of arrows) {
        holds(arrow.points.every(([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height),
          `${arrow.id} leaves the picture at ${width}`);
        holds(!pathOf(arrow).includes("NaN"), `${arrow.id} has no path at ${width}`);
      }
    }
  }],
  ["dots stand still at zero and are faster the more there is", () => {
    same([dotSpeed(0), dotSpeed(-1)], [0, 0]);
    const rates = [0.1, 1, 10, 100, 1000];
    holds(rates.every((one, index) => index === 0 || dotSpeed(one) > dotSpeed(rates[index - 1])), "speeds do not rise");
    holds(dotSpeed(1e9) <= 150 && thickness(1e9) <= 5, "there is no end to it");
  }],
  ["long names break where their words end", () => {
    same(nameLines("account_creation_confirmed", 18), ["account_creation_", "confirmed"]);
    same(nameLines("heartbeat", 18), ["heartbeat"]);
    same(nameLines("command_handler", 3), ["command_", "handler"]);
  }],
);
