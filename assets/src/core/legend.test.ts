import { describe, expect, test } from 'vitest';
import { is_shown, only, toggled } from './legend.ts';

const ALL = ['rice', 'fruit', 'tea'];

describe('a press in the legend', () => {
  test('hides what is shown, and shows it again', () => {
    const without = toggled(ALL, [], ['rice']);
    expect(without).toEqual(['fruit', 'tea']);
    expect(is_shown(ALL, without, ['rice'])).toBe(false);
    expect(is_shown(ALL, without, ['tea'])).toBe(true);
    expect(toggled(ALL, without, ['rice'])).toEqual([]);
  });

  test('never hides everything: after the last one all are there', () => {
    expect(toggled(ALL, ['tea'], ['tea'])).toEqual([]);
  });

  test('shows one alone, and all once more', () => {
    expect(only(ALL, [], ['tea'])).toEqual(['tea']);
    expect(only(ALL, ['tea'], ['tea'])).toEqual([]);
    expect(only(ALL, ['rice', 'tea'], ['tea'])).toEqual(['tea']);
  });

  test('a row may stand for several', () => {
    expect(toggled(ALL, [], ['rice', 'tea'])).toEqual(['fruit']);
    expect(is_shown(ALL, ['rice'], ['rice', 'tea'])).toBe(false);
    expect(toggled(ALL, ['rice'], ['rice', 'tea'])).toEqual(['rice', 'tea']);
    expect(only(ALL, [], ['rice', 'fruit', 'tea'])).toEqual([]);
  });

  test('what a link names and is not there is left out', () => {
    expect(toggled(ALL, ['rice', 'rubber'], ['fruit'])).toEqual(['rice', 'fruit']);
  });
});
