// Zones of the past as the map draws them, and the words and figures that parts of history share.
import { unprojector } from '../../core/coordinates.ts';
import type { ZoneShape } from '../../core/edit/shape.ts';
import type { Bounds, Crs, Lang, LonLat, LonLatShape } from '../../core/model.ts';
import { format_date, format_hectares } from '../../core/numbers.ts';
import type { DifferingZone, Land } from '../../map/difference_layer.ts';

/** How metres of the workspace become land on the map; null where the page cannot compute them. */
export function lander(crs: Crs | undefined): ((zone: ZoneShape | null) => Land | null) | null {
  const unproject = crs ? unprojector(crs) : null;
  if (!unproject) return null;
  return (zone) =>
    zone && {
      kind: zone.properties.kind,
      polygons: zone.polygons.map((polygon) => polygon.map((ring) => ring.map(unproject))),
    };
}

/** Zones that differ, each as it was and as it became. */
export function differing(
  ids: readonly string[],
  before: readonly ZoneShape[],
  after: readonly ZoneShape[],
  land: (zone: ZoneShape | null) => Land | null,
  differs: ReadonlyMap<string, LonLatShape> = new Map(),
): DifferingZone[] {
  const by_id = (zones: readonly ZoneShape[]) => new Map(zones.map((zone) => [zone.id, zone]));
  const [was, is] = [by_id(before), by_id(after)];
  return ids.map((id) => ({
    id,
    before: land(was.get(id) ?? null),
    after: land(is.get(id) ?? null),
    differs: differs.get(id) ?? null,
  }));
}

/** Null for nothing. */
export function bounds_of(zones: readonly DifferingZone[]): Bounds | null {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const points: Iterable<LonLat> = zones.flatMap(({ before, after }) =>
    [before, after].flatMap((land) => (land ? land.polygons.flat(2) : [])),
  );
  for (const [lon, lat] of points) {
    [west, south] = [Math.min(west, lon), Math.min(south, lat)];
    [east, north] = [Math.max(east, lon), Math.max(north, lat)];
  }
  return west <= east ? [west, south, east, north] : null;
}

const times = new Map<Lang, Intl.DateTimeFormat>();

/** `22/11/2026, 14:05` in the reader's own time. */
export function format_time(at: string, lang: Lang): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  let clock = times.get(lang);
  if (!clock) times.set(lang, (clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })));
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${format_date(day, lang)}, ${clock.format(time)}`;
}

/** `12,30 → 11,94`; a dash for where there is none. */
export function format_before_after(before_m2: number | null, after_m2: number | null, lang: Lang): string {
  const hectares = (area_m2: number | null) => (area_m2 === null ? '–' : format_hectares(area_m2, lang));
  return `${hectares(before_m2)} → ${hectares(after_m2)}`;
}

/** Today in the calendar of the server's days. */
export const today = (): string => new Date().toISOString().slice(0, 10);
