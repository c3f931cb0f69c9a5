import { expect, test } from 'vitest';
import { NO_EVENT_FILTER } from './event_filter.ts';
import { dressed, HOVER, kind_pattern, landuse_color, type Dress, type Style } from './dress.ts';

const layer = (id: string, source_layer: string, name: string, filter?: unknown) => ({
  id,
  type: 'fill',
  source: 'farmzone',
  'source-layer': source_layer,
  metadata: { 'farmzone:switch': name },
  ...(filter === undefined ? {} : { filter }),
});

const style: Style = {
  sources: { farmzone: { type: 'vector', tiles: ['x'] } },
  layers: [
    { id: 'background', type: 'background' },
    layer('landuse-fill', 'landuse', 'landuse'),
    layer('zones-fill', 'zones', 'zones'),
    layer('zones-line', 'zones', 'zones'),
    layer('encroachments-fill', 'encroachments', 'encroachments', ['==', ['get', 'group'], 'built']),
    layer('encroachments-line', 'encroachments', 'encroachments'),
    layer('zones-selected', 'zones', 'zones', ['==', ['get', 'id'], '']),
    layer('zone-labels', 'zone_labels', 'labels'),
  ],
};
const plain: Dress = {
  layers: ['zones', 'encroachments', 'labels'],
  kinds: [],
  unit: null,
  zone: null,
  event: null,
  events: NO_EVENT_FILTER,
};
const worn = (change: Partial<Dress>) =>
  new Map(dressed(style, { ...plain, ...change }, '#000').layers.map((item) => [item.id, item]));

test('switches show and hide their layers, and leave the background alone', () => {
  const layers = worn({});
  expect(layers.get('landuse-fill')?.layout?.['visibility']).toBe('none');
  expect(layers.get('zones-fill')?.layout?.['visibility']).toBe('visible');
  expect(layers.get('background')?.layout?.['visibility']).toBe('visible');
});

test('without zones their names go too', () => {
  expect(worn({ layers: ['labels'] }).get('zone-labels')?.layout?.['visibility']).toBe('none');
});

test('kind and commune narrow zones, pieces and labels, and keep the filter of the style', () => {
  const layers = worn({ kinds: ['rice'], unit: '00004' });
  const kind = ['in', ['get', 'kind'], ['literal', ['rice']]];
  const unit = ['==', ['get', 'unit'], '00004'];
  expect(layers.get('zones-fill')?.filter).toEqual(['all', kind, unit]);
  expect(layers.get('encroachments-fill')?.filter).toEqual(['all', ['==', ['get', 'group'], 'built'], kind, unit]);
  expect(layers.get('landuse-fill')?.filter).toBeUndefined();
  expect(worn({ kinds: ['rice'] }).get(HOVER)?.filter).toEqual(kind);
});

test('filters of events narrow the pieces and leave the zones', () => {
  const layers = worn({ events: { ...NO_EVENT_FILTER, severity: 2 }, kinds: ['tea'] });
  const kind = ['in', ['get', 'kind'], ['literal', ['tea']]];
  expect(layers.get('encroachments-line')?.filter).toEqual([
    'all',
    kind,
    ['>=', ['coalesce', ['get', 'severity'], 0], 2],
  ]);
  expect(layers.get('zones-fill')?.filter).toEqual(kind);
});

test('a style that is worn without filters is the style', () => {
  expect(worn({}).get('encroachments-fill')?.filter).toEqual(['==', ['get', 'group'], 'built']);
  expect(worn({}).get('zones-fill')).not.toHaveProperty('filter');
});

test('the chosen zone and piece are outlined whatever is filtered', () => {
  const layers = worn({ zone: 'z1', event: 'e1', kinds: ['tea'] });
  expect(layers.get('zones-selected')?.filter).toEqual(['==', ['get', 'id'], 'z1']);
  expect(layers.get('encroachments-selected')?.filter).toEqual(['==', ['get', 'id'], 'e1']);
});

test('outlines lie right above what they outline', () => {
  const ids = dressed(style, plain, '#000').layers.map((item) => item.id);
  expect(ids.indexOf(HOVER)).toBe(ids.indexOf('zones-line') + 1);
  expect(ids.indexOf('encroachments-selected')).toBe(ids.indexOf('encroachments-line') + 1);
});

test('features are known by their id, and the given style is left as it was', () => {
  const before = JSON.stringify(style);
  expect(dressed(style, plain, '#000').sources['farmzone']?.['promoteId']).toEqual({
    zones: 'id',
    encroachments: 'id',
  });
  expect(JSON.stringify(style)).toBe(before);
});

test('the legend of land use has the colours of the map', () => {
  const by_group = ['match', ['get', 'group'], 'built', '#111111', '#999999'];
  const fill = ['match', ['get', 'code'], ['LUC', 'LUK'], '#f2e394', 'CLN', '#c3cf79', by_group];
  const painted = { sources: {}, layers: [{ id: 'landuse-fill', type: 'fill', paint: { 'fill-color': fill } }] };
  expect(landuse_color(painted, 'LUK', 'none')).toBe('#f2e394');
  expect(landuse_color(painted, 'ONT', 'built')).toBe('#111111');
  expect(landuse_color(painted, 'XYZ', 'unmapped')).toBe('#999999');
  expect(landuse_color({ sources: {}, layers: [] }, 'LUK', 'none')).toBeNull();
  const other = {
    sources: {},
    layers: [{ id: 'landuse-fill', type: 'fill', paint: { 'fill-color': ['get', 'color'] } }],
  };
  expect(landuse_color(other, 'LUK', 'none')).toBeNull();
});

test('the legend knows which pattern a kind has, and that some have none', () => {
  const pattern = {
    id: 'zones-pattern',
    type: 'fill',
    filter: ['in', ['get', 'kind'], ['literal', ['rice', 'tea']]],
    paint: { 'fill-pattern': ['match', ['get', 'kind'], 'rice', 'waves', 'tea', 'dots', 'dots'] },
  };
  const patterned = { sources: {}, layers: [pattern] };
  expect(kind_pattern(patterned, 'rice')).toBe('waves');
  expect(kind_pattern(patterned, 'other')).toBeNull();
  expect(kind_pattern({ sources: {}, layers: [] }, 'rice')).toBeNull();
});
