import { expect, test } from 'vitest';
import { say, say_count, WORDS } from './index.ts';

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

test('both languages have the same keys, none of them empty', () => {
  expect(Object.keys(WORDS.en).sort()).toEqual(Object.keys(WORDS.vi).sort());
  for (const words of Object.values(WORDS))
    expect(Object.values(words).filter((text) => text.trim() === '')).toEqual([]);
});

test('both languages name the same values', () => {
  for (const [key, text] of Object.entries(WORDS.vi)) {
    // "1 commune" may do without its number.
    if (key.endsWith('_one')) continue;
    expect([key, placeholders(WORDS.en[key as keyof typeof WORDS.en])]).toEqual([key, placeholders(text)]);
  }
});

test('Vietnamese is composed, so that the fonts draw it as one letter', () => {
  for (const text of Object.values(WORDS.vi)) expect(text).toBe(text.normalize('NFC'));
});

test('values are put in, numbers by the language', () => {
  expect(say('vi', 'unit_filter_all', { n: 1260 })).toBe('Tất cả 1.260 xã, phường');
  expect(say('en', 'search_none', { q: '{n}' })).toContain('“{n}”');
  expect(say_count('en', 'n_units', 1)).toBe('1 commune');
  expect(say_count('en', 'n_units', 126)).toBe('126 communes');
});
