// What differs between two moments, zone by zone: rows of a table and their sums.
export type Change = 'made' | 'changed' | 'removed';

export interface DifferenceRow {
  id: string;
  name: string | null;
  change: Change;
  kind: string;
  kind_before: string | null;
  area_before_m2: number | null;
  area_after_m2: number | null;
  gained_m2: number;
  lost_m2: number;
  fields: string[];
}

export interface Sums {
  before_m2: number;
  after_m2: number;
  gained_m2: number;
  lost_m2: number;
}

export function sums_of(rows: readonly DifferenceRow[]): Sums {
  const sum = (of: (row: DifferenceRow) => number | null) => rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  return {
    before_m2: sum((row) => row.area_before_m2),
    after_m2: sum((row) => row.area_after_m2),
    gained_m2: sum((row) => row.gained_m2),
    lost_m2: sum((row) => row.lost_m2),
  };
}
