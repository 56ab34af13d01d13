// How long to wait before the next try. Half of the wait is random, so that many pages that lost the same server do not
// come back all at once.

export const firstMillis = 400;
export const longestMillis = 15_000;

/// The wait before try number `attempt` (0 is the first), in milliseconds. `random` gives 0 up to, not including, 1.
export function backoffMillis(attempt, random = Math.random) {
  const full = Math.min(longestMillis, firstMillis * 2 ** Math.min(attempt, 20));
  return Math.round(full / 2 + (full / 2) * random());
}
