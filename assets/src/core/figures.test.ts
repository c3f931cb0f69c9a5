import { expect, test } from 'vitest';
import { bar, right_tone, rights_in_order } from './figures.ts';

test('the target is the full bar, the loss its end', () => {
  expect(bar({ area_m2: 400, lost_m2: 40, target_m2: 500 })).toEqual({ kept: 0.72, lost: 0.08, target: 1 });
});

test('more than the target keeps the bar whole and marks the target in it', () => {
  expect(bar({ area_m2: 1000, lost_m2: 100, target_m2: 500 })).toEqual({ kept: 0.9, lost: 0.1, target: 0.5 });
});

test('without a target the drawn area is the full bar', () => {
  expect(bar({ area_m2: 1000, lost_m2: 250, target_m2: null })).toEqual({ kept: 0.75, lost: 0.25, target: null });
});

test('an unknown loss is not drawn, and nothing divides by zero', () => {
  expect(bar({ area_m2: 10, lost_m2: null, target_m2: null })).toEqual({ kept: 1, lost: 0, target: null });
  expect(bar({ area_m2: 0, lost_m2: 0, target_m2: null })).toEqual({ kept: 0, lost: 0, target: null });
});

test('rights come in the order of the legend, new ones last, empty ones not', () => {
  const of = (right: string, n_events: number) => ({ right, n_events, area_m2: 1, name: { vi: right, en: right } });
  const given = [of('disputed', 1), of('unknown', 1), of('permitted', 0), of('unplanned', 2), of('planned', 1)];
  expect(rights_in_order(given).map((right) => right.right)).toEqual(['unplanned', 'planned', 'unknown', 'disputed']);
});

test('a right that the page does not know looks unknown, never permitted', () => {
  expect(right_tone('disputed')).toBe('unknown');
  expect(right_tone('legacy')).toBe('allowed');
});
