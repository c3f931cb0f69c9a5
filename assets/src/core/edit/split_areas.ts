// A list of areas as people type it, and what is left of the zone beside it.
import { number_of } from './vertex_table.ts';

export interface SplitAreas {
  areas_m2: number[];
  sum_m2: number;
  /** Below zero when the list asks for more than there is; zero when it takes all, to a hundredth of a square metre. */
  rest_m2: number;
  /** The first line, from 1, that is no area. */
  unread: number | null;
}

/** What people and the server take for the same area. */
const EXACT_M2 = 0.01;

export function split_areas(text: string, whole_m2: number, lang: 'vi' | 'en'): SplitAreas {
  const lines = text.split(/\r?\n/);
  const areas_m2: number[] = [];
  let unread: number | null = null;
  lines.forEach((line, i) => {
    if (line.trim() === '') return;
    const area_m2 = number_of(line.replace(/m²|m2/i, ''), lang);
    if (area_m2 !== null && area_m2 > 0) areas_m2.push(area_m2);
    else unread ??= i + 1;
  });
  const sum_m2 = areas_m2.reduce((sum, area_m2) => sum + area_m2, 0);
  const rest_m2 = whole_m2 - sum_m2;
  return { areas_m2, sum_m2, rest_m2: Math.abs(rest_m2) <= EXACT_M2 ? 0 : rest_m2, unread };
}

/** All but the last part, which is what is left. */
export function equal_areas(whole_m2: number, n_parts: number): number[] {
  const part_m2 = Math.round((whole_m2 / n_parts) * 100) / 100;
  return Array.from({ length: n_parts - 1 }, () => part_m2);
}
