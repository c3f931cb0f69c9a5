import { expect, test } from 'vitest';
import { Draft } from './draft.ts';
import {
  carried_over,
  kind_of,
  NO_CHOICES,
  obstacle,
  operations_of,
  reread,
  text_columns,
  unknown_labels,
  with_fate,
  with_kind,
  with_rows,
  type FileFeature,
  type FileReport,
} from './dropped.ts';
import { NO_PROPERTIES } from './operation.ts';
import type { Shape } from './shape.ts';

const square = (x: number): Shape => [
  [
    [
      [x, 0],
      [x + 10, 0],
      [x + 10, 10],
      [x, 10],
      [x, 0],
    ],
  ],
];

function feature(row: number, label: string | null, kind: string | null, more: Partial<FileFeature> = {}): FileFeature {
  const properties = { ...NO_PROPERTIES, kind, name: `zone ${row}` };
  const area = { area_m2: 100, area_before_m2: 100, is_repaired: false };
  return {
    row,
    id: String(row),
    label,
    properties,
    polygons: square(row * 20),
    ...area,
    same_as: null,
    issues: [],
    ...more,
  };
}

function report(features: FileFeature[], mapping: FileReport['mapping'] = {}): FileReport {
  const crs = { source: 'EPSG:4326', operation: null };
  const counts = { n_read: features.length, n_repaired: 0, n_outside: 0 };
  return {
    driver: 'GPKG',
    likely_mistake: null,
    layer: 'a',
    layers: ['a'],
    crs,
    columns: [],
    text_layers: [],
    mapping,
    ...counts,
    features,
    rejected: [],
    issues: [],
  };
}

const there = (id: string, lies_there = true) => ({ same_as: { id, by: 'id' as const, name: null, lies_there } });
let n = 0;
const new_id = () => `new-${(n += 1)}`;

test('texts of a drawing stand beside its columns, each layer apart where there are several', () => {
  expect(text_columns(report([]))).toEqual([]);
  const [numbers, kinds] = [
    { name: 'SO', n: 2, samples: ['152', '153'] },
    { name: 'LOẠI', n: 1, samples: ['Lúa'] },
  ];
  const all = { name: '@text', layer: null };
  expect(text_columns({ ...report([]), text_layers: [numbers] })).toEqual([{ ...all, samples: ['152', '153'] }]);
  expect(text_columns({ ...report([]), text_layers: [numbers, kinds] })).toEqual([
    { ...all, samples: ['152', '153', 'Lúa'] },
    { name: '@text:SO', layer: 'SO', samples: ['152', '153'] },
    { name: '@text:LOẠI', layer: 'LOẠI', samples: ['Lúa'] },
  ]);
});

test('labels that are no kind are asked for once each, the most frequent first', () => {
  const features = [feature(1, 'lúa', 'rice'), feature(2, 'lạ', null), feature(3, null, null), feature(4, 'lạ', null)];
  let choices = carried_over(NO_CHOICES, report(features, { kind: 'loai' }));
  expect(unknown_labels(features, choices)).toEqual([
    { label: 'lạ', n: 2 },
    { label: '', n: 1 },
  ]);
  expect(obstacle(features, choices)).toBe('without_kind');
  choices = with_kind(with_kind(choices, 'lạ', 'fruit'), '', 'tea');
  expect(features.map((one) => kind_of(one, choices))).toEqual(['rice', 'fruit', 'tea', 'fruit']);
  expect(obstacle(features, choices)).toBeNull();
  expect(obstacle(features, with_kind(choices, 'lạ', ''))).toBe('without_kind');
  const all = { ...choices, origins: { ...choices.origins, kind: { from: 'value' as const, value: 'flowers' } } };
  expect(unknown_labels(features, all)).toEqual([]);
  expect(kind_of(features[0] as FileFeature, all)).toBe('flowers');
});

test('a zone that lies where one of its id lies is drawn anew, once, and others are new', () => {
  const features = [
    feature(1, null, 'rice', there('a')),
    feature(2, null, 'rice', there('a')),
    feature(3, null, 'rice', there('b', false)),
  ];
  const choices = carried_over(NO_CHOICES, report(features, { kind: 'loai' }));
  const ids = operations_of(features, choices, () => 'new').map(({ id }) => id);
  expect(ids).toEqual(['a', 'new', 'new']);
  expect(obstacle(features, with_fate(choices, 2, 'redraw'))).toBe('drawn_twice');
});

test('what is not taken, what is one value for all, and what is left out', () => {
  const features = [feature(1, null, 'rice'), feature(2, null, 'rice')];
  const said = carried_over(NO_CHOICES, report(features, { name: 'ten' }));
  const origins = {
    ...said.origins,
    name: { from: 'nothing' as const },
    cooperative: { from: 'value' as const, value: ' HTX Đồng Tâm ' },
    kind: { from: 'column' as const, column: 'loai' },
  };
  const choices = with_rows({ ...said, origins }, [2], false);
  const operations = operations_of(features, choices, new_id);
  expect(operations).toHaveLength(1);
  expect(operations[0]?.properties).toEqual({ kind: 'rice', cooperative: 'HTX Đồng Tâm' });
  expect(obstacle(features, with_rows(choices, [1], false))).toBe('nothing');
  const many = Array.from({ length: 1_001 }, (_, i) => feature(i + 1, null, 'rice'));
  expect(obstacle(many, said)).toBe('too_many');
  // What was said holds on when the file is read anew.
  const again = carried_over(choices, report(features, { name: 'ten' }));
  expect([again.origins.name, again.left_out.has(2)]).toEqual([{ from: 'nothing' }, true]);
});

test('a zone of the file is left out of the draft, with what was mended of it', () => {
  const draft = new Draft();
  const features = [feature(1, null, 'rice'), feature(2, null, 'rice')];
  const origins = { kind: { from: 'column' as const, column: 'loai' } };
  const operations = operations_of(features, { ...NO_CHOICES, origins }, new_id);
  draft.do({ deed: 'file', operations, result: null });
  const [first, second] = operations.map(({ id }) => id) as [string, string];
  draft.do({ deed: 'repair', operations: [{ op: 'cut_out', id: second, polygons: square(40) }], result: null });
  expect(draft.is_of_file(second)).toBe(true);
  draft.leave_out(second);
  expect(draft.ground.zone(second)).toBeNull();
  expect(draft.ground.zone(first)).not.toBeNull();
  expect(draft.operations()).toHaveLength(1);
  draft.leave_out(first);
  expect(draft.steps).toHaveLength(0);
});

test('in another encoding columns are chosen anew whose names may read otherwise', () => {
  const origins = {
    name: { from: 'column', column: '@text:Thöa ®Êt' },
    code: { from: 'column', column: '@text:MA_SO' },
    kind: { from: 'value', value: 'Lúa' },
  } as const;
  expect(reread({ ...NO_CHOICES, origins }).origins).toEqual({ code: origins.code, kind: origins.kind });
});
