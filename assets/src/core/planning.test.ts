import { expect, test } from 'vitest';
import { doubtful_m2, doubts, type PlanningRow } from './planning.ts';

const row = (key: string, lost_m2: number | null): PlanningRow => ({
  key,
  name: key,
  n_zones: 1,
  area_m2: 10_000,
  lost_m2,
  remaining_m2: 10_000,
  not_seen_m2: 0,
  n_patches: 1,
  mean_patch_m2: 10_000,
  largest_patch_m2: 10_000,
  largest_patch_share: 1,
  effective_mesh_m2: 10_000,
  edge_m_per_ha: 400,
  core_m2: 0,
  proximity: 0,
  n_slivers: 1,
  sliver_area_m2: 2,
});

test('what was left out is told with its land; what was only counted once is no doubt about the loss', () => {
  const left_out = {
    n_slivers: 3,
    sliver_area_m2: 12,
    n_tracks: 2,
    track_area_m2: 600,
    n_uncertain: 1,
    uncertain_area_m2: 50,
    other_source_area_m2: 131,
    overlap_area_m2: 5_000,
    thresholds: { sliver_area_m2: 20, sliver_width_m: 1.5, sliver_narrow_area_m2: 1_000 },
  };
  const told = doubts(left_out, [row('a', 1), row('b', 2)]);
  expect(told.map(({ key, n, area_m2 }) => [key, n, area_m2])).toEqual([
    ['slivers', 3, 12],
    ['tracks', 2, 600],
    ['uncertain', 1, 50],
    ['other_source', null, 131],
    ['overlap', null, 5_000],
    ['small_patches', 2, 4],
  ]);
  expect(doubtful_m2(told)).toBe(12 + 600 + 50 + 131);
});

test('without land use nothing is said of what losses leave out', () => {
  const unknown = {
    n_slivers: null,
    sliver_area_m2: null,
    n_tracks: null,
    track_area_m2: null,
    n_uncertain: null,
    uncertain_area_m2: null,
    other_source_area_m2: null,
    overlap_area_m2: null,
    thresholds: { sliver_area_m2: 20, sliver_width_m: 1.5, sliver_narrow_area_m2: 1_000 },
  };
  expect(doubts(unknown, [row('a', null)])).toEqual([{ key: 'small_patches', n: 1, area_m2: 2 }]);
});
