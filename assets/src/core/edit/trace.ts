// Following a border: from one place on it to another, vertex by vertex with their very bits.
import type { Ground } from './ground.ts';
import type { Snap } from './snap.ts';
import { distance, rings_of, same, type Ring, type Xy } from './shape.ts';

/** The vertices strictly between two places on one border, the shorter way or the other; nothing off a common border. */
export function trace(ground: Ground, from: Snap, to: Snap, other_way = false): Xy[] {
  if (from.on === 'free' || to.on === 'free' || same(from.at, to.at)) return [];
  let best: Xy[] = [];
  let best_m = Infinity;
  for (const zone of ground.at(from.at)) {
    for (const ring of rings_of(zone.polygons)) {
      const [start, end] = [place_on(ring, from), place_on(ring, to)];
      if (start === null || end === null) continue;
      const ways = [between(ring, start, end), between(ring, end, start).reverse()];
      const lengths = ways.map((way) => way_m([from.at, ...way, to.at]));
      const forward = (lengths[0] as number) <= (lengths[1] as number) !== other_way;
      const i = forward ? 0 : 1;
      if ((lengths[i] as number) < best_m) [best, best_m] = [ways[i] as Xy[], lengths[i] as number];
    }
  }
  return best;
}

/** A vertex is a whole number, a place on the edge after it a part more. */
function place_on(ring: Ring, { at, edges }: Snap): number | null {
  for (let i = 0; i + 1 < ring.length; i += 1) {
    const [a, b] = [ring[i] as Xy, ring[i + 1] as Xy];
    if (same(a, at)) return i;
    if (edges.some(([p, q]) => (same(p, a) && same(q, b)) || (same(p, b) && same(q, a))))
      return i + Math.min(Math.max(distance(a, at) / distance(a, b), 1e-9), 1 - 1e-9);
  }
  return null;
}

/** Vertices on the way forward around the ring. */
function between(ring: Ring, start: number, end: number): Xy[] {
  const n = ring.length - 1;
  const stop = end > start ? end : end + n;
  const way: Xy[] = [];
  for (let i = Math.floor(start) + 1; i < stop; i += 1) way.push(ring[i % n] as Xy);
  return way;
}

function way_m(line: readonly Xy[]): number {
  return line.reduce((sum, vertex, i) => sum + (i === 0 ? 0 : distance(line[i - 1] as Xy, vertex)), 0);
}
