// The past of the zones: edits, versions of one zone, the zones of another moment, what differs between two (docs/api.md).
import type { Change, DifferenceRow } from '../core/history/difference.ts';
import type { Moment } from '../core/history/moment.ts';
import type { ZoneVersions } from '../core/history/versions.ts';
import type { LonLat } from '../core/model.ts';
import type { ZoneShape } from '../core/edit/shape.ts';
import { address, ApiError, get_json } from './client.ts';
import type { Shapes } from './edits.ts';

/** The server takes that many ids at once. */
const MOST_IDS = 200;
/** And gives so many differing zones. */
export const MOST_DIFFERING = 1_000;

export interface EditedZone {
  id: string;
  name: string | null;
  change: Change;
  area_before_m2: number | null;
  area_after_m2: number | null;
  parents: string[];
}

export interface EditRow {
  id: string;
  revision: number;
  at: string;
  who: string;
  reason: string;
  decision: string | null;
  valid_from: string | null;
  /** The edit that it takes back. */
  undoes: string | null;
  n_zones: number;
  zones: EditedZone[];
}

export interface EditFilter {
  zone: string;
  who: string;
  since: string;
  until: string;
}

export interface Difference {
  n_matched: number;
  zones: { row: DifferenceRow; land: LonLat[][][] }[];
}

export function get_edits(
  filter: EditFilter,
  limit: number,
  offset: number,
  signal?: AbortSignal,
): Promise<{ n_matched: number; edits: EditRow[] }> {
  return get_json(address('/api/v1/edits', { ...filter, limit, offset }), signal);
}

export function get_versions(id: string, signal?: AbortSignal): Promise<ZoneVersions> {
  return get_json(`/api/v1/zones/${encodeURIComponent(id)}/versions`, signal);
}

/** `time` is of days; a revision has none. */
const time_of = (...moments: Moment[]): string | null => (moments.some(({ by }) => by === 'valid') ? 'valid' : null);
const text_of = (moment: Moment): string => (moment.by === 'revision' ? String(moment.revision) : moment.day);

/** The zones with these ids as they were; all of them, however many requests it takes. */
export async function get_shapes_as_of(
  ids: readonly string[],
  moment: Moment,
  signal?: AbortSignal,
): Promise<Shapes['zones']> {
  const zones: Shapes['zones'] = [];
  for (let i = 0; i < ids.length; i += MOST_IDS) {
    const query = { id: ids.slice(i, i + MOST_IDS).join(','), as_of: text_of(moment), time: time_of(moment) };
    zones.push(...(await get_json<Shapes>(address('/api/v1/zones/shapes', query), signal)).zones);
  }
  return zones;
}

/** At most `limit` zones of those that differ. Days are both meant as recorded, or both in law. */
export async function get_difference(
  from: Moment,
  to: Moment,
  limit: number,
  signal?: AbortSignal,
): Promise<Difference> {
  interface Feature {
    properties: DifferenceRow;
    geometry: { coordinates: LonLat[][][] | LonLat[][]; type: string } | null;
  }
  const query = { from: text_of(from), to: text_of(to), time: time_of(from, to), limit };
  const answer = await get_json<{ n_matched: number; features: Feature[] }>(address('/api/v1/changes', query), signal);
  const land = ({ geometry }: Feature): LonLat[][][] => {
    if (geometry?.type === 'MultiPolygon') return geometry.coordinates as LonLat[][][];
    return geometry?.type === 'Polygon' ? [geometry.coordinates as LonLat[][]] : [];
  };
  return {
    n_matched: answer.n_matched,
    zones: answer.features.map((one) => ({ row: one.properties, land: land(one) })),
  };
}

/** Every zone of an edit before and after, and the land that differs where that can be told. */
export interface EditedShapes {
  zones: { id: string; before: ZoneShape | null; after: ZoneShape | null }[];
  land: { id: string; land: LonLat[][][] }[];
}

export async function get_edit(id: string, signal?: AbortSignal): Promise<EditedShapes> {
  const url = `/api/v1/edits/${encodeURIComponent(id)}`;
  const { revision, zones } = await get_json<EditRow & Pick<EditedShapes, 'zones'>>(url, signal);
  const [before, after] = [revision - 1, revision].map((n): Moment => ({ by: 'revision', revision: n })) as [
    Moment,
    Moment,
  ];
  // Of an edit before the zones came anew the whole zones are shown.
  const difference = await get_difference(before, after, MOST_DIFFERING, signal).catch((error: unknown) => {
    if (error instanceof ApiError && error.problem === 'not_found') return { zones: [] };
    throw error;
  });
  return { zones, land: difference.zones.map(({ row, land }) => ({ id: row.id, land })) };
}
