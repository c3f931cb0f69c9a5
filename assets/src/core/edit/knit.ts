// A vertex that was put onto a neighbour's edge becomes a vertex of the neighbour too, as the server will have it.
import type { Land } from './operation.ts';
import {
  distance,
  key_of,
  nearest_on,
  vertices_of,
  type Changes,
  type Ring,
  type Xy,
  type ZoneShape,
} from './shape.ts';

/** As the server: nearer than this is on it. */
const KNIT_M = 0.001;

/** The changes, with neighbours on whose edges new vertices lie. */
export function knitted(changes: Changes, land: Land): Changes {
  const all = new Map(changes);
  for (const [id, zone] of changes) {
    if (zone === null) continue;
    const before = new Set(vertices_of(land.zone(id)?.polygons ?? []).map(key_of));
    for (const vertex of vertices_of(zone.polygons)) {
      if (before.has(key_of(vertex))) continue;
      for (const near of land.at(vertex)) {
        const other = all.get(near.id) ?? near;
        if (near.id === id || all.get(near.id) === null) continue;
        const next = with_vertex(other, vertex);
        if (next !== other) all.set(near.id, next);
      }
    }
  }
  return all;
}

function with_vertex(zone: ZoneShape, vertex: Xy): ZoneShape {
  let is_new = false;
  const polygons = zone.polygons.map((polygon) =>
    polygon.map((ring) => {
      const i = edge_of(ring, vertex);
      if (i === null) return ring;
      is_new = true;
      return ring.toSpliced(i, 0, vertex);
    }),
  );
  return is_new ? { ...zone, polygons } : zone;
}

/** Where in the ring the vertex belongs; null when it is there already, or on none of its edges. */
function edge_of(ring: Ring, vertex: Xy): number | null {
  let found: number | null = null;
  for (let i = 1; i < ring.length; i += 1) {
    const [a, b] = [ring[i - 1] as Xy, ring[i] as Xy];
    if (distance(a, vertex) < KNIT_M || distance(b, vertex) < KNIT_M) return null;
    if (found === null && distance(nearest_on([a, b], vertex), vertex) < KNIT_M) found = i;
  }
  return found;
}
