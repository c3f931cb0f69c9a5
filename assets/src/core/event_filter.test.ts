import { expect, test } from 'vitest';
import {
  event_conditions,
  event_query,
  format_span,
  moved_span,
  n_event_filters,
  NO_EVENT_FILTER,
  parse_span,
} from './event_filter.ts';

const all = {
  groups: ['built'],
  rights: ['unplanned', 'unknown'],
  changes: ['new'],
  severity: 3,
  since: { from: '2019', to: '2024' },
};

test('a filter that takes everything asks for nothing', () => {
  expect(event_conditions(NO_EVENT_FILTER)).toEqual([]);
  expect(n_event_filters(NO_EVENT_FILTER)).toBe(0);
  expect(Object.values(event_query(NO_EVENT_FILTER)).filter(Boolean)).toEqual([]);
});

test('every part of a filter is a parameter and a condition of the map', () => {
  expect(n_event_filters(all)).toBe(6);
  expect(event_query(all)).toEqual({
    group: 'built',
    right: 'unplanned,unknown',
    change: 'new',
    severity: 3,
    since: '2019..2024',
  });
  const since = ['coalesce', ['get', 'since'], ''];
  expect(event_conditions(all)).toEqual([
    ['in', ['get', 'group'], ['literal', ['built']]],
    ['in', ['get', 'right'], ['literal', ['unplanned', 'unknown']]],
    ['in', ['get', 'change'], ['literal', ['new']]],
    ['>=', ['coalesce', ['get', 'severity'], 0], 3],
    ['all', ['>=', since, '2019'], ['<=', since, '2024']],
  ]);
});

test('spans are written short and read strictly', () => {
  expect(format_span({ from: '2019', to: '2019' })).toBe('2019');
  expect(parse_span('2019')).toEqual({ from: '2019', to: '2019' });
  expect(parse_span('2019-06..2024-06-30')).toEqual({ from: '2019-06', to: '2024-06-30' });
  for (const bad of [null, '', '..', '2019..', '..2024', '2024..2019', '1..2..3', 'x', '20190']) {
    expect(parse_span(bad), String(bad)).toBeNull();
  }
});

test('a moved end takes the other along, and the whole range is no filter', () => {
  const epochs = ['2014', '2019', '2024', '2025'];
  expect(moved_span(null, 'from', '2019', epochs)).toEqual({ from: '2019', to: '2025' });
  expect(moved_span({ from: '2019', to: '2019' }, 'from', '2024', epochs)).toEqual({ from: '2024', to: '2024' });
  expect(moved_span({ from: '2024', to: '2025' }, 'to', '2014', epochs)).toEqual({ from: '2014', to: '2014' });
  expect(moved_span({ from: '2019', to: '2025' }, 'from', '2014', epochs)).toBeNull();
});
