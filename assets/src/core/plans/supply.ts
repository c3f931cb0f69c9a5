// What is harvested a hectare, and what a processor needs, as people type it; kept in the browser, asked of the server.
import { number_of } from '../edit/vertex_table.ts';
import type { Lang } from '../model.ts';

export interface Supply {
  /** Tonnes a hectare by kind. */
  yields: Record<string, number>;
  demand_t: number | null;
}

export const NO_SUPPLY: Supply = { yields: {}, demand_t: null };
const MOST_T = 1e12;

/** Null is an empty field; undefined what is no number of tonnes. */
export function tonnes_of(text: string, lang: Lang): number | null | undefined {
  if (text.trim() === '') return null;
  const tonnes = number_of(text, lang);
  return tonnes !== null && tonnes >= 0 && tonnes < MOST_T ? tonnes : undefined;
}

export function typed(tonnes: number | null | undefined, lang: Lang): string {
  if (tonnes === null || tonnes === undefined) return '';
  return lang === 'vi' ? String(tonnes).replace('.', ',') : String(tonnes);
}

/** `rice:6.2,tea:2` */
export const yields_query = ({ yields }: Supply): string =>
  Object.entries(yields)
    .map(([kind, yield_t]) => `${kind}:${yield_t}`)
    .join(',');

/** What the browser kept; what cannot be read is nothing. */
export function supply_of(text: string | null): Supply {
  try {
    const kept = JSON.parse(text ?? '') as { yields?: unknown; demand_t?: unknown } | null;
    const is_tonnes = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < MOST_T;
    const entries = Object.entries((kept?.yields ?? {}) as Record<string, unknown>).filter(
      (entry): entry is [string, number] => is_tonnes(entry[1]),
    );
    return { yields: Object.fromEntries(entries), demand_t: is_tonnes(kept?.demand_t) ? kept.demand_t : null };
  } catch {
    return NO_SUPPLY;
  }
}
