import { expect, describe, test } from 'vitest';
import { changed_properties, field_faults, filled } from './fields.ts';
import { NO_PROPERTIES } from './operation.ts';
import type { Xy } from './shape.ts';
import { equal_areas, split_areas } from './split_areas.ts';
import { number_of, pasted, ring_of } from './vertex_table.ts';

describe('the table of vertices', () => {
  test('numbers are read as Vietnamese and English write them', () => {
    const read = [
      '2325012,345',
      '2325012.345',
      '2.325.012,345',
      '2,325,012.345',
      '2 325 012,3',
      '−5',
      'X',
      '1,2,3.4,5',
    ];
    expect(read.map((text) => number_of(text))).toEqual([
      2325012.345,
      2325012.345,
      2325012.345,
      2325012.345,
      2325012.3,
      -5,
      null,
      null,
    ]);
  });

  test('rows from a spreadsheet: a heading and numbers of points are passed over, swapped axes are seen', () => {
    const near: Xy = [587_000, 2_325_000];
    const text =
      'Điểm\tX (m)\tY (m)\n1\t2325000,10\t587000,5\t12,3\n2\t2325100,10\t587100,5\t9\n\n3\tkhông rõ 2325\t\n';
    expect(pasted(text, near)).toEqual({
      rows: [
        [587_000.5, 2_325_000.1],
        [587_100.5, 2_325_100.1],
      ],
      swapped: false,
      unread: [5],
    });
    const swapped = pasted('587000.5 2325000.1\n587100.5 2325100.1', near);
    expect(swapped).toMatchObject({
      swapped: true,
      rows: [
        [587_000.5, 2_325_000.1],
        [587_100.5, 2_325_100.1],
      ],
    });
  });

  test('a ring is closed once', () => {
    expect(
      ring_of([
        [0, 0],
        [1, 0],
        [1, 1],
      ]),
    ).toHaveLength(4);
    expect(
      ring_of([
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 0],
      ]),
    ).toHaveLength(4);
    expect(
      ring_of([
        [0, 0],
        [1, 0],
        [1, 0],
      ]),
    ).toBeNull();
  });
});

test('areas to split by are read as their language writes them, with what is left over', () => {
  expect(split_areas('50.000\n30000,5 m²\n', 100_000, 'vi')).toEqual({
    areas_m2: [50_000, 30_000.5],
    sum_m2: 80_000.5,
    rest_m2: 19_999.5,
    unread: null,
  });
  expect(split_areas('50,000\n12.345', 100_000, 'en').areas_m2).toEqual([50_000, 12.345]);
  expect(split_areas('60000\n40000.004', 100_000, 'en').rest_m2).toBe(0);
  expect(split_areas('1\nx', 1, 'vi').unread).toBe(2);
  expect(equal_areas(100, 3)).toEqual([33.33, 33.33]);
});

describe('the form', () => {
  const properties = { ...NO_PROPERTIES, kind: 'rice', name: 'Đồng Mỗ', declared_area_m2: 1234.5 };

  test('only what was changed is sent', () => {
    const form = filled(properties, 'vi');
    expect(form.declared_area_m2).toBe('1234,5');
    expect(changed_properties(properties, form, 'vi')).toBeNull();
    expect(changed_properties(properties, { ...form, name: '', variety: ' J02 ' }, 'vi')).toEqual({
      name: null,
      variety: 'J02',
    });
  });

  test('what is wrong is said field by field', () => {
    const form = {
      ...filled(properties, 'en'),
      kind: '',
      standard_until: '2027-02-30',
      declared_area_m2: 'many',
      name: 'a\u202eb',
    };
    expect(field_faults(form, 'en')).toEqual({
      kind: 'missing',
      standard_until: 'not_a_date',
      declared_area_m2: 'not_an_area',
      name: 'has_control',
    });
    expect(field_faults(filled(properties, 'vi'), 'vi')).toEqual({});
  });
});
