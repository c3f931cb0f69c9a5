// Words of the desk of plans; apart from the others because they are loaded with it.
import type { Lang } from '../core/model.ts';
import { filled } from './index.ts';
import { plans_en } from './plans_en.ts';
import { plans_vi } from './plans_vi.ts';

export type PlansKey = keyof typeof plans_vi;
export type PlansCountKey = PlansKey extends infer K ? (K extends `${infer Stem}_one` ? Stem : never) : never;

export const PLANS_WORDS: Record<Lang, Record<PlansKey, string>> = { vi: plans_vi, en: plans_en };

export function say_plans(lang: Lang, key: PlansKey, values: Record<string, string | number> = {}): string {
  return filled(PLANS_WORDS[lang][key], lang, values);
}

export function say_plans_count(lang: Lang, key: PlansCountKey, n: number): string {
  return say_plans(lang, `${key}_${n === 1 ? 'one' : 'other'}` as PlansKey, { n });
}
