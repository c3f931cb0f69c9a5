// Where a printed map is, what of the data can be taken along, and which sites may hold the page in a frame.
import { event_query } from '../core/event_filter.ts';
import type { Bounds, Filter, Lang, LonLat } from '../core/model.ts';
import { address, get_json, here } from './client.ts';
import { bbox_of, filter_query } from './farmzone.ts';

export const PAPERS = ['a4', 'a3'] as const;
export type Paper = (typeof PAPERS)[number];
export const ORIENTATIONS = ['landscape', 'portrait'] as const;
export type Orientation = (typeof ORIENTATIONS)[number];

/** What a sheet can show: all switches but the basemap, which is not ours to print. */
const PRINTED = ['zones', 'encroachments', 'landuse', 'units', 'context', 'labels'];

export interface PrintAsk {
  /** 1 : N around a place, or the largest round scale at which a box fits. */
  place: { center: LonLat; scale: number } | { bounds: Bounds };
  paper: Paper;
  orientation: Orientation;
  layers: readonly string[];
  filter: Filter;
  zone: string | null;
  title: string;
  lang: Lang;
  /** The part of the page's address behind `#`. */
  view: string;
}

const where = (place: PrintAsk['place']) =>
  'bounds' in place
    ? { bbox: bbox_of(place.bounds) }
    : { center: place.center.map((degrees) => degrees.toFixed(6)).join(','), scale: place.scale };

export function print_url({ place, paper, orientation, layers, filter, zone, title, lang, view }: PrintAsk): string {
  return address('/api/v1/print.pdf', {
    ...where(place),
    paper,
    orientation,
    layers: layers.filter((layer) => PRINTED.includes(layer)).join(','),
    ...filter_query(filter),
    ...event_query(filter),
    zone,
    title: title.trim(),
    lang,
    view,
  });
}

export interface StillAsk {
  /** All of the map where it is null. */
  place: { center: LonLat; scale: number } | { bounds: Bounds } | null;
  size_px: readonly [number, number];
  layers: readonly string[];
  filter: Filter;
  zone: string | null;
  lang: Lang;
  revision: number;
}

/** The map as a picture that the server draws, for a screen that cannot. */
export function still_url({ place, size_px, layers, filter, zone, lang, revision }: StillAsk): string {
  return address('/api/v1/print.svg', {
    ...(place === null ? {} : where(place)),
    width: size_px[0],
    height: size_px[1],
    layers: layers.filter((layer) => PRINTED.includes(layer)).join(','),
    ...filter_query(filter),
    ...event_query(filter),
    zone,
    lang,
    rev: revision,
  });
}

/** The page of downloads and of what their fields mean, of a revision or of what is there now; it needs no script. */
export const data_page_url = (lang: Lang, rev: number | null): string =>
  here(`/data?lang=${lang}${rev === null ? '' : `&rev=${rev}`}`);

/** Under what terms the data may be used; null where the server states none. */
export async function licence_of_data(): Promise<string | null> {
  return (await get_json<{ licence: string | null }>(address('/api/v1/data'))).licence;
}

/** The sites whose pages may hold the map in a frame, as the server's own policy names them; none where none may. */
export async function framing_sites(signal?: AbortSignal): Promise<string[]> {
  const answer = await fetch(here('/?embed=1'), { method: 'HEAD', signal: signal ?? null });
  const policy = answer.headers.get('content-security-policy') ?? '';
  const named = /frame-ancestors ([^;]*)/.exec(policy)?.[1]?.trim().split(/\s+/) ?? [];
  return named.filter((site) => site !== "'none'");
}
