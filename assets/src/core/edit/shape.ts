// Land as the server keeps it: metres of the workspace's CRS, every coordinate with the very bits it was sent with.
// Nothing here rounds; two vertices are one only when both numbers are the same.

/** East, north. */
export type Xy = readonly [x: number, y: number];
/** Closed: the last vertex is the first. */
export type Ring = readonly Xy[];
/** The outer ring, then holes. */
export type Polygon = readonly Ring[];
export type Shape = readonly Polygon[];
export type Box = readonly [west: number, south: number, east: number, north: number];
export type Edge = readonly [Xy, Xy];

export interface ZoneProperties {
  kind: string;
  name: string | null;
  code: string | null;
  unit: string | null;
  crop: string | null;
  variety: string | null;
  cooperative: string | null;
  linkage: string | null;
  products: string | null;
  standard: string | null;
  standard_no: string | null;
  standard_until: string | null;
  declared_area_m2: number | null;
  established: string | null;
}

export interface ZoneShape {
  id: string;
  /** Null for a zone that is not saved yet. */
  revision: number | null;
  unit: string | null;
  polygons: Shape;
  properties: ZoneProperties;
}

/** What became of zones; null is gone. */
export type Changes = ReadonlyMap<string, ZoneShape | null>;

export const same = (a: Xy, b: Xy): boolean => a[0] === b[0] && a[1] === b[1];

export const key_of = ([x, y]: Xy): string => `${x} ${y}`;

export const distance = (a: Xy, b: Xy): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

export const middle = (a: Xy, b: Xy): Xy => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

export function box_of(shape: Shape): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [outer = []] of shape) {
    for (const [x, y] of outer) {
      if (x < west) west = x;
      if (x > east) east = x;
      if (y < south) south = y;
      if (y > north) north = y;
    }
  }
  return [west, south, east, north];
}

export const box_around = ([x, y]: Xy, reach_m: number): Box => [x - reach_m, y - reach_m, x + reach_m, y + reach_m];

export const meets = (a: Box, b: Box): boolean => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

/** Positive counter-clockwise. Summed about the first vertex: northings of millions would eat the last digits. */
export function signed_area_m2(ring: Ring): number {
  const [x0, y0] = ring[0] ?? [0, 0];
  let twice = 0;
  for (let i = 1; i < ring.length; i += 1) {
    const [a, b] = [ring[i - 1] as Xy, ring[i] as Xy];
    twice += (a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0);
  }
  return twice / 2;
}

export function area_m2(shape: Shape): number {
  let sum = 0;
  for (const polygon of shape) {
    polygon.forEach((ring, i) => (sum += (i === 0 ? 1 : -1) * Math.abs(signed_area_m2(ring))));
  }
  return sum;
}

export function length_m(line: readonly Xy[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; i += 1) sum += distance(line[i - 1] as Xy, line[i] as Xy);
  return sum;
}

/** Even–odd over all rings, so that holes need no care. */
export function holds(shape: Shape, [x, y]: Xy): boolean {
  let inside = false;
  for (const polygon of shape) {
    for (const ring of polygon) {
      for (let i = 1; i < ring.length; i += 1) {
        const [a, b] = [ring[i - 1] as Xy, ring[i] as Xy];
        if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
      }
    }
  }
  return inside;
}

/** The point of an edge that is nearest to a place. */
export function nearest_on([a, b]: Edge, [x, y]: Xy): Xy {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const square = dx * dx + dy * dy;
  if (square === 0) return a;
  const along = ((x - a[0]) * dx + (y - a[1]) * dy) / square;
  if (along <= 0) return a;
  return along >= 1 ? b : [a[0] + along * dx, a[1] + along * dy];
}

/** Where two edges cross within both; null when they only touch at an end, run beside or along each other. */
export function crossing([a, b]: Edge, [c, d]: Edge): Xy | null {
  const [ux, uy, vx, vy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const cross = ux * vy - uy * vx;
  if (cross === 0) return null;
  const s = ((c[0] - a[0]) * vy - (c[1] - a[1]) * vx) / cross;
  const t = ((c[0] - a[0]) * uy - (c[1] - a[1]) * ux) / cross;
  return s > 0 && s < 1 && t > 0 && t < 1 ? [a[0] + s * ux, a[1] + s * uy] : null;
}

export function* rings_of(shape: Shape): Generator<Ring> {
  for (const polygon of shape) yield* polygon;
}

export function has_vertex(shape: Shape, at: Xy): boolean {
  for (const ring of rings_of(shape)) if (ring.some((vertex) => same(vertex, at))) return true;
  return false;
}

/** Each vertex once, ring by ring. */
export function vertices_of(shape: Shape): Xy[] {
  return [...rings_of(shape)].flatMap((ring) => ring.slice(0, -1));
}

export function n_vertices(shape: Shape): number {
  let n = 0;
  for (const ring of rings_of(shape)) n += ring.length - 1;
  return n;
}

export function closed(line: readonly Xy[]): Ring {
  const first = line[0];
  return first && !same(first, line.at(-1) as Xy) ? [...line, first] : line;
}
