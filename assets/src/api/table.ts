// What the table of what is in view asks for: a sorted part of a list, or all of it as a file (docs/api.md).
import { event_query } from '../core/event_filter.ts';
import type { Bounds, Event, Filter, Lang, ZoneRow } from '../core/model.ts';
import type { Listed } from '../core/view_link.ts';
import { address, ApiError, get_json, here, type Query } from './client.ts';
import { bbox_of, filter_query } from './farmzone.ts';

export interface TableAsk {
  listed: Listed;
  filter: Filter;
  /** Null: everything, wherever it lies. */
  bounds: Bounds | null;
  find: string | null;
  sort: string;
}

export interface ZoneOfTable extends ZoneRow {
  lost_share: number | null;
  n_events: number;
  bounds: Bounds;
}

export interface PieceOfTable extends Event {
  zone_name: string | null;
  unit: { code: string; name: string } | null;
}

export interface TablePart {
  n_matched: number;
  /** Of all that match, not of this part alone. */
  area_m2: number;
  lost_m2: number | null;
  rows: (ZoneOfTable | PieceOfTable)[];
}

const PATHS: Record<Listed, string> = { zones: '/api/v1/zones', pieces: '/api/v1/encroachments' };

function query_of({ filter, bounds, find, sort }: TableAsk): Query {
  return { ...filter_query(filter), ...event_query(filter), bbox: bounds && bbox_of(bounds), q: find, sort };
}

export async function get_table(
  ask: TableAsk,
  limit: number,
  offset: number,
  signal?: AbortSignal,
): Promise<TablePart> {
  interface Feature {
    bbox: Bounds;
    properties: Omit<ZoneOfTable, 'bounds'> & PieceOfTable;
  }
  const url = address(PATHS[ask.listed], { ...query_of(ask), geometry: 'none', limit, offset });
  const { features, ...sums } = await get_json<Omit<TablePart, 'rows'> & { features: Feature[] }>(url, signal);
  return { ...sums, rows: features.map(({ bbox, properties }) => ({ ...properties, bounds: bbox })) };
}

/** Every row that matches, as the server writes it. Throws ApiError, with what the server said of it. */
export async function get_table_file(ask: TableAsk, file: 'csv' | 'xlsx', lang: Lang): Promise<Blob> {
  const url = address(`${PATHS[ask.listed]}.${file}`, { ...query_of(ask), lang });
  const response = await fetch(here(url)).catch((cause: unknown) => {
    throw new ApiError('unreachable', `${url}: ${String(cause)}`);
  });
  if (response.ok) return await response.blob();
  throw new ApiError(response.status < 500 ? 'refused' : 'server', `${url}: ${response.status}`, response);
}
