// Where a pointer means: the vertex, crossing or edge of a border that is nearest within reach.
import type { Ground } from './ground.ts';
import { box_around, crossing, distance, nearest_on, rings_of, same, type Edge, type Xy } from './shape.ts';

export type SnapKind = 'vertex' | 'crossing' | 'edge' | 'free';

export interface Snap {
  at: Xy;
  on: SnapKind;
  /** Edges that have no vertex here yet; they get one, so that the border stays shared. */
  edges: readonly Edge[];
}

export interface SnapWish {
  reach_m: number;
  /** A vertex on its way: neither it nor its edges attract. */
  without?: Xy | null;
  /** Vertices of what is being drawn attract too. */
  own?: readonly Xy[];
}

/** More edges than this within reach are too many to mean one of their crossings. */
const MOST_CROSSED = 24;

export const free = (at: Xy): Snap => ({ at, on: 'free', edges: [] });

export function snap(ground: Ground, at: Xy, { reach_m, without = null, own = [] }: SnapWish): Snap {
  let best: Xy | null = null;
  let best_m = reach_m;
  const offer = (vertex: Xy) => {
    const apart_m = distance(vertex, at);
    if (apart_m < best_m && !(without && same(vertex, without))) [best, best_m] = [vertex, apart_m];
  };
  own.forEach(offer);
  const edges: { edge: Edge; foot: Xy; apart_m: number }[] = [];
  for (const zone of ground.near(box_around(at, reach_m))) {
    for (const ring of rings_of(zone.polygons)) {
      for (let i = 1; i < ring.length; i += 1) {
        const edge: Edge = [ring[i - 1] as Xy, ring[i] as Xy];
        offer(edge[1]);
        if (!passes(edge, at, reach_m) || (without && edge.some((end) => same(end, without)))) continue;
        const foot = nearest_on(edge, at);
        const apart_m = distance(foot, at);
        // A shared border is one edge, although both neighbours have it.
        if (apart_m < reach_m && !edges.some((other) => is_same_edge(other.edge, edge)))
          edges.push({ edge, foot, apart_m });
      }
    }
  }
  if (best) return { at: best, on: 'vertex', edges: [] };
  return (
    nearest_crossing(
      edges.map(({ edge }) => edge),
      at,
      reach_m,
    ) ??
    nearest_edge(edges) ??
    free(at)
  );
}

/** A cheap no for most edges. */
function passes([a, b]: Edge, [x, y]: Xy, reach_m: number): boolean {
  return (
    Math.min(a[0], b[0]) - reach_m <= x &&
    Math.max(a[0], b[0]) + reach_m >= x &&
    Math.min(a[1], b[1]) - reach_m <= y &&
    Math.max(a[1], b[1]) + reach_m >= y
  );
}

const is_same_edge = ([a, b]: Edge, [c, d]: Edge): boolean => (same(a, c) && same(b, d)) || (same(a, d) && same(b, c));

function nearest_crossing(edges: readonly Edge[], at: Xy, reach_m: number): Snap | null {
  if (edges.length > MOST_CROSSED) return null;
  let best: Snap | null = null;
  let best_m = reach_m;
  edges.forEach((one, i) => {
    for (const other of edges.slice(i + 1)) {
      const place = crossing(one, other);
      if (place === null || distance(place, at) >= best_m) continue;
      best_m = distance(place, at);
      best = { at: place, on: 'crossing', edges: [one, other] };
    }
  });
  return best;
}

function nearest_edge(edges: readonly { edge: Edge; foot: Xy; apart_m: number }[]): Snap | null {
  const [first, ...others] = edges;
  if (!first) return null;
  const { edge, foot } = others.reduce((best, next) => (next.apart_m < best.apart_m ? next : best), first);
  return { at: foot, on: 'edge', edges: [edge] };
}
