// Figures for planning: land that is left and how it lies, and what the figures leave out.
import type { LeftOut, Text } from './model.ts';

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
  n_patches: number;
  mean_patch_m2: number;
  largest_patch_m2: number;
  largest_patch_share: number;
  effective_mesh_m2: number;
  edge_m_per_ha: number;
  core_m2: number;
  proximity: number;
  /** Pieces of what is left that are too small to be patches. */
  n_slivers: number;
  sliver_area_m2: number;
}

export interface Planning {
  revision: number;
  epoch: string | null;
  core_m: number;
  search_m: number;
  n_matched: number;
  rows: PlanningRow[];
}

/** What tells how land lies together, in the order of docs/engine.md. */
export const METRICS = [
  'remaining_m2',
  'n_patches',
  'mean_patch_m2',
  'largest_patch_m2',
  'largest_patch_share',
  'effective_mesh_m2',
  'edge_m_per_ha',
  'core_m2',
  'proximity',
] as const satisfies readonly (keyof PlanningRow)[];
export type Metric = (typeof METRICS)[number];

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

export const row_name = ({ name }: PlanningRow, lang: keyof Text): string | null =>
  typeof name === 'string' || name === null ? name : name[lang];
