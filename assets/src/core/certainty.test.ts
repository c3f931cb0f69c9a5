import { expect, test } from 'vitest';
import { certainty, day_of, has_passed, severity_range } from './certainty.ts';

test('a probability has a word', () => {
  expect([1, 0.99, 0.95, 0.8, 0.5].map(certainty)).toEqual(['sure', 'sure', 'likely', 'probable', 'open']);
});

test('a step of severity lies between two areas, the first and last are open', () => {
  const steps_m2 = [100, 300, 500];
  expect(severity_range(0, steps_m2)).toEqual({ from_m2: null, below_m2: 100 });
  expect(severity_range(2, steps_m2)).toEqual({ from_m2: 300, below_m2: 500 });
  expect(severity_range(3, steps_m2)).toEqual({ from_m2: 500, below_m2: null });
  expect(severity_range(0, [])).toEqual({ from_m2: null, below_m2: null });
});

test('a date has passed when all of it lies behind today', () => {
  expect(has_passed('2026-03-30', '2026-03-31')).toBe(true);
  expect(has_passed('2026-03-31', '2026-03-31')).toBe(false);
  expect(has_passed('2026-03', '2026-03-31')).toBe(false);
  expect(has_passed('2025', '2026-01-01')).toBe(true);
  expect(has_passed('soon', '2026-01-01')).toBe(false);
  expect(day_of(new Date(2026, 0, 5))).toBe('2026-01-05');
});
