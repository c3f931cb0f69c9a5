import { expect, test } from 'vitest';
import {
  format_area,
  format_date,
  format_hectares,
  format_hectares_brief,
  format_number,
  format_probability,
  format_share,
  format_threshold,
} from './numbers.ts';

test('numbers are grouped and divided as each language does', () => {
  expect(format_number(58412, 'vi')).toBe('58.412');
  expect(format_number(58412, 'en')).toBe('58,412');
  expect(format_number(1037.25, 'vi', 2)).toBe('1.037,25');
  expect(format_number(-7, 'en')).toBe('−7');
  expect(format_number(-0, 'vi')).toBe('0');
});

test('hectares carry the decimals that matter', () => {
  const given = [0, 412, 38_200, 2_504_000, 70_900_000, 584_120_000];
  expect(given.map((area_m2) => format_hectares(area_m2, 'vi'))).toEqual([
    '0',
    '0,041',
    '3,82',
    '250,4',
    '7.090',
    '58.412',
  ]);
  expect(given.map((area_m2) => format_hectares_brief(area_m2, 'vi'))).toEqual([
    '0',
    '0,04',
    '3,8',
    '250',
    '7.090',
    '58.412',
  ]);
});

test('rounding never shows more decimals than the rounded number has', () => {
  expect(format_hectares(9_996_000, 'en')).toBe('1,000');
  expect(format_hectares(999_600, 'en')).toBe('100.0');
  expect(format_hectares(9_960, 'en')).toBe('1.00');
  expect(format_hectares_brief(99_600, 'en')).toBe('10');
});

test('a small piece is told in square metres, a large one in hectares', () => {
  expect(format_area(411.6, 'vi')).toEqual({ value: '412', unit: 'm²' });
  expect(format_area(999.4, 'vi')).toEqual({ value: '999', unit: 'm²' });
  expect(format_area(0, 'vi')).toEqual({ value: '0', unit: 'ha' });
  expect(format_area(21_000, 'en')).toEqual({ value: '2.10', unit: 'ha' });
});

test('a loss too little for a decimal is not shown as none', () => {
  expect(format_share(0.0152, 'vi')).toBe('1,5 %');
  expect(format_share(0.0001, 'vi')).toBe('< 0,1 %');
  expect(format_share(0, 'en')).toBe('0.0 %');
  expect(format_share(1, 'en')).toBe('100 %');
});

test('dates are as exact as they were given', () => {
  expect(format_date('2025-12-31T00:00:00Z', 'vi')).toBe('31/12/2025');
  expect(format_date('2025-12-31', 'en')).toBe('31 December 2025');
  expect(format_date('2027-03', 'vi')).toBe('3/2027');
  expect(format_date('2014', 'en')).toBe('2014');
  expect(format_date('soon', 'en')).toBe('soon');
});

test('a probability never claims to be certain', () => {
  expect([1, 0.9996, 0.996, 0.93].map((p) => format_probability(p, 'vi'))).toEqual([
    '> 99,9 %',
    '> 99,9 %',
    '99,6 %',
    '93 %',
  ]);
});

test('an area that a rule names has no decimals that say nothing', () => {
  expect([100, 5_000, 10_000, 25_000].map((area_m2) => format_threshold(area_m2, 'vi'))).toEqual([
    '100\u00a0m²',
    '5.000\u00a0m²',
    '1\u00a0ha',
    '2,50\u00a0ha',
  ]);
});
