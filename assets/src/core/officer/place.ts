// A place as people write it: degrees of WGS 84, or metres of the workspace's grid, north (X) before east (Y) or the other way.
import { number_of, pasted } from '../edit/vertex_table.ts';
import { projector, unprojector } from '../coordinates.ts';
import type { LonLat, Summary } from '../model.ts';

export interface Grid {
  /** Metres, east first, to degrees. */
  unproject: (xy: readonly [number, number]) => LonLat;
  /** In metres, east first: the middle of the land, by which the two orders are told apart. */
  near: readonly [number, number];
}

export interface ReadPlace {
  at: LonLat;
  system: 'degrees' | 'grid';
}

const GRID_LEAST = 10_000;

/** The same in the workspace that is served. */
export function place_in(text: string, { crs, bounds }: Pick<Summary, 'crs' | 'bounds'>): LonLat | null {
  const [unproject, project] = [unprojector(crs), projector(crs)];
  const middle = bounds && project?.((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2);
  const grid = unproject && middle ? { unproject, near: [middle.east_m, middle.north_m] as const } : null;
  return read_place(text, grid)?.at ?? null;
}

/**
 * `21.0290, 105.8519` · `21,0290 105,8519` · `105.8519E 21.029N` · `21°01'44"N 105°51'06"E` · `X 2326401 Y 588351`.
 * Null for what is no pair, or lies off the earth.
 */
export function read_place(text: string, grid: Grid | null): ReadPlace | null {
  const numbers = degrees_minutes(text) ?? plain_numbers(text);
  if (numbers.length !== 2) return null;
  const [first, second] = numbers as [number, number];
  if (Math.abs(first) >= GRID_LEAST && Math.abs(second) >= GRID_LEAST) return on_grid(first, second, grid);
  return in_degrees(first, second, text);
}

function on_grid(first: number, second: number, grid: Grid | null): ReadPlace | null {
  if (!grid) return null;
  const [xy] = pasted(`${first}\t${second}`, [...grid.near]).rows;
  const at = xy && grid.unproject(xy);
  return at && is_on_earth(at) ? { at, system: 'grid' } : null;
}

function in_degrees(first: number, second: number, text: string): ReadPlace | null {
  // Latitude comes first in speech; what is too large for one is a longitude, and letters say it plainly.
  const east_first = Math.abs(first) > 90 || /^[^\d-]*[-\d.,°'"\s]+(?:E|Đ)/i.test(text);
  const at: LonLat = east_first ? [first, second] : [second, first];
  return is_on_earth(at) ? { at, system: 'degrees' } : null;
}

const is_on_earth = ([lon, lat]: LonLat): boolean => Math.abs(lon) <= 180 && Math.abs(lat) <= 90;

/** Two of `21°01'44,5"`. */
function degrees_minutes(text: string): number[] | null {
  const parts = [
    ...text.matchAll(/(\d{1,3})\s*°\s*(\d{1,2}(?:[.,]\d+)?)\s*['′’]\s*(?:(\d{1,2}(?:[.,]\d+)?)\s*["″”])?/g),
  ];
  if (parts.length !== 2) return null;
  const number = (of: string | undefined) => Number((of ?? '0').replace(',', '.'));
  return parts.map(([, degrees, minutes, seconds]) => number(degrees) + number(minutes) / 60 + number(seconds) / 3600);
}

/** A comma with a space behind it stands between two numbers, as a semicolon does; without one it is a decimal's. */
function plain_numbers(text: string): number[] {
  const bare = text
    .replace(/[°a-zA-ZĐđ:()=]/g, ' ')
    .trim()
    .replace(/,\s+/g, ';');
  const parts = (/[;\t]/.test(bare) ? bare.split(/[;\t]/) : bare.split(/\s+/)).filter((part) => part.trim() !== '');
  // `21.029,105.8519`: nothing else stands between.
  const texts = parts.length === 1 ? bare.split(',') : parts;
  const numbers = texts.map((text) => number_of(text));
  if (!numbers.every((n) => n !== null)) return [];
  // Beside millions of metres `588.351` are metres too, by the thousand.
  const on_grid = numbers.some((n) => Math.abs(n) >= GRID_LEAST);
  return numbers.map((n, i) => (on_grid && Math.abs(n) < GRID_LEAST ? (thousands(texts[i] ?? '') ?? n) : n));
}

function thousands(text: string): number | null {
  return /^\s*\d{1,3}[.,]\d{3}\s*$/.test(text) ? Number(text.replace(/[.,\s]/g, '')) : null;
}
