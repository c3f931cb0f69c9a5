// A file on its way into the register of codes, or into a table of who is behind zones, as the server reads it: which column is what,
// and what each row would change.
import { TABLES, type Table } from '../partners/partners.ts';

/** What a file is taken as. */
export type TakenAs = 'codes' | Table;
export const TAKEN_AS: readonly TakenAs[] = ['codes', ...TABLES];

export const CODE_COLUMNS = [
  'code',
  'market',
  'status',
  'area_name',
  'address',
  'unit',
  'crop',
  'variety',
  'declared_area_ha',
  'declared_area_m2',
  'zone_ids',
  'part',
  'status_since',
  'status_reason',
  'valid_from',
  'valid_to',
  'issued',
  'authority',
  'decision',
  'standard',
  'standard_no',
  'standard_until',
  'last_inspection',
  'next_inspection',
  'yield_t_ha',
  'harvests',
  'households',
  'legacy_codes',
  'holder',
  'phone',
  'identity_no',
  'farmers',
] as const;
export type CodeColumn = (typeof CODE_COLUMNS)[number];

/** Columns of each, the key first. */
const COLUMNS: Record<TakenAs, readonly string[]> = {
  codes: CODE_COLUMNS,
  partners: [
    'id',
    'name',
    'kind',
    'unit',
    'zone_ids',
    'address',
    'members',
    'founded',
    'representative',
    'phone',
    'identity_no',
  ],
  linkages: [
    'id',
    'name',
    'kind',
    'crop',
    'producers',
    'buyers',
    'contracted_t',
    'contracted_ha',
    'valid_from',
    'valid_to',
    'decision',
    'zone_ids',
    'yield_t_ha',
    'harvests',
  ],
  products: ['id', 'name', 'owner', 'stars', 'recognised', 'valid_to', 'kind', 'decision', 'zone_ids'],
  traces: ['code', 'name', 'product', 'owner', 'issued', 'valid_to', 'zone_ids'],
};

/** What tells its rows apart. */
export const key_of = (as: TakenAs): string => COLUMNS[as][0] ?? 'code';

export const ACTIONS = ['add', 'change', 'same', 'set_aside'] as const;
export type RowAction = (typeof ACTIONS)[number];

export interface ImportIssue {
  code: string;
  /** Vietnamese where the server says it so. */
  message: { vi: string | null; en: string };
}

/** A field that becomes another; of what only officers read neither value. */
export interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
}

export interface ImportRow {
  row: number;
  code: string | null;
  action: RowAction;
  changes: FieldChange[];
  issues: ImportIssue[];
}

export interface ImportReview {
  columns: string[];
  /** Ours to theirs. */
  mapping: Record<string, string>;
  /** Of the file as a whole. */
  issues?: ImportIssue[];
  /** Of the workspace that was looked at: what keeping rests on. */
  revision: number;
  /** A thousand: those that are set aside or have faults before the others. */
  rows: ImportRow[];
  /** Of the file and all its rows. */
  n_issues: number;
  n_rows: number;
  n_add: number;
  n_change: number;
  n_same: number;
  n_set_aside: number;
}

/** Ours as the server knows them, in our order, then those that only it knows. */
export const columns_of = (review: ImportReview, as: TakenAs): string[] => [
  ...COLUMNS[as],
  ...Object.keys(review.mapping).filter((ours) => !COLUMNS[as].includes(ours)),
];

/** The mapping with one of ours from another column. An empty name stays there and leaves it out: what is not named the server finds by itself. */
export const remapped = (mapping: Record<string, string>, ours: string, theirs: string): Record<string, string> => ({
  ...mapping,
  [ours]: theirs,
});

/** How a file is read, where it is not to be found out: reference system, what sets its coordinates right, encoding; empty: as the file says. */
export interface Reading {
  crs: string;
  correct: string;
  encoding: string;
}

export const AS_IT_SAYS: Reading = { crs: '', correct: '', encoding: '' };
/** What is set right without more being named. */
export const CORRECTIONS = [
  'swap_axes',
  'utm_for_tm3',
  'tm3_for_utm',
  'no_datum_shift',
  'flipped_datum_shift',
] as const;
