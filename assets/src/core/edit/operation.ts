// What a planner does to the ground, one by one, in the words in which the server is asked to do it (docs/api.md).
// Those that only move, add or take vertices are done here at once, for the eye; the others the server works out.
import { knitted } from './knit.ts';
import {
  same,
  type Changes,
  type Edge,
  type Ring,
  type Shape,
  type Xy,
  type ZoneProperties,
  type ZoneShape,
} from './shape.ts';

export interface Move {
  from: Xy;
  to: Xy;
}

export type Operation =
  | { op: 'put'; id: string; polygons?: Shape; properties?: Partial<ZoneProperties> }
  | { op: 'remove'; id: string }
  | { op: 'move'; moves: readonly Move[]; zones: readonly string[] | null }
  | { op: 'insert'; at: Xy; edge: Edge; zones: readonly string[] | null }
  | { op: 'delete'; at: Xy; zones: readonly string[] | null }
  | { op: 'split'; id: string; line: readonly Xy[] }
  | { op: 'split'; id: string; areas_m2: readonly number[]; bearing_deg: number }
  | { op: 'merge'; ids: readonly string[] }
  | { op: 'cut_out'; id: string; polygons: Shape }
  | { op: 'fill_gap'; at: Xy; into: string }
  | { op: 'extend'; id: string; within_m: number };

/** What an operation is asked of. */
export interface Land {
  zone(id: string): ZoneShape | null;
  /** Zones that may have a vertex or an edge at a place. */
  at(place: Xy): ZoneShape[];
}

export const NO_PROPERTIES: ZoneProperties = {
  kind: '',
  name: null,
  code: null,
  unit: null,
  crop: null,
  variety: null,
  cooperative: null,
  linkage: null,
  products: null,
  standard: null,
  standard_no: null,
  standard_until: null,
  declared_area_m2: null,
  established: null,
};

const WORKED_OUT_HERE: readonly Operation['op'][] = ['put', 'remove', 'move', 'insert', 'delete'];

export const needs_server = (operation: Operation): boolean => !WORKED_OUT_HERE.includes(operation.op);

/** Existing zones that an operation names. */
export function named_by(operation: Operation): string[] {
  switch (operation.op) {
    case 'merge':
      return [...operation.ids];
    case 'fill_gap':
      return [operation.into];
    case 'move':
    case 'insert':
    case 'delete':
      return [...(operation.zones ?? [])];
    default:
      return [operation.id];
  }
}

/** What becomes of the land; nothing for what only the server works out. */
export function changes_of(operation: Operation, land: Land): Changes {
  switch (operation.op) {
    case 'put':
      return knitted(new Map([[operation.id, put(operation, land.zone(operation.id))]]), land);
    case 'remove':
      return new Map([[operation.id, null]]);
    case 'move':
      return knitted(moved(operation.moves, operation.zones, land), land);
    case 'insert': {
      const { at, edge } = operation;
      return reshaped(touched(edge[0], operation.zones, land), (ring) => inserted(ring, at, edge));
    }
    case 'delete': {
      const { at } = operation;
      return reshaped(touched(at, operation.zones, land), (ring) => without(ring, at));
    }
    default:
      return new Map();
  }
}

function put({ id, polygons, properties }: Operation & { op: 'put' }, before: ZoneShape | null): ZoneShape {
  const zone = before ?? { id, revision: null, unit: null, polygons: [], properties: NO_PROPERTIES };
  return { ...zone, polygons: polygons ?? zone.polygons, properties: { ...zone.properties, ...properties } };
}

function moved(moves: readonly Move[], only: readonly string[] | null, land: Land): Changes {
  const goes = new Map<number, Move[]>();
  const zones = new Map<string, ZoneShape>();
  for (const move of moves) {
    const others = goes.get(move.from[0]);
    if (others) others.push(move);
    else goes.set(move.from[0], [move]);
    for (const zone of touched(move.from, only, land)) zones.set(zone.id, zone);
  }
  const to = (vertex: Xy): Xy => goes.get(vertex[0])?.find(({ from }) => same(from, vertex))?.to ?? vertex;
  return reshaped([...zones.values()], (ring) => {
    const next = ring.map(to);
    return next.some((vertex, i) => vertex !== ring[i]) ? without_repeats(next) : ring;
  });
}

function touched(place: Xy, only: readonly string[] | null, land: Land): ZoneShape[] {
  if (only === null) return land.at(place);
  return only.map((id) => land.zone(id)).filter((zone) => zone !== null);
}

/** Zones of which `change` makes another ring; rings that it leaves are the same objects as before. */
function reshaped(zones: readonly ZoneShape[], change: (ring: Ring) => Ring): Changes {
  const changes = new Map<string, ZoneShape>();
  for (const zone of zones) {
    let changed = false;
    const polygons = zone.polygons.map((polygon) =>
      polygon.map((ring) => {
        const next = change(ring);
        if (next !== ring) changed = true;
        return next;
      }),
    );
    if (changed) changes.set(zone.id, { ...zone, polygons });
  }
  return changes;
}

function inserted(ring: Ring, at: Xy, [a, b]: Edge): Ring {
  for (let i = 1; i < ring.length; i += 1) {
    const [p, q] = [ring[i - 1] as Xy, ring[i] as Xy];
    if ((same(p, a) && same(q, b)) || (same(p, b) && same(q, a))) return ring.toSpliced(i, 0, at);
  }
  return ring;
}

/** A triangle keeps its corners. */
function without(ring: Ring, at: Xy): Ring {
  const i = ring.findIndex((vertex) => same(vertex, at));
  if (i < 0 || ring.length <= 4) return ring;
  if (i > 0) return ring.toSpliced(i, 1);
  return [...ring.slice(1, -1), ring[1] as Xy];
}

/** A vertex that was put onto its neighbour is one with it. */
function without_repeats(ring: Ring): Ring {
  const next = ring.filter((vertex, i) => i === 0 || !same(vertex, ring[i - 1] as Xy));
  return next.length >= 4 ? next : ring;
}
