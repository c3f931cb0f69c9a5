// Words of the planner's desk; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';
import { edit_en } from './edit_en.ts';
import { edit_vi } from './edit_vi.ts';
import { filled } from './index.ts';

export type EditKey = keyof typeof edit_vi;
export type EditCountKey = EditKey extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never;

export const EDIT_WORDS: Record<Lang, Record<EditKey, string>> = { vi: edit_vi, en: edit_en };

export function say_edit(lang: Lang, key: EditKey, values: Record<string, string | number> = {}): string {
  return filled(EDIT_WORDS[lang][key], lang, values);
}

export function say_edit_count(lang: Lang, key: EditCountKey, n: number): string {
  return say_edit(lang, `${key}_${n === 1 ? 'one' : 'other'}` as EditKey, { n });
}
