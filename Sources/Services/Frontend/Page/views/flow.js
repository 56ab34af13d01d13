import { el, setText } from "../modules/dom.js";
import { flowPicture } from "../modules/flow-picture.js";
import { watchFlow } from "../modules/flow-source.js";
import { wordsOn } from "../modules/flow-words.js";
import { count, rate } from "../modules/format.js";

export const title = "Flow";

const invitation = "Press a part to see what it is and what it is connected with.";

export function show(main, context) {
  const state = el("p", { class: "flow-state", role: "status" }, "Asking the endpoint for the topology …");
  const about = el("p", { class: "flow-about", "aria-live": "polite" }, invitation);
  const picture = resizingPicture((node, topology) => setText(about, node ? aboutNode(node, topology) : invitation));
  const table = topicTable();
  const update = (rates) => {
    picture.update(rates);
    table.update(rates);
  };
  const stop = watchFlow(context.endpoint("/flow"), {
    topology(topology) {
      picture.fill(topology);
      table.fill(topology);
    },
    rates(rates) {
      update(rates);
      setText(state, stateText(rates));
    },
    fresh(isFresh) {
      state.classList.toggle("bad", !isFresh);
      if (isFresh) return;
      update(null);
      setText(state, "No figures at the moment: the endpoint is not heard. Trying again …");
    },
  });
  main.append(
    el("h1", { tabindex: "-1" }, "See it flow"),
    el("p", { class: "lead" },
      "Services never call each other: they write to topics and read from them. Time goes with the arrows, from a beat "
      + "to a row on your screen."),
    el("section", { class: "card flow-card", "aria-label": "Picture" }, state, picture.element, about, legend()),
    el("h2", {}, "The same in words"),
    el("div", {
      class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Topics with their users and rates",
    }, table.element));
  return () => {
    stop();
    picture.stop();
  };
}

/// The picture of a topology in a frame, drawn anew when the frame gets another width. `chosen(node, topology)` is
/// called with the node that was pressed, null when none is chosen any more.
function resizingPicture(chosen) {
  const frame = el("div", { class: "flow-frame" });
  let [topology, rates, picture, choice, drawnWidth] = [null, null, null, null, 0];
  const choose = (node) => {
    choice = choice?.id === node.id ? null : node;
    picture.select(choice?.id ?? null);
    chosen(choice, topology);
  };
  const draw = () => {
    if (!topology || !frame.clientWidth) return;
    drawnWidth = frame.clientWidth;
    picture = flowPicture(topology, drawnWidth, choose);
    frame.replaceChildren(picture.element);
    picture.select(choice?.id ?? null);
    picture.update(rates);
  };
  const resized = new ResizeObserver(() => frame.clientWidth !== drawnWidth && draw());
  resized.observe(frame);
  return {
    element: frame,
    fill(value) {
      if (JSON.stringify(value) === JSON.stringify(topology)) return;
      topology = value;
      draw();
    },
    update(value) {
      rates = value;
      picture?.update(rates);
    },
    stop: () => resized.disconnect(),
  };
}

function stateText(rates) {
  const all = Object.values(rates).reduce((sum, { perSecond }) => sum + perSecond, 0);
  return all > 0 ? `${rate(all)} messages a second over all topics` : "Nothing moves at the moment";
}

function aboutNode({ kind, name }, topology) {
  const text = [`${name} (${kind}).`, wordsOn(kind, name)];
  if (kind === "topic") {
    const users = usersOf(name, topology);
    text.push(`Written by ${list(users.producers)}; read by ${list(users.consumers)}.`);
  }
  return text.filter(Boolean).join(" ");
}

function usersOf(name, { services }) {
  return {
    producers: services.filter(({ produces }) => produces.includes(name)).map((service) => service.name),
    consumers: services.filter(({ consumes }) => consumes.includes(name)).map((service) => service.name),
  };
}

function list(names) {
  return names.length ? names.join(", ") : "no service";
}

function legend() {
  return el("ul", { class: "flow-legend" },
    el("li", { class: "key service" }, "service"), el("li", { class: "key topic" }, "topic, with messages a second"),
    el("li", { class: "key database" }, "database"),
    el("li", { class: "key reads" }, "only looks on, when asked to"),
    el("li", { class: "key shared" }, "pale: several write to the topic, and the rate is that of all"),
    el("li", {},
      "The more messages a topic gets, the faster the dots and the thicker the arrows. The numbers are exact."));
}

function topicTable() {
  const body = el("tbody");
  // The figures stand by the names, where a phone shows them.
  const heads = [["Topic"], ["A second", "number"], ["Records", "number"], ["Written by"], ["Read by"],
    ["Partitions", "number"]];
  const element = el("table", { id: "flow-table" },
    el("thead", {}, el("tr", {}, heads.map(([text, kind]) => el("th", { scope: "col", class: kind }, text)))), body);
  const rows = new Map();
  return {
    element,
    fill(topology) {
      rows.clear();
      body.replaceChildren(...topology.topics.map(({ name, partitions }) => {
        const users = usersOf(name, topology);
        const [records, perSecond] = ["–", "–"].map((text) => el("td", { class: "number" }, text));
        const cells = { records, perSecond };
        rows.set(name, cells);
        return el("tr", { "data-topic": name }, el("th", { scope: "row" }, name), cells.perSecond, cells.records,
          el("td", {}, list(users.producers)), el("td", {}, list(users.consumers)),
          el("td", { class: "number" }, String(partitions)));
      }));
    },
    update(rates) {
      for (const [name, cells] of rows) {
        const known = rates?.[name];
        setText(cells.records, known ? count(known.records) : "–");
        setText(cells.perSecond, known ? rate(known.perSecond) : "–");
      }
    },
  };
}
