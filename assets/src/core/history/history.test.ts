import { expect, test } from 'vitest';
import type { ZoneShape } from '../edit/shape.ts';
import { NO_PROPERTIES } from '../edit/operation.ts';
import { csv } from '../csv.ts';
import { sums_of, type DifferenceRow } from './difference.ts';
import { format_moment, parse_moment } from './moment.ts';
import { attribute_changes, deed_of, states_of, type Version } from './versions.ts';

const zone = (east: number, more: Partial<ZoneShape['properties']> = {}): ZoneShape => ({
  id: 'a',
  revision: 3,
  unit: null,
  polygons: [
    [
      [
        [0, 0],
        [east, 0],
        [east, 10],
        [0, 10],
        [0, 0],
      ],
    ],
  ],
  properties: { ...NO_PROPERTIES, kind: 'rice', ...more },
});

const edit = (id: string, before: ZoneShape | null, after: ZoneShape | null): Version => ({
  id,
  revision: 4,
  at: '2026-11-22T08:00:00.000Z',
  decision: null,
  valid_from: null,
  undoes: null,
  before,
  after,
});

test('a moment is a revision or a day, and a link that names none is ignored', () => {
  for (const text of ['17', '2024', '2026-11-22', '2026-11-22,valid']) {
    const moment = parse_moment(text);
    expect(moment && format_moment(moment)).toBe(text);
  }
  expect(parse_moment('2026-11-22,valid')).toEqual({ by: 'valid', day: '2026-11-22' });
  for (const text of [null, '', '-3', '1.5', '2026-02-30', '2026-11', '17,valid', 'now'])
    expect(parse_moment(text)).toBeNull();
});

test('the states of a zone are those after each edit, and the one that it came with', () => {
  const [came, larger] = [zone(10), zone(20)];
  const states = states_of([edit('e2', larger, null), edit('e1', came, larger)]);
  expect(states.map((state) => [state.edit?.id ?? null, state.zone])).toEqual([
    ['e2', null],
    ['e1', larger],
    [null, came],
  ]);
  expect(states_of([edit('e1', null, came)])).toHaveLength(1);
  expect(states_of([])).toEqual([]);
});

test('what an edit did to a zone is told by what differs', () => {
  const with_vertex: ZoneShape = {
    ...zone(10),
    polygons: [
      [
        [
          [0, 0],
          [5, 0],
          [10, 0],
          [10, 10],
          [0, 10],
          [0, 0],
        ],
      ],
    ],
  };
  expect(deed_of({ before: null, after: zone(10) })).toBe('made');
  expect(deed_of({ before: zone(10), after: null })).toBe('removed');
  expect(deed_of({ before: zone(10), after: zone(11) })).toBe('reshaped');
  expect(deed_of({ before: zone(10), after: zone(10, { name: 'Đồng' }) })).toBe('attributes');
  expect(deed_of({ before: zone(10), after: zone(11, { name: 'Đồng' }) })).toBe('both');
  expect(deed_of({ before: zone(10), after: with_vertex })).toBe('vertices');
  expect(attribute_changes(zone(10, { name: 'Cũ' }), zone(10, { name: 'Mới' }))).toEqual([
    { field: 'name', before: 'Cũ', after: 'Mới' },
  ]);
});

test('sums count a zone that was made as gained and one that went as lost', () => {
  const row: DifferenceRow = {
    id: 'a',
    name: null,
    change: 'changed',
    kind: 'rice',
    kind_before: 'rice',
    area_before_m2: 100,
    area_after_m2: 90,
    gained_m2: 5,
    lost_m2: 15,
    fields: [],
  };
  const made = { ...row, area_before_m2: null, area_after_m2: 40, gained_m2: 40, lost_m2: 0 };
  expect(sums_of([row, made])).toEqual({ before_m2: 100, after_m2: 130, gained_m2: 45, lost_m2: 15 });
});

test('a table for a spreadsheet keeps its cells apart and is no formula', () => {
  const lines = [
    ['Vùng', 'ha'],
    ['Đồng "Tây", 2', 1.5],
    ['=1+1', null],
  ] as const;
  expect(csv(lines, 'en')).toBe('\ufeffVùng,ha\r\n"Đồng ""Tây"", 2",1.5\r\n\'=1+1,\r\n');
  expect(csv(lines, 'vi')).toBe('\ufeffVùng;ha\r\n"Đồng ""Tây"", 2";1,5\r\n\'=1+1;\r\n');
});
