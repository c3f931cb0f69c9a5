import { expect, test } from 'vitest';
import { format_length, metres_per_pixel, scale_bar, zoom_for_area } from './scale.ts';

test('a pixel is shorter away from the equator', () => {
  expect(metres_per_pixel(0, 0)).toBeCloseTo(78_271.517, 2);
  expect(metres_per_pixel(10, 21)).toBeCloseTo(71.3603, 3);
  expect(metres_per_pixel(10, 60) / metres_per_pixel(10, 0)).toBeCloseTo(0.5, 10);
});

test('the bar is the longest round length that fits', () => {
  const bar = scale_bar(10, 21, 96);
  expect(bar.length_m).toBe(5_000);
  expect(bar.width_px).toBeCloseTo(70.067, 2);
});

test('the bar fits at every zoom and latitude', () => {
  for (let zoom = 0; zoom <= 20; zoom += 0.37) {
    for (const lat of [0, 21, -34, 80]) {
      const { length_m, width_px } = scale_bar(zoom, lat, 96);
      expect(width_px).toBeLessThanOrEqual(96);
      expect(width_px).toBeGreaterThan(96 / 2.51);
      expect(width_px * metres_per_pixel(zoom, lat)).toBeCloseTo(length_m, 6);
    }
  }
});

test('lengths are told in metres or kilometres', () => {
  expect(format_length(500, 'vi')).toBe('500 m');
  expect(format_length(2_000, 'vi')).toBe('2 km');
  expect(format_length(0.5, 'vi')).toBe('0,5 m');
});

test('a small piece is shown nearer than a large one, each with its surroundings', () => {
  const zooms = [400, 480_000].map((area_m2) => zoom_for_area(area_m2, 21, 360));
  expect(zooms.map((zoom) => Math.round(zoom * 10) / 10)).toEqual([18.7, 13.6]);
  const side_px = Math.sqrt(480_000) / metres_per_pixel(zooms[1] ?? 0, 21);
  expect(side_px).toBeCloseTo(120, 6);
});
