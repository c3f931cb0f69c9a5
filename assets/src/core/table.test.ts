import { describe, expect, test } from 'vitest';
import { columns_of, format_sort, pressed, row_at, sorting_of, type Column } from './table.ts';

const column = (sort: string, is_number: boolean): Column => ({ sort, is_number });

describe('the order of a table', () => {
  test('what a link says holds where there is such a column, else the largest come first', () => {
    expect(sorting_of('-lost', 'zones')).toEqual({ by: 'lost', descends: true });
    expect(sorting_of('name', 'zones')).toEqual({ by: 'name', descends: false });
    for (const sort of [null, '', '-', 'zone', 'colour'])
      expect(sorting_of(sort, 'zones')).toEqual({ by: 'area', descends: true });
    expect(format_sort(sorting_of('-since', 'pieces'))).toBe('-since');
  });

  test('numbers begin with the largest, words with the first, and a second press turns them', () => {
    const by_area = sorting_of('-area', 'zones');
    const by_name = pressed(by_area, column('name', false));
    expect(by_name).toEqual({ by: 'name', descends: false });
    expect(pressed(by_name, column('name', false))).toEqual({ by: 'name', descends: true });
    expect(pressed(by_name, column('lost', true))).toEqual({ by: 'lost', descends: true });
    expect(pressed(by_area, column('area', true))).toEqual({ by: 'area', descends: false });
  });

  test('without land use there are no columns of what was lost', () => {
    expect(columns_of('zones', false).map(({ sort }) => sort)).toEqual(['name', 'kind', 'unit', 'code', 'area']);
    expect(columns_of('zones', true)).toHaveLength(8);
  });
});

test('arrows lead from row to row and stop at the ends', () => {
  expect(row_at('ArrowDown', 0, 3)).toBe(1);
  expect(row_at('ArrowDown', 2, 3)).toBe(2);
  expect(row_at('ArrowUp', 0, 3)).toBe(0);
  expect(row_at('End', 0, 3)).toBe(2);
  expect(row_at('Home', 2, 3)).toBe(0);
  expect(row_at('Enter', 1, 3)).toBeNull();
  expect(row_at('ArrowDown', 0, 0)).toBeNull();
});
