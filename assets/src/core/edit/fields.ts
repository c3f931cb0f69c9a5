// The properties of a zone as a form has them: texts to type, and what is wrong with each.
import type { ZoneProperties } from './shape.ts';
import { number_of } from './vertex_table.ts';

export const FIELDS = [
  'kind',
  'name',
  'code',
  'crop',
  'variety',
  'cooperative',
  'linkage',
  'products',
  'standard',
  'standard_no',
  'standard_until',
  'declared_area_m2',
  'established',
] as const satisfies readonly (keyof ZoneProperties)[];
export type Field = (typeof FIELDS)[number];
export type Filled = Record<Field, string>;
export type FieldFault = 'missing' | 'too_long' | 'not_a_date' | 'not_an_area' | 'has_control';

const MOST_LETTERS = 200;

export function filled(properties: ZoneProperties, lang: 'vi' | 'en'): Filled {
  const text = (field: Field): string => {
    const value = properties[field];
    if (typeof value !== 'number') return value ?? '';
    return lang === 'vi' ? String(value).replace('.', ',') : String(value);
  };
  return Object.fromEntries(FIELDS.map((field) => [field, text(field)])) as Filled;
}

export function field_faults(form: Filled, lang: 'vi' | 'en'): Partial<Record<Field, FieldFault>> {
  const faults: Partial<Record<Field, FieldFault>> = {};
  for (const field of FIELDS) {
    const fault = fault_of(field, form[field].trim(), lang);
    if (fault) faults[field] = fault;
  }
  return faults;
}

function fault_of(field: Field, text: string, lang: 'vi' | 'en'): FieldFault | null {
  if (text === '') return field === 'kind' ? 'missing' : null;
  if (text.length > MOST_LETTERS) return 'too_long';
  // Letters that are no letters, and those that turn the direction of what follows.
  if (/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text)) return 'has_control';
  if (field === 'standard_until' || field === 'established') return is_date(text) ? null : 'not_a_date';
  if (field === 'declared_area_m2') return (number_of(text, lang) ?? -1) > 0 ? null : 'not_an_area';
  return null;
}

/** `2027`, `2027-03`, `2027-03-31`; a day must exist. */
function is_date(text: string): boolean {
  if (!/^\d{4}(-\d{2}(-\d{2})?)?$/.test(text)) return false;
  const [year = 0, month = 1, day = 1] = text.split('-').map(Number);
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** The members that differ from what the zone has; null when nothing does. */
export function changed_properties(
  before: ZoneProperties,
  form: Filled,
  lang: 'vi' | 'en',
): Partial<ZoneProperties> | null {
  const changes: Record<string, string | number | null> = {};
  for (const field of FIELDS) {
    const text = form[field].trim().normalize('NFC');
    const value = text === '' ? null : field === 'declared_area_m2' ? number_of(text, lang) : text;
    if (value !== before[field]) changes[field] = value;
  }
  return Object.keys(changes).length > 0 ? (changes as Partial<ZoneProperties>) : null;
}
