// A file of codes on its way into the register, as the server reads it: which column is what, and what each row would change.

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
export const columns_of = (review: ImportReview): string[] => [
  ...CODE_COLUMNS,
  ...Object.keys(review.mapping).filter((ours) => !(CODE_COLUMNS as readonly string[]).includes(ours)),
];

/** The mapping with one of ours from another column. An empty name stays there and leaves it out: what is not named the server finds by itself. */
export const remapped = (mapping: Record<string, string>, ours: string, theirs: string): Record<string, string> => ({
  ...mapping,
  [ours]: theirs,
});
