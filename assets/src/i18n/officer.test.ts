import { expect, test } from 'vitest';
import { ALERTS_WORDS } from './alerts.ts';
import { CODES_WORDS } from './codes.ts';

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

test('both languages of the officer’s desks have the same keys and the same values in each text', () => {
  for (const words of [CODES_WORDS, ALERTS_WORDS] as Record<'vi' | 'en', Record<string, string>>[]) {
    expect(Object.keys(words.en).sort()).toEqual(Object.keys(words.vi).sort());
    for (const [key, text] of Object.entries(words.vi)) {
      expect(names(words.en[key] ?? ''), key).toEqual(names(text));
      expect(words.en[key]?.trim(), key).not.toBe('');
    }
  }
});
