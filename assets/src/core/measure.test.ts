import { expect, test } from 'vitest';
import { measured } from './measure.ts';
import type { LonLat } from './model.ts';

/** A grid of a metre to each millionth of a degree, far from its origin. */
const project = (lon: number, lat: number) => ({ east_m: lon * 1e6 + 500_000, north_m: lat * 1e6 + 2_000_000 });
const at = (x: number, y: number): LonLat => [x / 1e6, y / 1e6];

test('a line has a length, a ring a perimeter and an area', () => {
  const line = measured([at(0, 0), at(30, 40)], project);
  expect(line.length_m).toBeCloseTo(50, 6);
  expect(line.area_m2).toBeNull();
  const ring = measured([at(0, 0), at(100, 0), at(100, 50), at(0, 50)], project);
  expect(ring.length_m).toBeCloseTo(250, 6);
  expect(ring.perimeter_m).toBeCloseTo(300, 6);
  expect(ring.area_m2).toBeCloseTo(5_000, 5);
});

test('the direction does not matter, and fewer points measure nothing', () => {
  const ring = measured([at(0, 50), at(100, 50), at(100, 0), at(0, 0)], project);
  expect(ring.area_m2).toBeCloseTo(5_000, 5);
  expect(measured([], project)).toEqual({ length_m: 0, perimeter_m: 0, area_m2: null });
  expect(measured([at(5, 5)], project).length_m).toBe(0);
});
