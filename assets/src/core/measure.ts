// Lengths and areas of what is drawn with points, in metres of the workspace's grid.
import type { GridPoint, Projector } from './coordinates.ts';
import type { LonLat } from './model.ts';

export interface Measured {
  length_m: number;
  /** Around, back to the first point. */
  perimeter_m: number;
  /** Of the ring through all points; null below three. A ring that crosses itself has the area of its turns. */
  area_m2: number | null;
}

export function measured(points: readonly LonLat[], project: Projector): Measured {
  const on_grid = points.map(([lon, lat]) => project(lon, lat));
  const [first] = on_grid;
  const last = on_grid.at(-1);
  const length_m = sum(pairs(on_grid).map(([a, b]) => Math.hypot(b.east_m - a.east_m, b.north_m - a.north_m)));
  const back_m = first && last ? Math.hypot(first.east_m - last.east_m, first.north_m - last.north_m) : 0;
  if (!first || on_grid.length < 3) return { length_m, perimeter_m: length_m + back_m, area_m2: null };
  // From the first point, so that large coordinates take no digits.
  const near = on_grid.map(({ east_m, north_m }) => [east_m - first.east_m, north_m - first.north_m] as const);
  const twice = sum(pairs(near).map(([[ax, ay], [bx, by]]) => ax * by - bx * ay));
  return { length_m, perimeter_m: length_m + back_m, area_m2: Math.abs(twice) / 2 };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

function pairs<T extends GridPoint | readonly [number, number]>(points: readonly T[]): [T, T][] {
  return points.slice(1).map((point, i) => [points[i] as T, point]);
}
