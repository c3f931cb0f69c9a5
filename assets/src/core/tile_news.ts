// What a new revision changed on the map, as the server tells it, and which tiles that touches.
import type { Bounds, LonLat } from './model.ts';

export interface TileNews {
  revision: number;
  /** The revision before; without it anything may have changed. */
  since?: number;
  /** The epoch whose map is told of. */
  epoch?: string | null;
  /** What addresses of tiles carry beside the revision. */
  pin?: string;
  /** From this zoom on `bounds` say which tiles changed, below it `tiles` do, which are told a little later. */
  near_zoom?: number;
  bounds?: Bounds[];
  tiles?: TileAddress[];
}

/** Zoom, column, row. */
export type TileAddress = readonly [number, number, number];

/** The revisions that the tiles of a map are of, from the near zoom on and below it, and the map's epoch. */
export interface Shown {
  near: number;
  far: number;
  epoch: string | null;
}

/** What a map is of once it has drawn the news anew; null when only a new style can bring it there. */
export function followed(shown: Shown, news: TileNews): Shown | null {
  const { revision, since } = news;
  if (shown.near === revision && shown.far === revision) return shown;
  if (since === undefined || (news.epoch ?? null) !== shown.epoch) return null;
  if (news.bounds && shown.near === since && shown.far === since) return { ...shown, near: revision };
  if (news.tiles && shown.near === revision && shown.far === since) return { ...shown, far: revision };
  return null;
}

/** Shapes reach this part of a tile's side beyond it. */
const REACH = 1 / 32;

export function touches(news: TileNews, [z, x, y]: TileAddress): boolean {
  if (z < (news.near_zoom ?? 0))
    return news.tiles?.some((tile) => tile.every((part, i) => part === [z, x, y][i])) ?? false;
  return news.bounds?.some((bounds) => meets(bounds, [z, x, y])) ?? false;
}

function meets([west, south, east, north]: Bounds, [z, x, y]: TileAddress): boolean {
  const [left, top] = column_row([west, north], z);
  const [right, bottom] = column_row([east, south], z);
  return left <= x + 1 + REACH && right >= x - REACH && top <= y + 1 + REACH && bottom >= y - REACH;
}

function column_row([lon, lat]: LonLat, z: number): [number, number] {
  const phi = (lat * Math.PI) / 180;
  const n_tiles = 2 ** z;
  return [((lon + 180) / 360) * n_tiles, ((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * n_tiles];
}

/** The tiles of a zoom in some bounds that the news touch. */
export function touched_tiles(news: TileNews, z: number, [west, south, east, north]: Bounds): TileAddress[] {
  const [left, top] = column_row([west, north], z);
  const [right, bottom] = column_row([east, south], z);
  const found: TileAddress[] = [];
  for (let x = Math.max(0, Math.floor(left)); x <= Math.min(2 ** z - 1, right); x += 1) {
    for (let y = Math.max(0, Math.floor(top)); y <= Math.min(2 ** z - 1, bottom); y += 1) {
      if (touches(news, [z, x, y])) found.push([z, x, y]);
    }
  }
  return found;
}

/** The address of a tile as the last of the news that touch it left it: others stay in the browser's cache. */
export function readdressed(address: string, news: readonly TileNews[]): string {
  const [, z, x, y] = /\/tiles\/[^/]+\/(\d+)\/(\d+)\/(\d+)\?/.exec(address) ?? [];
  if (y === undefined) return address;
  const url = new URL(address);
  const shown = Number(url.searchParams.get('rev'));
  const last = news.findLast((one) => one.revision > shown && touches(one, [Number(z), Number(x), Number(y)]));
  if (last === undefined) return address;
  url.searchParams.set('rev', String(last.revision));
  url.searchParams.set('pin', last.pin ?? '');
  return url.href;
}
