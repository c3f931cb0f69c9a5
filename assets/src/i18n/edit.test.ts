import { expect, test } from 'vitest';
import { EDIT_WORDS, type EditKey } from './edit.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of the desk have the same keys and the same values in each text', () => {
  expect(Object.keys(EDIT_WORDS.en).sort()).toEqual(Object.keys(EDIT_WORDS.vi).sort());
  for (const key of Object.keys(EDIT_WORDS.vi) as EditKey[]) {
    expect(names(EDIT_WORDS.en[key]), key).toEqual(names(EDIT_WORDS.vi[key]));
    expect(EDIT_WORDS.en[key].trim(), key).not.toBe('');
  }
});
