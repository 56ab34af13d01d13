// Where the nodes and arrows of the picture stand. Where there is room for it time goes from left to right, one column
// a layer, and arrows that go back or jump run in lanes above and below. Elsewhere all stand in one column: what is
// sent runs on its left side, what is read on its right.

import { flowGraph } from "./flow-graph.js";

const wide = { service: [108, 54], topic: [146, 56], database: [108, 50], between: 14, lane: 9, margin: 16, gap: 40 };
const narrow = { service: 48, topic: 44, database: 42, between: 14, lane: 8, margin: 6, widest: 640 };

/// {width, height, isWide, nodes: [{…, x, y, width, height}], arrows: [{…, points: [[x, y], …], isCurve}], unused}.
/// Points are the corners of a line that is drawn with round corners, or, of a curve, where it begins and ends.
/// `available` is in pixels; the picture may be narrower.
export function layoutFlow(topology, available) {
  const graph = flowGraph(topology);
  const columns = columnsOf(graph.nodes);
  const sizes = columns.map((column) => Math.max(0, ...column.map(({ kind }) => wide[kind][0])));
  const free = available - 2 * wide.margin - sizes.reduce((sum, size) => sum + size, 0);
  const gap = free / Math.max(1, columns.length - 1);
  return gap < wide.gap
    ? layoutNarrow(graph, columns, Math.min(available, narrow.widest))
    : layoutWide(graph, { columns, sizes, gap: columns.length > 1 ? gap : 0 }, available);
}

function layoutWide({ nodes, arrows, unused }, { columns, sizes, gap }, width) {
  const placed = new Map();
  const heights = columns.map((column) =>
    column.reduce((sum, { kind }) => sum + wide[kind][1] + wide.between, -wide.between));
  const routes = routesOf(arrows, nodes);
  const above = 8 + lanesOf(routes, "above") * wide.lane;
  const inner = Math.max(0, ...heights);
  let x = wide.margin;
  columns.forEach((column, index) => {
    let y = above + (inner - heights[index]) / 2;
    for (const node of column) {
      const [nodeWidth, height] = wide[node.kind];
      placed.set(node.id, { ...node, x: x + (sizes[index] - nodeWidth) / 2, y, width: nodeWidth, height });
      y += height + wide.between;
    }
    x += sizes[index] + gap;
  });
  const bottom = above + inner;
  const context = { placed, routes, top: above, bottom, gap };
  return {
    width,
    height: bottom + 8 + lanesOf(routes, "below") * wide.lane,
    isWide: true,
    nodes: [...placed.values()],
    arrows: arrows.map((arrow) => ({ ...arrow, ...wideLine(arrow, context) })),
    unused,
  };
}

/// The nodes of each layer from top to bottom: services as they are declared, each with its databases below it.
function columnsOf(nodes) {
  const columns = [];
  for (const node of nodes) {
    if (node.kind === "database") continue;
    (columns[node.layer] ??= []).push(node);
    columns[node.layer].push(...nodes.filter(({ kind, owner }) => kind === "database" && owner === node.id));
  }
  const strays = nodes.filter(({ kind, owner }) => kind === "database" && owner === null);
  if (strays.length) (columns[0] ??= []).push(...strays);
  return Array.from(columns, (column) => column ?? []);
}

/// Which arrows need a lane, and which: those of one service in one direction share one, as on a bus.
function routesOf(arrows, nodes) {
  const layers = new Map(nodes.map(({ id, layer }) => [id, layer]));
  const routes = new Map();
  const lanes = { above: [], below: [] };
  for (const arrow of arrows) {
    const steps = layers.get(arrow.to) - layers.get(arrow.from);
    if (steps === 1 || (steps === 0 && arrow.kind === "write")) continue;
    const service = arrow.from.startsWith("service ") ? arrow.from : arrow.to;
    const side = arrow.kind === "consume" && steps < 0 ? "above" : "below";
    const key = `${service} ${arrow.kind === "produce" ? "out" : "in"} ${Math.sign(steps)}`;
    if (!lanes[side].includes(key)) lanes[side].push(key);
    routes.set(arrow.id, { side, lane: lanes[side].indexOf(key), steps });
  }
  return routes;
}

function lanesOf(routes, wanted) {
  return Math.max(0, ...[...routes.values()].filter(({ side }) => side === wanted).map(({ lane }) => lane + 1));
}

function wideLine(arrow, { placed, routes, top, bottom, gap }) {
  const [from, to] = [placed.get(arrow.from), placed.get(arrow.to)];
  const route = routes.get(arrow.id);
  // Arrows that go round meet a node away from its middle, where those to its neighbours are.
  const part = !route || route.steps === 0 ? 0.5 : route.side === "above" ? 0.22 : 0.78;
  const middle = ({ y, height }) => y + height * part;
  const right = ({ x, width }) => x + width;
  if (!route && from.layer === to.layer) {
    const centre = from.x + from.width / 2;
    return { points: [[centre, from.y + from.height], [centre, to.y]], isCurve: false };
  }
  if (!route) return { points: [[right(from), middle(from)], [to.x, middle(to)]], isCurve: true };
  const shift = Math.min(gap / 2 - 8, 10 + route.lane * wide.lane);
  // Within a column the way round is on its right side; elsewhere an arrow leaves and enters towards the other end.
  if (route.steps === 0) {
    const turn = right(from) + shift;
    return { points: [[right(from), middle(from)], [turn, middle(from)], [turn, middle(to)], [right(to), middle(to)]],
      isCurve: false };
  }
  const lane = route.side === "above" ? top - 8 - route.lane * wide.lane : bottom + 8 + route.lane * wide.lane;
  const back = route.steps < 0;
  const [leave, enter] = back ? [from.x, right(to)] : [right(from), to.x];
  const [down, up] = back ? [leave - shift, enter + shift] : [leave + shift, enter - shift];
  return {
    points: [[leave, middle(from)], [down, middle(from)], [down, lane], [up, lane], [up, middle(to)],
      [enter, middle(to)]],
    isCurve: false,
  };
}

function layoutNarrow({ nodes, arrows, unused }, columns, width) {
  const services = nodes.filter(({ kind }) => kind === "service").map(({ id }) => id);
  const gutter = 14 + services.length * narrow.lane;
  const placed = new Map();
  let y = 4;
  for (const node of columns.flat()) {
    const inset = node.kind === "database" ? (width - 2 * gutter) / 5 : 0;
    const height = narrow[node.kind];
    placed.set(node.id, { ...node, x: gutter + inset, y, width: width - 2 * gutter - 2 * inset, height });
    y += height + narrow.between;
  }
  const lines = arrows.map((arrow) => {
    const [from, to] = [placed.get(arrow.from), placed.get(arrow.to)];
    if (arrow.kind === "write" && to.owner === from.id) {
      return { ...arrow, points: [[width / 2, from.y + from.height], [width / 2, to.y]], isCurve: false };
    }
    const isOut = arrow.kind === "produce" || arrow.kind === "write";
    const lane = narrow.margin + services.indexOf(isOut ? arrow.from : arrow.to) * narrow.lane;
    const turn = isOut ? lane : width - lane;
    // What is sent and what is read touch a node at different heights, so that no two ends meet.
    const [begin, end] = [from.y + from.height * 0.5, to.y + to.height * 0.5];
    const edge = (node) => (isOut ? node.x : node.x + node.width);
    return { ...arrow, points: [[edge(from), begin], [turn, begin], [turn, end], [edge(to), end]], isCurve: false };
  });
  const height = Math.max(0, y - narrow.between + 4);
  return { width, height, isWide: false, nodes: [...placed.values()], arrows: lines, unused };
}

/// The `d` of an SVG path through such points.
export function pathOf({ points, isCurve }) {
  const [[x, y]] = points;
  if (isCurve) {
    const [, [endX, endY]] = points;
    const bend = (endX - x) / 2;
    return `M${x} ${y} C${x + bend} ${y} ${endX - bend} ${endY} ${endX} ${endY}`;
  }
  let path = `M${x} ${y}`;
  for (let index = 1; index < points.length; index++) {
    const [before, corner, after] = [points[index - 1], points[index], points[index + 1]];
    if (!after) {
      path += ` L${corner[0]} ${corner[1]}`;
      continue;
    }
    const radius = Math.min(7, length(before, corner) / 2, length(corner, after) / 2);
    const [inX, inY] = towards(corner, before, radius);
    const [outX, outY] = towards(corner, after, radius);
    path += ` L${inX} ${inY} Q${corner[0]} ${corner[1]} ${outX} ${outY}`;
  }
  return path;
}

function length([x, y], [otherX, otherY]) {
  return Math.hypot(otherX - x, otherY - y);
}

function towards(from, to, distance) {
  const all = length(from, to);
  if (all === 0) return from;
  return [from[0] + ((to[0] - from[0]) * distance) / all, from[1] + ((to[1] - from[1]) * distance) / all];
}
