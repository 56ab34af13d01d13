// The picture of the flow: boxes for services, strips for topics, drums for databases, and arrows on which dots run as
// fast as messages do.

import { setText, svg } from "./dom.js";
import { layoutFlow, pathOf } from "./flow-layout.js";
import { rate } from "./format.js";
import { nameLines } from "./flow-words.js";

const dotGap = 18;

/// How far dots run in a second, in pixels, at so many messages a second: slow enough for the eye at every rate.
export function dotSpeed(perSecond) {
  return perSecond > 0 ? Math.min(150, 18 + 34 * Math.log10(1 + perSecond)) : 0;
}

/// How thick an arrow is, in pixels.
export function thickness(perSecond) {
  return perSecond > 0 ? Math.min(5, 1.4 + Math.log10(1 + perSecond)) : 1.2;
}

/// Returns {element, update(rates), select(id)}. `rates` is {topic: {records, perSecond}}, or null when they are not
/// known; `chosen(node)` is called when a node was pressed.
export function flowPicture(topology, width, chosen) {
  const layout = layoutFlow(topology, width);
  const isMoving = !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const lines = layout.arrows.map((arrow) => arrowElements(arrow, isMoving));
  const boxes = layout.nodes.map((node) => nodeElement(node, layout.isWide, chosen));
  const element = svg("svg", {
    class: "flow-picture", viewBox: `0 0 ${layout.width} ${layout.height}`, width: layout.width, height: layout.height,
    role: "group", "aria-label": "Services, topics and databases. The table below the picture says the same.",
  }, arrowHead(), lines.map(({ element }) => element), boxes.map(({ element }) => element));
  return {
    element,
    update(rates) {
      for (const line of lines) line.update(rates);
      for (const box of boxes) box.update(rates);
    },
    select(id) {
      element.classList.toggle("has-choice", id !== null);
      for (const { arrow, element: line } of lines) {
        line.classList.toggle("chosen", arrow.from === id || arrow.to === id);
      }
      const near = new Set(layout.arrows.flatMap(({ from, to }) => (from === id || to === id ? [from, to] : [])));
      for (const { node, element: box } of boxes) {
        box.classList.toggle("chosen", node.id === id || near.has(node.id));
        box.setAttribute("aria-pressed", String(node.id === id));
      }
    },
  };
}

function arrowHead() {
  return svg("defs", {}, svg("marker", {
    id: "arrow-head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7,
    markerUnits: "userSpaceOnUse", orient: "auto",
  }, svg("path", { d: "M0 0.500 8 4 0 7.500z" })));
}

function arrowElements(arrow, isMoving) {
  const d = pathOf(arrow);
  const line = svg("path", { class: "line", d, "marker-end": "url(#arrow-head)" });
  const dots = svg("path", { class: "dots", d });
  const kinds = ["arrow", arrow.kind, arrow.looks ? "looks" : "", arrow.isShared ? "shared" : ""].filter(Boolean);
  const element = svg("g", { class: kinds.join(" "), "data-topic": arrow.topic }, line, isMoving ? dots : null);
  // Made once: a change of speed then goes on from where the dots are.
  const motion = isMoving
    ? dots.animate([{ strokeDashoffset: dotGap }, { strokeDashoffset: 0 }], { duration: 1000, iterations: Infinity })
    : null;
  motion?.pause();
  const update = (rates) => {
    const perSecond = arrow.topic === null || arrow.looks ? 0 : (rates?.[arrow.topic]?.perSecond ?? 0);
    const speed = dotSpeed(perSecond);
    line.style.strokeWidth = `${thickness(perSecond)}px`;
    element.classList.toggle("busy", speed > 0);
    if (!motion) return;
    if (speed === 0) motion.pause();
    else {
      motion.updatePlaybackRate(speed / dotGap);
      if (motion.playState !== "running") motion.play();
    }
  };
  return { arrow, element, update };
}

function nodeElement(node, isWide, chosen) {
  const { kind, name, x, y, width, height } = node;
  const hasRate = kind === "topic";
  const lines = nameLines(name, Math.floor((width - (hasRate && !isWide ? 90 : 22)) / 6.6));
  const number = hasRate ? svg("text", { class: "rate" }) : null;
  const text = svg("text", { class: "name" },
    lines.map((line, index) => svg("tspan", { x: 0, dy: index ? 14 : 0 }, line)));
  const left = hasRate ? 26 : width / 2;
  const top = hasRate && isWide ? 17 + (lines.length === 1 ? 4 : 0) : height / 2 + 4 - (lines.length - 1) * 7;
  text.setAttribute("transform", `translate(${left} ${top + (kind === "database" ? 4 : 0)})`);
  number?.setAttribute("x", hasRate && isWide ? 26 : width - 10);
  number?.setAttribute("y", hasRate && isWide ? height - 9 : height / 2 + 4);
  number?.setAttribute("text-anchor", isWide ? "start" : "end");
  const element = svg("g", {
    class: `node ${kind}${node.looks ? " looks" : ""}`, transform: `translate(${x} ${y})`, tabindex: 0, role: "button",
    "aria-pressed": "false", "aria-label": `${kind} ${name}`, "data-name": name,
    click: () => chosen(node),
    keydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      chosen(node);
    },
  }, shape(kind, width, height), text, number);
  const update = (rates) => {
    if (!number) return;
    const known = rates?.[name];
    setText(number, known ? `${rate(known.perSecond)}/s` : "–");
    element.classList.toggle("busy", (known?.perSecond ?? 0) > 0);
  };
  update(null);
  return { node, element, update };
}

function shape(kind, width, height) {
  if (kind === "service") return svg("rect", { class: "body", width, height, rx: 10 });
  if (kind === "topic") {
    const records = [0, 1, 2].map((index) =>
      svg("rect", { class: "record", x: 9, y: height / 2 - 14 + index * 10, width: 9, height: 7, rx: 1.5 }));
    return svg("g", {}, svg("rect", { class: "body", width, height, rx: 4 }), records);
  }
  const [rx, ry] = [width / 2, 6];
  return svg("g", {},
    svg("path", { class: "body",
      d: `M0 ${ry} A${rx} ${ry} 0 0 1 ${width} ${ry} V${height - ry} A${rx} ${ry} 0 0 1 0 ${height - ry} Z` }),
    svg("path", { class: "rim", d: `M0 ${ry} A${rx} ${ry} 0 0 0 ${width} ${ry}` }));
}
