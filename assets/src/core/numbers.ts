// Numbers as the reader's language writes them: 58.412,3 in Vietnamese, 58,412.3 in English.
import type { Lang } from './model.ts';

const LOCALE: Record<Lang, string> = { vi: 'vi-VN', en: 'en-GB' };
const M2_PER_HA = 10_000;
/** Below this an area reads better in square metres. */
const SMALL_AREA_M2 = M2_PER_HA;

const formats = new Map<string, Intl.NumberFormat>();

export interface Quantity {
  value: string;
  unit: 'ha' | 'm²';
}

/** `value` with exactly `decimals` decimals. */
export function format_number(value: number, lang: Lang, decimals = 0): string {
  const key = `${lang}${decimals}`;
  let format = formats.get(key);
  if (!format) {
    // Vietnamese groups from four digits on, although CLDR's minimum says five in some versions.
    format = new Intl.NumberFormat(LOCALE[lang], {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
      useGrouping: 'always' as unknown as boolean,
    });
    formats.set(key, format);
  }
  return format.format(value === 0 ? 0 : value).replace('-', '−');
}

/** Hectares with as many decimals as matter: 58.412 · 250,4 · 3,82 · 0,041. */
export function format_hectares(area_m2: number, lang: Lang): string {
  const area_ha = area_m2 / M2_PER_HA;
  const size = Math.abs(area_ha);
  const decimals = size === 0 || size >= 999.5 ? 0 : size >= 99.95 ? 1 : size >= 0.995 ? 2 : 3;
  return format_number(area_ha, lang, decimals);
}

/** Hectares for a table of figures: whole ones from ten on. */
export function format_hectares_brief(area_m2: number, lang: Lang): string {
  const area_ha = area_m2 / M2_PER_HA;
  const size = Math.abs(area_ha);
  const decimals = size === 0 || size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2;
  return format_number(area_ha, lang, decimals);
}

/** Square metres for a small piece, hectares for a larger one. */
export function format_area(area_m2: number, lang: Lang): Quantity {
  if (area_m2 !== 0 && Math.abs(area_m2) < SMALL_AREA_M2)
    return { value: format_number(Math.round(area_m2), lang), unit: 'm²' };
  return { value: format_hectares(area_m2, lang), unit: 'ha' };
}

/** An area that a rule names: whole hectares without decimals. */
export function format_threshold(area_m2: number, lang: Lang): string {
  if (area_m2 < M2_PER_HA) return `${format_number(area_m2, lang)}\u00a0m²`;
  const area_ha = area_m2 / M2_PER_HA;
  return `${format_number(area_ha, lang, Number.isInteger(area_ha) ? 0 : 2)}\u00a0ha`;
}

/** A share of 0 to 1 as a percentage; what is lost but too little to show is not shown as 0. */
export function format_share(share: number, lang: Lang): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return `< ${format_number(0.1, lang, 1)} %`;
  return `${format_number(percent, lang, Math.abs(percent) >= 99.95 ? 0 : 1)} %`;
}

/** A probability of 0 to 1 as a percentage that never claims to be certain. */
export function format_probability(probability: number, lang: Lang): string {
  if (probability >= 0.9995) return `> ${format_number(99.9, lang, 1)} %`;
  return probability >= 0.99
    ? `${format_number(probability * 100, lang, 1)} %`
    : `${format_number(probability * 100, lang)} %`;
}

/** A date for people from RFC 3339, `2027`, `2027-03` or `2027-03-31`; what is no date is shown as it stands. */
export function format_date(text: string, lang: Lang): string {
  const parts = /^(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?/.exec(text);
  if (!parts) return text;
  const [, year, month, day] = parts;
  if (!month) return String(year);
  if (!day) return `${Number(month)}/${year}`;
  if (lang === 'vi') return `${Number(day)}/${Number(month)}/${year}`;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return new Intl.DateTimeFormat(LOCALE.en, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    date,
  );
}
