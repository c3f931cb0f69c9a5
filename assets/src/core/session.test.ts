import { expect, test } from 'vitest';
import { may_touch, NOBODY } from './session.ts';

test('limits to kinds and communes both hold, and no list is no limit', () => {
  const planner = { ...NOBODY, kinds: ['rice', 'tea'], units: ['10075'] };
  expect(may_touch(planner, 'rice', '10075')).toBe(true);
  expect(may_touch(planner, 'fruit', '10075')).toBe(false);
  expect(may_touch(planner, 'rice', '10076')).toBe(false);
  expect(may_touch(planner, 'rice', null)).toBe(false);
  expect(may_touch(NOBODY, 'rice', null)).toBe(true);
});
