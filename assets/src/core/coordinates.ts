// Where the pointer is: the workspace's own coordinates and WGS 84, as Vietnamese tables write them (X north, Y east).
import Projection from 'proj4/lib/Proj';
import proj4 from 'proj4/lib/core';
import etmerc from 'proj4/lib/projections/etmerc';
import lcc from 'proj4/lib/projections/lcc';
import sterea from 'proj4/lib/projections/sterea';
import tmerc from 'proj4/lib/projections/tmerc';
import utm from 'proj4/lib/projections/utm';
import { format_number } from './numbers.ts';
import type { Crs, Lang, LonLat } from './model.ts';

// Those that national grids use; all of proj4's would double its weight.
const NEEDED = [tmerc, etmerc, utm, lcc, sterea] as unknown as Parameters<typeof Projection.projections.add>[0][];
NEEDED.forEach((projection, i) => Projection.projections.add(projection, i));

export interface GridPoint {
  north_m: number;
  east_m: number;
}

export type Projector = (lon: number, lat: number) => GridPoint;

/** How lon/lat in degrees becomes metres of the workspace; null for a CRS that the page cannot compute. */
export function projector(crs: Crs): Projector | null {
  const converter = converter_of(crs);
  return (
    converter &&
    ((lon, lat) => {
      const [east_m = NaN, north_m = NaN] = converter.forward([lon, lat]);
      return { east_m, north_m };
    })
  );
}

/** Metres, east first, back to degrees: for what is drawn, never for what is kept. */
export function unprojector(crs: Crs): ((xy: readonly [number, number]) => LonLat) | null {
  const converter = converter_of(crs);
  return (
    converter &&
    ((xy) => {
      const [lon = NaN, lat = NaN] = converter.inverse([...xy]);
      return [lon, lat];
    })
  );
}

function converter_of(crs: Crs) {
  if (!crs.proj4 || /\+proj=longlat/.test(crs.proj4)) return null;
  try {
    const converter = proj4(crs.proj4);
    return converter.forward([0, 0]).length < 2 ? null : converter;
  } catch {
    return null;
  }
}

/** The CRS in a word: the datum where the name has one in front, else its code. */
export function short_crs_name(crs: Crs): string {
  return crs.name.startsWith('VN-2000') ? 'VN-2000' : crs.code;
}

/** `X 2.326.401 · Y 588.351`, whole metres. */
export function format_grid_point({ north_m, east_m }: GridPoint, lang: Lang): string {
  if (!Number.isFinite(north_m) || !Number.isFinite(east_m)) return '–';
  return `X ${format_number(north_m, lang)} · Y ${format_number(east_m, lang)}`;
}

/** `21,02901° B · 105,85188° Đ`; five decimals are a metre. */
export function format_lon_lat(lon: number, lat: number, lang: Lang): string {
  const [north, south, east, west] = lang === 'vi' ? ['B', 'N', 'Đ', 'T'] : ['N', 'S', 'E', 'W'];
  const part = (value: number, plus: string, minus: string) =>
    `${format_number(Math.abs(value), lang, 5)}° ${value < 0 ? minus : plus}`;
  return `${part(lat, north, south)} · ${part(lon, east, west)}`;
}
