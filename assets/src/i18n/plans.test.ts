import { expect, test } from 'vitest';
import { PLANS_WORDS, type PlansKey } from './plans.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of the desk of plans have the same keys and the same values in each text', () => {
  expect(Object.keys(PLANS_WORDS.en).sort()).toEqual(Object.keys(PLANS_WORDS.vi).sort());
  for (const key of Object.keys(PLANS_WORDS.vi) as PlansKey[]) {
    expect(names(PLANS_WORDS.en[key]), key).toEqual(names(PLANS_WORDS.vi[key]));
    expect(PLANS_WORDS.en[key].trim(), key).not.toBe('');
  }
});
