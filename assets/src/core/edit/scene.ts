// What of the edited land is drawn, in degrees: shapes, corners to take hold of, the line being drawn, the mark of a snap.
import type { LonLat } from '../model.ts';
import {
  distance,
  key_of,
  middle,
  rings_of,
  same,
  type Box,
  type Edge,
  type Ring,
  type Xy,
  type ZoneShape,
} from './shape.ts';

export type Unproject = (xy: Xy) => LonLat;

export type Mark = 'corner' | 'middle' | 'chosen' | 'snap' | 'placed' | 'issue' | 'line' | 'land' | 'ghost';

/** GeoJSON, as much of it as is drawn here. */
export interface Feature {
  type: 'Feature';
  id: number;
  properties: Record<string, string | number | boolean>;
  geometry:
    | { type: 'Point'; coordinates: number[] }
    | { type: 'LineString'; coordinates: number[][] }
    | { type: 'Polygon'; coordinates: number[][][] }
    | { type: 'MultiPolygon'; coordinates: number[][][][] };
}

/** A vertex, or the middle of an edge where a new one can be drawn out. */
export interface Handle {
  at: Xy;
  edge: Edge | null;
}

/** An edge shorter than this on the screen has no handle in its middle. */
const SHORT_PX = 30;
/** More handles than this in view would cover the land; going nearer brings them back. */
export const MOST_HANDLES = 1_500;

/** Turns metres into degrees, each ring once: rings are never changed, only replaced. */
export class Eye {
  readonly #unproject: Unproject;
  readonly #seen = new WeakMap<Ring, number[][]>();
  readonly #numbers = new Map<string, number>();

  constructor(unproject: Unproject) {
    this.#unproject = unproject;
  }

  point(at: Xy): number[] {
    return [...this.#unproject(at)];
  }

  ring(ring: Ring): number[][] {
    let seen = this.#seen.get(ring);
    if (!seen) {
      seen = ring.map((at) => this.point(at));
      this.#seen.set(ring, seen);
    }
    return seen;
  }

  /** A number for a zone's id, the same for as long as the editor is open. */
  number(id: string): number {
    const known = this.#numbers.get(id);
    if (known !== undefined) return known;
    this.#numbers.set(id, this.#numbers.size + 1);
    return this.#numbers.size;
  }

  zone(zone: ZoneShape, properties: Feature['properties']): Feature {
    const coordinates = zone.polygons.map((polygon) => polygon.map((ring) => this.ring(ring)));
    return { type: 'Feature', id: this.number(zone.id), properties, geometry: { type: 'MultiPolygon', coordinates } };
  }

  mark(mark: Mark, at: Xy): Feature {
    return { type: 'Feature', id: 0, properties: { mark }, geometry: { type: 'Point', coordinates: this.point(at) } };
  }

  line(mark: Mark, line: readonly Xy[]): Feature {
    const coordinates = line.map((at) => this.point(at));
    return { type: 'Feature', id: 0, properties: { mark }, geometry: { type: 'LineString', coordinates } };
  }

  land(mark: Mark, rings: readonly Ring[]): Feature {
    const coordinates = rings.map((ring) => this.ring(ring));
    return { type: 'Feature', id: 0, properties: { mark }, geometry: { type: 'Polygon', coordinates } };
  }
}

/** What one can take hold of in a box; each vertex once, however many zones share it. */
export function handles(zones: readonly ZoneShape[], view: Box, metres_per_px: number): Handle[] {
  const corners = new Map<string, Handle>();
  const middles = new Map<string, Handle>();
  const is_seen = ([x, y]: Xy) => x >= view[0] && x <= view[2] && y >= view[1] && y <= view[3];
  for (const zone of zones) {
    for (const ring of rings_of(zone.polygons)) {
      for (let i = 1; i < ring.length; i += 1) {
        const [a, b] = [ring[i - 1] as Xy, ring[i] as Xy];
        if (is_seen(b)) corners.set(key_of(b), { at: b, edge: null });
        const half = middle(a, b);
        if (is_seen(half) && distance(a, b) > SHORT_PX * metres_per_px)
          middles.set(key_of(half), { at: half, edge: [a, b] });
      }
      if (corners.size > MOST_HANDLES) return [];
    }
  }
  return [...corners.values(), ...(corners.size + middles.size > MOST_HANDLES ? [] : middles.values())];
}

/** The handle within reach; a vertex rather than a middle. */
export function handle_at(found: readonly Handle[], at: Xy, reach_m: number): Handle | null {
  let best: Handle | null = null;
  let best_m = reach_m;
  for (const handle of found) {
    const apart_m = distance(handle.at, at) + (handle.edge ? reach_m / 4 : 0);
    if (apart_m < best_m) [best, best_m] = [handle, apart_m];
  }
  return best;
}

/** The vertex before or after one, through all rings of the zones. */
export function next_vertex(zones: readonly ZoneShape[], from: Xy | null, by: 1 | -1): Xy | null {
  const all = zones.flatMap((zone) => [...rings_of(zone.polygons)].flatMap((ring) => ring.slice(0, -1)));
  const i = from ? all.findIndex((vertex) => same(vertex, from)) : by === 1 ? -1 : all.length;
  return all[i + by] ?? null;
}

/** The edge that begins at a vertex of the zones. */
export function edge_after(zones: readonly ZoneShape[], from: Xy): Edge | null {
  for (const zone of zones) {
    for (const ring of rings_of(zone.polygons)) {
      const i = ring.findIndex((vertex) => same(vertex, from));
      if (i >= 0 && i + 1 < ring.length) return [ring[i] as Xy, ring[i + 1] as Xy];
    }
  }
  return null;
}
