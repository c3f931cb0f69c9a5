// Words of what is done with a file that is dropped on the map; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';
import { drop_en } from './drop_en.ts';
import { drop_vi } from './drop_vi.ts';
import { filled } from './index.ts';

export type DropKey = keyof typeof drop_vi;

export const DROP_WORDS: Record<Lang, Record<DropKey, string>> = { vi: drop_vi, en: drop_en };

export function say_drop(lang: Lang, key: DropKey, values: Record<string, string | number> = {}): string {
  return filled(DROP_WORDS[lang][key], lang, values);
}

/** The text of `stem_word`, where there is one: of words that the server chose. */
export function word_of(lang: Lang, stem: 'why' | 'issue' | 'mistake', word: string): string | null {
  const words: Record<string, string> = DROP_WORDS[lang];
  return words[`${stem}_${word}`] ?? null;
}
