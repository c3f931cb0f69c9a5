import { expect, test } from 'vitest';
import { NO_EVENT_FILTER } from '../event_filter.ts';
import type { Transitions } from '../model.ts';
import { unheeded } from './scope.ts';
import { figures_csv, next_order, shown, sorted, type Column, type Figures } from './table.ts';
import { pairs_until, period, years_between } from './years.ts';

const COLUMNS: readonly Column[] = [
  { key: 'name', name: 'Xã', of: 'words' },
  { key: 'lost_m2', name: 'Mất (ha)', of: 'ha' },
];
const FIGURES: Figures = {
  columns: COLUMNS,
  rows: [
    { key: 'a', cells: ['Ứng Hòa', 10] },
    { key: 'b', cells: ['Ba Vì', null] },
    { key: 'c', cells: ['=Đông Anh', 250_000.5] },
  ],
};

test('figures are written with the same decimals in a whole column; what is not known is no nought', () => {
  expect([shown(12_345, 'ha', 'vi'), shown(0, 'ha', 'vi'), shown(null, 'ha', 'vi')]).toEqual(['1,23', '0,00', '–']);
  expect([shown(0.059977, 'share', 'en'), shown(449_353.2, 'tonnes', 'en'), shown(1234, 'count', 'vi')]).toEqual([
    '6.00\u00a0%',
    '449,353.2',
    '1.234',
  ]);
});

test('numbers begin with the largest, words with the first; what is not known is last either way', () => {
  const keys = (order: Parameters<typeof sorted>[1]) => sorted(FIGURES, order, 'vi').map(({ key }) => key);
  const [name, lost] = COLUMNS as [Column, Column];
  const first = next_order({ by: null, is_rising: false }, lost);
  expect(keys(first)).toEqual(['c', 'a', 'b']);
  const second = next_order(first, lost);
  expect(keys(second)).toEqual(['a', 'c', 'b']);
  expect(keys(next_order(second, lost))).toEqual(['a', 'b', 'c']);
  const by_name = next_order(second, name);
  expect(by_name).toEqual({ by: 'name', is_rising: true });
  expect(keys(by_name)[1]).toBe('b');
  expect(next_order(next_order(by_name, name), name).by).toBeNull();
});

test('a file has the figures as the server told them, with where they come from in every row', () => {
  const from = {
    epoch: '2025',
    revision: 12,
    date: '2026-01-01',
    source: 'Sở, phòng',
    filter: 'kind=rice',
    simulated: true,
  };
  const lines = figures_csv(FIGURES, from, 'en').split('\r\n');
  expect(lines[0]).toBe('\ufeffname,lost_m2,epoch,revision,date,source,filter,simulated');
  expect(lines[3]).toBe(`'=Đông Anh,250000.5,2025,12,2026-01-01,"Sở, phòng",kind=rice,true`);
  expect(figures_csv(FIGURES, from, 'vi').split('\r\n')[3]).toContain(';250000,5;');
});

const row = (from: string | null, to: string | null, area_m2: number) => ({
  from,
  from_name: null,
  to,
  to_name: null,
  area_m2,
  n_zones: 1,
});
const TABLE: Transitions = {
  from: '2019',
  to: '2024',
  by: 'group',
  area_m2: 0,
  changed_m2: 0,
  rows: [
    row('none', 'none', 900),
    row('none', 'built', 50),
    row('water', 'built', 5),
    row(null, 'built', 7),
    row('unmapped', 'transport', 3),
    row('built', 'transport', 11),
    row('none', 'transport', 20),
    row('built', 'none', 4),
    row('none', 'water', 1),
    row('built', null, 2),
  ],
};
const LOST = ['built', 'transport', 'sealed'];

test('newly lost is farmland that became lost: not what was lost before, not what nobody saw before', () => {
  const found = period(TABLE, LOST, LOST);
  expect([...(found?.lost_m2 ?? [])]).toEqual([
    ['built', 55],
    ['transport', 20],
    ['sealed', 0],
  ]);
  expect(found).toMatchObject({ unknown_m2: 10, total_m2: 85, back_m2: 4, years: 5 });
  // Of one group: what another group lost before is no new loss of this one.
  const roads = period(TABLE, ['transport'], LOST);
  expect(roads).toMatchObject({ total_m2: 23, back_m2: 0 });
  expect(period({ ...TABLE, from: null }, LOST, LOST)).toBeNull();
});

test('years between epochs count whole years as such and days else', () => {
  expect(years_between('2014', '2019')).toBe(5);
  expect(years_between('2024-06-30', '2026-06-30')).toBe(2);
  expect(years_between('2024', '2024-07')).toBeCloseTo(182 / 365.25);
  expect(pairs_until(['2014', '2019', '2024'], null)).toEqual([
    ['2014', '2019'],
    ['2019', '2024'],
  ]);
  expect(pairs_until(['2014', '2019', '2024'], '2019')).toEqual([['2014', '2019']]);
  expect([pairs_until(['2014'], null), pairs_until(['2014', '2019'], '1999')]).toEqual([[], []]);
});

test('a card names the filters that it does not follow, and only those that are set', () => {
  const set = { ...NO_EVENT_FILTER, groups: ['built'], severity: 2 };
  expect(unheeded(set, ['groups'])).toEqual(['severity']);
  expect(unheeded(set, [])).toEqual(['groups', 'severity']);
  expect(unheeded(NO_EVENT_FILTER, [])).toEqual([]);
});
