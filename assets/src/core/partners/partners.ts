// Who is behind zones, as the server tells it (docs/api.md): what the cards show of it.
import type { Bounds, Text } from '../model.ts';
import type { Geometry } from '../officer/codes.ts';

export const TABLES = ['partners', 'linkages', 'products', 'traces'] as const;
export type Table = (typeof TABLES)[number];

/** A row of one of the tables. */
export interface PartnerRef {
  table: Table;
  id: string;
}

export type LinkedBy = 'named' | 'borne' | 'linkage' | 'partner' | 'product';

/** A row in a list of others. */
export interface ShortRow {
  id: string;
  name: string | null;
  /** Of a partner. */
  kind?: string | null;
  /** Of a linkage. */
  crop?: string | null;
  valid_to?: string | null;
  /** Of a product. */
  stars?: number | null;
  by?: LinkedBy;
  as?: readonly ('producer' | 'buyer')[];
  n_zones?: number;
  area_m2?: number;
}

export interface ShortRows {
  n: number;
  rows: readonly ShortRow[];
}

export type Behind = Record<Table, ShortRows>;

export interface LinkedZone {
  id: string;
  name: string | null;
  kind: string;
  unit_name: string | null;
  area_m2: number;
  lost_m2: number | null;
  by: LinkedBy;
}

/** Zones that are reckoned with one yield. */
export interface SupplyPart {
  kind: string;
  variety: string | null;
  of: Text | null;
  yield_t_ha: number | null;
  harvests: number | null;
  /** Null where the linkage itself states the yield. */
  source: Text | null;
  valid_from: string | null;
  n_zones: number;
  area_m2: number;
  lost_m2: number;
  supply_t: number | null;
  lost_t: number | null;
}

export interface Supply {
  epoch: string | null;
  area_m2: number;
  kept_m2: number;
  lost_m2: number | null;
  n_zones_not_seen: number;
  n_zones_without_yield: number;
  /** Tonnes a year; null where no yield is known, or where what is weighed differs. */
  supply_t: number | null;
  lost_t: number | null;
  of: Text | null;
  by: readonly SupplyPart[];
  by_since: readonly { since: string | null; lost_m2: number; lost_t: number | null; is_since_start: boolean | null }[];
  contracted_t: number | null;
  contracted_t_share: number | null;
  contracted_ha: number | null;
  contracted_ha_share: number | null;
}

export interface Contact {
  representative: string | null;
  phone: string | null;
  identity_no: string | null;
}

/** A row with all that belongs to it; the columns of the other tables are not there. */
export interface PartnerCard {
  id?: string;
  code?: string;
  name: string | null;
  kind?: string | null;
  unit?: string | null;
  address?: string | null;
  members?: number | null;
  founded?: string | null;
  crop?: string | null;
  contracted_t?: number | null;
  contracted_ha?: number | null;
  valid_from?: string | null;
  valid_to?: string | null;
  decision?: string | null;
  stars?: number | null;
  recognised?: string | null;
  issued?: string | null;
  simulated: boolean;
  n_zones: number;
  zones: readonly LinkedZone[];
  bounds: Bounds | null;
  /** Null where there are no zones, or where they are too many to be drawn. */
  geometry: Geometry | null;
  linked: Behind;
  unlinked: readonly { column: string; text: string; n_found: number }[];
  shared_with: readonly ShortRow[];
  supply: Supply | null;
  /** Only for who may read it. */
  private?: Contact;
}

/** `linkages/LK-01` as the link writes it; null for what is no row. */
export function ref_of(text: string | null): PartnerRef | null {
  const at = text?.indexOf('/') ?? -1;
  const table = TABLES.find((name) => name === text?.slice(0, at));
  const id = text?.slice(at + 1) ?? '';
  return table && id !== '' ? { table, id } : null;
}

export const link_of = ({ table, id }: PartnerRef): string => `${table}/${id}`;

/** Full stars and empty ones, five together. */
export const stars_of = (stars: number): string => '★'.repeat(stars) + '☆'.repeat(Math.max(0, 5 - stars));

/** Tonnes as people read them: whole ones from ten on. */
export const decimals_of = (tonnes: number): number => (Math.abs(tonnes) >= 9.95 || tonnes === 0 ? 0 : 1);
