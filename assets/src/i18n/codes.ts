// Words of the check and the register of farming area codes; apart from the others because they are loaded with them.
import type { Lang } from '../core/model.ts';
import { codes_en } from './codes_en.ts';
import { codes_vi } from './codes_vi.ts';
import { word_of } from './drop.ts';
import { filled } from './index.ts';

export type CodesKey = keyof typeof codes_vi;

export const CODES_WORDS: Record<Lang, Record<CodesKey, string>> = { vi: codes_vi, en: codes_en };

export function say_codes(lang: Lang, key: CodesKey, values: Record<string, string | number> = {}): string {
  return filled(CODES_WORDS[lang][key], lang, values);
}

/** The text of `stem_word`, where there is one; else the word as the server chose it. */
export function codes_word(lang: Lang, stem: 'market' | 'status' | 'figure' | 'field' | 'check', word: string): string {
  const words: Record<string, string> = CODES_WORDS[lang];
  return words[`${stem}_${word}`] ?? word;
}

/**
 * What is to be said of a row or a file of codes, by the issue's code: with the column that the server's words begin with, and what
 * they quote. In the server's words where the page has none.
 */
export function codes_issue(lang: Lang, { code, message }: { code: string; message: string }): string {
  const words: Record<string, string> = CODES_WORDS[lang];
  const text = words[`issue_${code}`] ?? word_of(lang, 'issue', code);
  if (text === null) return message;
  const column = words[`field_${/^\w+/.exec(message)?.[0] ?? ''}`];
  const quoted = /“[^”]*”/.exec(message)?.[0];
  return `${column ? `${column}: ` : ''}${text}${quoted ? ` (${quoted})` : ''}`;
}
