// Words of history: versions of a zone, the list of edits, the map of another moment. Loaded with what says them.
import type { Lang } from '../core/model.ts';
import { history_en } from './history_en.ts';
import { history_vi } from './history_vi.ts';
import { filled } from './index.ts';

export type HistoryKey = keyof typeof history_vi;
export type HistoryCountKey = HistoryKey extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never;

export const HISTORY_WORDS: Record<Lang, Record<HistoryKey, string>> = { vi: history_vi, en: history_en };

export function say_history(lang: Lang, key: HistoryKey, values: Record<string, string | number> = {}): string {
  return filled(HISTORY_WORDS[lang][key], lang, values);
}

export function say_history_count(lang: Lang, key: HistoryCountKey, n: number): string {
  return say_history(lang, `${key}_${n === 1 ? 'one' : 'other'}` as HistoryKey, { n });
}
