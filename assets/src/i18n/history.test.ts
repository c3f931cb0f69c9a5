import { expect, test } from 'vitest';
import { HISTORY_WORDS, type HistoryKey } from './history.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of history have the same keys and the same values in each text', () => {
  expect(Object.keys(HISTORY_WORDS.en).sort()).toEqual(Object.keys(HISTORY_WORDS.vi).sort());
  for (const key of Object.keys(HISTORY_WORDS.vi) as HistoryKey[]) {
    expect(names(HISTORY_WORDS.en[key]), key).toEqual(names(HISTORY_WORDS.vi[key]));
    expect(HISTORY_WORDS.en[key].trim(), key).not.toBe('');
  }
});
