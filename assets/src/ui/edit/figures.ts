// Areas at the desk: to the tenth of a square metre, and in hectares beside it where that is easier to read.
import type { Lang } from '../../core/model.ts';
import { format_hectares, format_number } from '../../core/numbers.ts';

const HECTARES_FROM_M2 = 10_000;

export function format_m2(area_m2: number, lang: Lang): string {
  const metres = `${format_number(area_m2, lang, 1)} m²`;
  return Math.abs(area_m2) < HECTARES_FROM_M2 ? metres : `${metres} · ${format_hectares(area_m2, lang)} ha`;
}

/** `+12,5 m²` */
export function format_change(area_m2: number, lang: Lang): string {
  return `${area_m2 > 0 ? '+' : ''}${format_number(area_m2, lang, 1)} m²`;
}
