// Figures for planning as a table: what its columns are, sorted by one, and as a file.
import { csv } from './csv.ts';
import type { Lang, LeftOut, Text } from './model.ts';
import { format_hectares, format_number, format_share } from './numbers.ts';

/** One row of `/api/v1/figures`. */
export interface PlanningRow {
  key: string;
  /** Null for zones of no unit. */
  name: Text | string | null;
  n_zones: number;
  area_m2: number;
  /** Null where the epoch shows nothing. */
  lost_m2: number | null;
  remaining_m2: number | null;
  /** Land of which the epoch shows nothing; null without land use. */
  not_seen_m2: number | null;
  target_share: number | null;
  n_patches: number;
  mean_patch_m2: number;
  largest_patch_m2: number;
  effective_mesh_m2: number;
  edge_m_per_ha: number;
  core_m2: number;
  proximity: number;
  /** Pieces of what is left that are too small to be patches. */
  n_slivers: number;
  sliver_area_m2: number;
}

export interface Planning {
  epoch: string | null;
  core_m: number;
  search_m: number;
  n_matched: number;
  rows: PlanningRow[];
}

const hectares = (m2: number | null, lang: Lang) => (m2 === null ? '–' : format_hectares(m2, lang));

/** How each column is written, in the order of the table. */
export const COLUMNS = {
  n_zones: (row, lang) => format_number(row.n_zones, lang),
  area_m2: (row, lang) => hectares(row.area_m2, lang),
  lost_m2: (row, lang) => hectares(row.lost_m2, lang),
  remaining_m2: (row, lang) => hectares(row.remaining_m2, lang),
  not_seen_m2: (row, lang) => hectares(row.not_seen_m2, lang),
  target_share: (row, lang) => (row.target_share === null ? '–' : format_share(row.target_share, lang)),
  n_patches: (row, lang) => format_number(row.n_patches, lang),
  mean_patch_m2: (row, lang) => hectares(row.mean_patch_m2, lang),
  largest_patch_m2: (row, lang) => hectares(row.largest_patch_m2, lang),
  effective_mesh_m2: (row, lang) => hectares(row.effective_mesh_m2, lang),
  edge_m_per_ha: (row, lang) => format_number(row.edge_m_per_ha, lang, 1),
  core_m2: (row, lang) => hectares(row.core_m2, lang),
  proximity: (row, lang) => format_number(row.proximity, lang, row.proximity < 100 ? 1 : 0),
} satisfies Partial<Record<keyof PlanningRow, (row: PlanningRow, lang: Lang) => string>>;

export type Column = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS) as Column[];

/** Land that was not seen has a column where there is any. */
export function columns_of(rows: readonly PlanningRow[]): Column[] {
  return COLUMN_NAMES.filter((column) => column !== 'not_seen_m2' || rows.some((row) => (row.not_seen_m2 ?? 0) > 0));
}

export interface Order {
  /** Null: as the server lists them. */
  by: Column | null;
  is_rising: boolean;
}

/** Another column is sorted by the largest first; the same again the other way, then not at all. */
export function next_order(order: Order, by: Column): Order {
  if (order.by !== by) return { by, is_rising: false };
  return order.is_rising ? { by: null, is_rising: false } : { by, is_rising: true };
}

/** What is not known comes last either way. */
export function ordered(rows: readonly PlanningRow[], { by, is_rising }: Order): PlanningRow[] {
  if (by === null) return [...rows];
  const sign = is_rising ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

/** What the figures leave out, or count once, and why. */
export const DOUBTS = ['slivers', 'tracks', 'uncertain', 'other_source', 'overlap', 'small_patches'] as const;

export interface Doubt {
  key: (typeof DOUBTS)[number];
  /** Null where only the land is counted. */
  n: number | null;
  area_m2: number;
}

/** What is left out of the losses of all zones, then of the patches of these rows; nothing of losses where none are known. */
export function doubts(of: LeftOut, rows: readonly PlanningRow[]): Doubt[] {
  const sum = (what: (row: PlanningRow) => number) => rows.reduce((total, row) => total + what(row), 0);
  const known: { key: Doubt['key']; n: number | null; area_m2: number | null }[] = [
    { key: 'slivers', n: of.n_slivers, area_m2: of.sliver_area_m2 },
    { key: 'tracks', n: of.n_tracks, area_m2: of.track_area_m2 },
    { key: 'uncertain', n: of.n_uncertain, area_m2: of.uncertain_area_m2 },
    { key: 'other_source', n: null, area_m2: of.other_source_area_m2 },
    { key: 'overlap', n: null, area_m2: of.overlap_area_m2 },
    { key: 'small_patches', n: sum((row) => row.n_slivers), area_m2: sum((row) => row.sliver_area_m2) },
  ];
  return known.flatMap(({ area_m2, ...doubt }) => (area_m2 === null ? [] : [{ ...doubt, area_m2 }]));
}

/** By how much the losses would be more, at most, had all that was left out been lost. */
export function doubtful_m2(of: readonly Doubt[]): number {
  const counted = of.filter(({ key }) => key !== 'overlap' && key !== 'small_patches');
  return counted.reduce((total, { area_m2 }) => total + area_m2, 0);
}

export function row_name(row: PlanningRow, lang: Lang): string | null {
  return typeof row.name === 'string' || row.name === null ? row.name : row.name[lang];
}

/** Areas in m², as the server tells them. */
export function planning_csv(rows: readonly PlanningRow[], lang: Lang): string {
  const lines = rows.map((row) => [row.key, row_name(row, lang), ...COLUMN_NAMES.map((column) => row[column])]);
  return csv([['key', 'name', ...COLUMN_NAMES], ...lines], lang);
}
