// The scale bar: a round length that is true at the latitude where it is shown.
import type { Lang } from './model.ts';
import { format_number } from './numbers.ts';

/** WGS 84's equator over the width of the world at zoom 0, which is 512 px in MapLibre. */
const METRES_PER_PIXEL_AT_EQUATOR = 40_075_016.686 / 512;

export interface ScaleBar {
  length_m: number;
  width_px: number;
}

export function metres_per_pixel(zoom: number, lat: number): number {
  return (METRES_PER_PIXEL_AT_EQUATOR * Math.cos((lat * Math.PI) / 180)) / 2 ** zoom;
}

/** The longest of 1, 2, 5, 10 … metres that fits into `max_px`. */
export function scale_bar(zoom: number, lat: number, max_px: number): ScaleBar {
  const per_px = metres_per_pixel(zoom, lat);
  const max_m = per_px * max_px;
  const power = 10 ** Math.floor(Math.log10(max_m));
  const length_m = ([5, 2].find((step) => step * power <= max_m) ?? 1) * power;
  return { length_m, width_px: length_m / per_px };
}

/** The zoom at which a piece of land and what is around it fill a window of so many pixels. */
export function zoom_for_area(area_m2: number, lat: number, window_px: number): number {
  const side_m = SURROUNDINGS * Math.sqrt(Math.max(area_m2, 1));
  return Math.log2((metres_per_pixel(0, lat) * window_px) / side_m);
}

/** A piece is seen with its neighbours: a third of the window's side. */
const SURROUNDINGS = 3;

export function format_length(length_m: number, lang: Lang): string {
  return length_m >= 1000
    ? `${format_number(length_m / 1000, lang)} km`
    : `${format_number(length_m, lang, length_m < 1 ? 1 : 0)} m`;
}
