// What can be seen at once to be wrong with a shape, before the server is asked.
import { area_m2, box_of, crossing, meets, rings_of, same, type Edge, type Shape, type Xy } from './shape.ts';

/** The first place where a shape's border crosses or meets itself; null where it does not. */
export function self_crossing(shape: Shape): Xy | null {
  const edges: Edge[] = [];
  for (const ring of rings_of(shape)) {
    for (let i = 1; i < ring.length; i += 1) edges.push([ring[i - 1] as Xy, ring[i] as Xy]);
  }
  // By west ends: only edges whose ranges overlap are looked at together.
  const west = (edge: Edge) => Math.min(edge[0][0], edge[1][0]);
  edges.sort((a, b) => west(a) - west(b));
  for (let i = 0; i < edges.length; i += 1) {
    const one = edges[i] as Edge;
    const east = Math.max(one[0][0], one[1][0]);
    for (let k = i + 1; k < edges.length && west(edges[k] as Edge) <= east; k += 1) {
      const other = edges[k] as Edge;
      const place = crossing(one, other) ?? lies_on(one, other) ?? lies_on(other, one);
      if (place) return place;
    }
  }
  return null;
}

/** An end of `other` inside `edge`, exactly. */
function lies_on([a, b]: Edge, other: Edge): Xy | null {
  for (const end of other) {
    if (same(end, a) || same(end, b)) continue;
    const cross = (b[0] - a[0]) * (end[1] - a[1]) - (b[1] - a[1]) * (end[0] - a[0]);
    if (cross !== 0) continue;
    const along = (end[0] - a[0]) * (b[0] - a[0]) + (end[1] - a[1]) * (b[1] - a[1]);
    const square = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2;
    if (along > 0 && along < square) return end;
  }
  return null;
}

export type Fault = 'too_few' | 'crossing' | 'no_area' | 'hole_outside';

/** What keeps a drawn polygon from being one; rings are closed. */
export function fault_of(rings: Shape[number]): { fault: Fault; at: Xy | null } | null {
  const short = rings.find((ring) => new Set(ring.map(([x, y]) => `${x} ${y}`)).size < 3);
  if (short) return { fault: 'too_few', at: short[0] ?? null };
  const at = self_crossing([rings]);
  if (at) return { fault: 'crossing', at };
  if (area_m2([rings]) <= 0) return { fault: 'no_area', at: rings[0]?.[0] ?? null };
  const [outer, ...holes] = rings;
  const whole = box_of([[outer ?? []]]);
  const stray = holes.find((hole) => !meets(box_of([[hole]]), whole));
  return stray ? { fault: 'hole_outside', at: stray[0] ?? null } : null;
}
