// What the server tells of communes and of supply (docs/api.md).
import type { Text, Unit } from '../model.ts';
import type { SupplyPart } from '../partners/partners.ts';

/** A commune with its zones and the events that are asked for. */
export interface UnitFigures extends Unit {
  kept_m2: number;
  /** Null where there are no zones, or where nothing is known of losses. */
  lost_share: number | null;
  n_events: number;
}

export interface UnitsAnswer {
  revision: number;
  epoch: string | null;
  units: UnitFigures[];
}

/** What the whole city needs a year of what a kind yields. */
export interface Demand {
  of: Text;
  t_per_year: number;
  is_uncertain: boolean;
  source: Text;
  valid_from: string;
}

export interface SupplyRow {
  kind: string;
  name: Text;
  n_zones: number;
  area_m2: number;
  kept_m2: number;
  lost_m2: number | null;
  n_zones_not_seen: number;
  n_zones_without_yield: number;
  /** What is weighed; null where no yield is known. */
  of: Text | null;
  supply_t: number | null;
  lost_t: number | null;
  by: SupplyPart[];
  /** Null for a part of the city, and where none is known. */
  demand: Demand | null;
  demand_share: number | null;
}

export interface SupplyAnswer {
  revision: number;
  epoch: string | null;
  rows: SupplyRow[];
}
