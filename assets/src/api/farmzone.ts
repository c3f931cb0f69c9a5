// What the page asks the server for: the URLs of the API, the styles and the event stream are written here, in session.ts and nowhere else.
import { event_query } from '../core/event_filter.ts';
import type {
  LonLat,
  Bounds,
  By,
  Event,
  EventCard,
  Filter,
  Kind,
  LanduseClass,
  LayerSource,
  Lang,
  SearchResult,
  Summary,
  Theme,
  Transitions,
  Unit,
  Zone,
  ZoneHistory,
  ZoneRow,
  Rows,
} from '../core/model.ts';
import type { TileNews } from '../core/tile_news.ts';
import { address, ApiError, get_json, here, type Query } from './client.ts';

export const API_DOCS_URL = here('/docs');

/** A zone's properties with where it lies. */
interface ZoneFeature {
  id?: string;
  bbox?: Bounds;
  properties: Omit<Zone, 'bounds'>;
}

export function filter_query(filter: Filter): Query {
  return { kind: filter.kinds.join(','), unit: filter.unit, epoch: filter.epoch };
}

export const bbox_of = (bounds: Bounds): string => bounds.map((degrees) => degrees.toFixed(6)).join(',');

export function get_summary(filter: Filter, signal?: AbortSignal): Promise<Summary> {
  return get_json(address('/api/v1/summary', { ...filter_query(filter), ...event_query(filter) }), signal);
}

/** Every kind that a zone can be, also those of which there is none. */
export async function get_kinds(signal?: AbortSignal): Promise<Kind[]> {
  return (await get_json<{ kinds: Kind[] }>('/api/v1/kinds', signal)).kinds;
}

export async function get_units(signal?: AbortSignal): Promise<Unit[]> {
  return (await get_json<{ units: Unit[] }>('/api/v1/units', signal)).units;
}

export async function get_zone(id: string, epoch: string | null, signal?: AbortSignal): Promise<Zone> {
  const url = address(`/api/v1/zones/${encodeURIComponent(id)}`, { epoch });
  const feature = await get_json<ZoneFeature>(url, signal);
  const [lon, lat] = feature.properties.center;
  return { ...feature.properties, bounds: feature.bbox ?? [lon, lat, lon, lat] };
}

/** Zones in `bounds`, at most `limit`. */
export async function get_zone_rows(
  filter: Filter,
  bounds: Bounds,
  limit: number,
  signal?: AbortSignal,
): Promise<Rows<ZoneRow>> {
  const url = address('/api/v1/zones', { ...filter_query(filter), bbox: bbox_of(bounds), limit });
  const answer = await get_json<{ n_matched: number; features: { properties: ZoneRow }[] }>(url, signal);
  return { n_matched: answer.n_matched, rows: answer.features.map((feature) => feature.properties) };
}

/** The zone that holds a point; null when there is none. */
export async function get_zone_at([lon, lat]: LonLat, signal?: AbortSignal): Promise<ZoneRow | null> {
  const url = address('/api/v1/zones', { at: `${lon.toFixed(7)},${lat.toFixed(7)}`, limit: 1 });
  const { features } = await get_json<{ features: { properties: ZoneRow }[] }>(url, signal);
  return features[0]?.properties ?? null;
}

/** Pieces of lost land in `bounds`, the largest `limit`. */
export async function get_event_rows(
  filter: Filter,
  bounds: Bounds,
  limit: number,
  signal?: AbortSignal,
): Promise<Rows<Event>> {
  const url = address('/api/v1/encroachments', {
    ...filter_query(filter),
    ...event_query(filter),
    bbox: bbox_of(bounds),
    limit,
  });
  const answer = await get_json<{ n_matched: number; features: { properties: Event }[] }>(url, signal);
  return { n_matched: answer.n_matched, rows: answer.features.map((feature) => feature.properties) };
}

/** As the epoch shows it; as the latest that knows it does, where the epoch does not or none is given. */
export async function get_event(id: string, epoch: string | null, signal?: AbortSignal): Promise<EventCard> {
  const url = address(`/api/v1/encroachments/${encodeURIComponent(id)}`, { epoch });
  try {
    const { properties, geometry } = await get_json<Pick<EventCard, 'geometry'> & { properties: EventCard }>(
      url,
      signal,
    );
    return { ...properties, geometry };
  } catch (error) {
    if (epoch !== null && error instanceof ApiError && error.problem === 'not_found')
      return await get_event(id, null, signal);
    throw error;
  }
}

export function get_zone_history(id: string, signal?: AbortSignal): Promise<ZoneHistory> {
  return get_json(`/api/v1/zones/${encodeURIComponent(id)}/history`, signal);
}

export function get_transitions(
  filter: Pick<Filter, 'kinds' | 'unit'>,
  from: string,
  to: string,
  by: By,
  signal?: AbortSignal,
): Promise<Transitions> {
  const query = { from, to, by, kind: filter.kinds.join(','), unit: filter.unit };
  return get_json(address('/api/v1/transitions', query), signal);
}

export function search(q: string, signal?: AbortSignal): Promise<{ results: SearchResult[]; is_guess: boolean }> {
  return get_json(address('/api/v1/search', { q, limit: 8 }), signal);
}

export async function get_landuse_classes(epoch: string | null, signal?: AbortSignal): Promise<LanduseClass[]> {
  return (await get_json<{ classes: LanduseClass[] }>(address('/api/v1/landuse/classes', { epoch }), signal)).classes;
}

export async function get_sources(signal?: AbortSignal): Promise<LayerSource[]> {
  return (await get_json<{ layers: LayerSource[] }>('/api/v1/layers', signal)).layers;
}

export function style_url(theme: Theme, lang: Lang, epoch: string | null): string {
  return address(`/styles/${theme}.json`, { lang, epoch });
}

const REOPEN_MS = 10_000;

/** Calls `changed` with the workspace's revision, and what it changed on the map, whenever it changes, and `planned` whenever a
    plan does; returns what ends it. */
export function watch_revision(changed: (news: TileNews) => void, planned: () => void): () => void {
  let stream: EventSource;
  let reopening: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    stream = new EventSource(here('/events'));
    stream.addEventListener('revision', (event) => {
      changed(JSON.parse((event as MessageEvent<string>).data) as TileNews);
    });
    stream.addEventListener('plans', planned);
    // The browser reconnects a broken stream by itself, but gives up when a gateway answers with an error.
    stream.addEventListener('error', () => {
      if (stream.readyState === EventSource.CLOSED) reopening = setTimeout(open, REOPEN_MS);
    });
  };
  open();
  return () => {
    clearTimeout(reopening);
    stream.close();
  };
}
