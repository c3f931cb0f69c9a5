// Words of the page in the reader's language.
import type { Lang } from '../core/model.ts';
import { format_number } from '../core/numbers.ts';
import { en } from './en.ts';
import { vi } from './vi.ts';

export type Key = keyof typeof vi;
/** Keys that come as `…_one` and `…_other`. */
export type CountKey = Key extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never;

export const WORDS: Record<Lang, Record<Key, string>> = { vi, en };

/** The text with `{name}` replaced by the value of that name. */
export function filled(text: string, lang: Lang, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? format_number(value, lang) : value;
  });
}

/** The text of `key`, filled. */
export function say(lang: Lang, key: Key, values: Record<string, string | number> = {}): string {
  return filled(WORDS[lang][key], lang, values);
}

/** The text for `n` things: "1 commune", "126 communes". */
export function say_count(lang: Lang, key: CountKey, n: number): string {
  return say(lang, `${key}_${n === 1 ? 'one' : 'other'}` as Key, { n });
}
