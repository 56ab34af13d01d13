// Topology and rates as the endpoint tells them, once a second.

/// Without figures for this long the ones that were shown are old.
const staleMillis = 4_000;

/// Calls `topology(value)`, `rates(topics)` and, when figures stop or start coming, `fresh(isFresh)`.
/// Returns a function that stops it.
export function watchFlow(url, { topology, rates, fresh }) {
  let timer = null;
  let source = null;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      fresh(false);
      // A browser tries again by itself only after some failures.
      if (source.readyState === EventSource.CLOSED) open();
      wait();
    }, staleMillis);
  };
  const open = () => {
    source = new EventSource(url);
    source.addEventListener("topology", (event) => topology(JSON.parse(event.data)));
    source.addEventListener("rates", (event) => {
      fresh(true);
      rates(JSON.parse(event.data).topics ?? {});
      wait();
    });
    source.addEventListener("error", () => fresh(false));
  };
  open();
  wait();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
