// What the topology says, as nodes and arrows with a place in the order of things.

/// A node is {id, kind, name, layer, looks}, kind "service", "topic" or "database"; an arrow {id, from, to, kind,
/// topic, looks, isShared}, kind "produce", "consume", "write" or "read". Services that produce nothing look on: they
/// stand behind all that they look at. A topic's arrows from those who write to it are shared when there are several.
/// Topics that no service has to do with are left out of the picture, and listed in `unused`.
export function flowGraph({ services = [], topics = [], databases = [] }) {
  const known = new Set(topics.map(({ name }) => name));
  const arrows = services.flatMap((service) => [
    ...service.consumes.map((name) => arrow(topic(name), of(service), "consume", name)),
    ...service.produces.map((name) => arrow(of(service), topic(name), "produce", name)),
  ]).filter(({ topic }) => known.has(topic));
  const layers = layersOf(services, arrows);
  const lookers = new Set(services.filter(({ produces }) => !produces.length).map(of));
  const used = topics.filter(({ name }) => layers.has(topic(name)));
  const stores = databases.map((name) => storeOf(name, services));
  const nodes = [
    ...services.map((service) => ({
      id: of(service), kind: "service", name: service.name, looks: lookers.has(of(service)),
    })),
    ...used.map(({ name }) => ({ id: topic(name), kind: "topic", name })),
  ].map((node) => ({ ...node, layer: layers.get(node.id) ?? 0 }));
  for (const { name, owner } of stores) {
    nodes.push({ id: `database ${name}`, kind: "database", name, owner, layer: layers.get(owner) ?? 0 });
  }
  return {
    nodes,
    arrows: [...arrows, ...stores.flatMap(({ arrows }) => arrows)].map((one) => ({
      ...one, looks: lookers.has(one.to), isShared: one.kind === "produce" && writers(one.to, arrows) > 1,
    })),
    unused: topics.filter(({ name }) => !layers.has(topic(name))).map(({ name }) => name),
  };
}

const writers = (id, arrows) => arrows.filter(({ to, kind }) => kind === "produce" && to === id).length;
const topic = (name) => `topic ${name}`;
const of = (service) => `service ${service.name}`;
const arrow = (from, to, kind, name = null) => ({ id: `${from} > ${to}`, from, to, kind, topic: name });

/// A database stands by the first service that writes it.
function storeOf(name, services) {
  const users = services.filter(({ databases }) => Object.hasOwn(databases ?? {}, name));
  const writes = ({ databases }) => databases[name] === "write";
  const arrows = users.map((service) =>
    writes(service) ? arrow(of(service), `database ${name}`, "write") : arrow(`database ${name}`, of(service), "read"));
  const owner = users.find(writes) ?? users[0];
  return { name, owner: owner ? of(owner) : null, arrows };
}

/// How far each node is from where things begin: the services that consume nothing.
function layersOf(services, arrows) {
  const layers = new Map();
  const makers = services.filter(({ produces }) => produces.length);
  const lookers = services.filter(({ produces }) => !produces.length);
  const walk = (start) => {
    layers.set(start, 0);
    const queue = [start];
    for (const id of queue) {
      for (const { from, to } of arrows) {
        if (from !== id || layers.has(to) || lookers.some((service) => of(service) === to)) continue;
        layers.set(to, layers.get(id) + 1);
        queue.push(to);
      }
    }
  };
  for (const service of makers) if (!service.consumes.length) walk(of(service));
  for (const service of makers) if (!layers.has(of(service))) walk(of(service));
  // Topics that someone reads and nobody writes are beginnings too.
  for (const { from, to, kind } of arrows) if (kind === "consume" && !layers.has(from)) layers.set(from, 0);
  for (const service of lookers) {
    const inputs = arrows.filter(({ to }) => to === of(service)).map(({ from }) => layers.get(from));
    layers.set(of(service), Math.max(-1, ...inputs) + 1);
  }
  return layers;
}
