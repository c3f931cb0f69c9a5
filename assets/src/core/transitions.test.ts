import { expect, test } from 'vitest';
import type { TransitionRow, Transitions } from './model.ts';
import { exchanges, transitions_csv } from './transitions.ts';

const row = (from: string | null, to: string | null, area_m2: number): TransitionRow => ({
  from,
  from_name: from === null ? null : { vi: `Đất ${from}`, en: `Land, ${from}` },
  to,
  to_name: to === null ? null : { vi: `Đất ${to}`, en: `Land, ${to}` },
  area_m2,
  n_zones: 1,
});

test('both directions of an exchange are one row, the larger first, and what stayed is none', () => {
  const found = exchanges([
    row('rice', 'rice', 900),
    row('built', 'rice', 30),
    row('rice', 'built', 100),
    row('rice', null, 5),
  ]);
  expect(found.map(({ a, b, there_m2, back_m2, net_m2 }) => [a.key, b.key, there_m2, back_m2, net_m2])).toEqual([
    ['rice', 'built', 100, 30, 70],
    ['rice', null, 5, 0, 5],
  ]);
});

test('no land is lost or doubled by pairing', () => {
  const rows = ['a', 'b', 'c'].flatMap((from, i) => ['a', 'b', 'c', null].map((to, j) => row(from, to, i * 4 + j + 1)));
  const changed = rows.filter(({ from, to }) => from !== to).reduce((sum, { area_m2 }) => sum + area_m2, 0);
  expect(exchanges(rows).reduce((sum, { there_m2, back_m2 }) => sum + there_m2 + back_m2, 0)).toBe(changed);
  expect(exchanges([])).toEqual([]);
});

test('the table to take along has every row, and cells that no spreadsheet computes', () => {
  const table: Transitions = {
    from: '2019',
    to: '2024',
    by: 'code',
    area_m2: 12,
    changed_m2: 2.5,
    rows: [row('LUC', 'ONT', 2.5), row('=1+1', null, 1)],
  };
  expect(transitions_csv(table, 'en')).toBe(
    '\ufefffrom_epoch,to_epoch,from,from_name,to,to_name,area_m2,n_zones\r\n' +
      '2019,2024,LUC,"Land, LUC",ONT,"Land, ONT",2.5,1\r\n' +
      `2019,2024,'=1+1,"Land, =1+1",,,1,1\r\n`,
  );
});
