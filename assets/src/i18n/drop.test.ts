import { expect, test } from 'vitest';
import { DROP_WORDS, word_of, type DropKey } from './drop.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of the file have the same keys and the same values in each text', () => {
  expect(Object.keys(DROP_WORDS.en).sort()).toEqual(Object.keys(DROP_WORDS.vi).sort());
  for (const key of Object.keys(DROP_WORDS.vi) as DropKey[]) {
    expect(names(DROP_WORDS.en[key]), key).toEqual(names(DROP_WORDS.vi[key]));
    expect(DROP_WORDS.en[key].trim(), key).not.toBe('');
  }
});

test('every mistake that the server names is named in both languages, with what it rests on', () => {
  for (const lang of ['vi', 'en'] as const) {
    for (const word of ['swap_axes', 'utm_for_tm3', 'tm3_for_utm', 'no_datum_shift', 'flipped_datum_shift', 'zone'])
      expect(word_of(lang, 'mistake', word), word).not.toBeNull();
    for (const ground of ['zones', 'stated_units', 'units'])
      expect(word_of(lang, 'mistake', `by_${ground}`)).not.toBeNull();
  }
});

test('a word of the server that the page does not know has no text', () => {
  expect(word_of('en', 'issue', 'open_line')).toContain('open line');
  expect(word_of('en', 'issue', 'brand_new')).toBeNull();
});
