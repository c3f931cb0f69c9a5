// What of the past is on the map: the topmost of the pictures that parts of the page have put there. One for the page.
import { DifferenceLayer, type DifferenceView, type DifferingZone } from '../../map/difference_layer.ts';
import type { FarmMap } from '../../map/farm_map.ts';
import type { LonLat, Theme } from '../../core/model.ts';

export interface Picture {
  /** Which lies on top: the whole map of a moment, what a desk shows, one zone. */
  level: 'moment' | 'desk' | 'zone';
  zones: readonly DifferingZone[];
  view: DifferenceView;
  /** Outlined. */
  marked?: string | null;
  chosen(id: string | null, at: LonLat): void;
}

const LEVELS: readonly Picture['level'][] = ['moment', 'desk', 'zone'];

const pictures = new Set<Picture>();
let layer: DifferenceLayer | null = null;
let layer_theme: Theme | null = null;
let shown: Picture | null = null;

const top = (): Picture | null =>
  [...pictures].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)).at(-1) ?? null;

/** Puts a picture on the map; returns what takes it away. */
export function put_on_map(map: FarmMap, theme: Theme, picture: Picture): () => void {
  pictures.add(picture);
  draw(map, theme);
  return () => {
    pictures.delete(picture);
    // What replaces it comes at once, and may keep the layer.
    queueMicrotask(() => draw(map, theme));
  };
}

function draw(map: FarmMap, theme: Theme): void {
  const picture = top();
  if (picture === null) {
    layer?.close();
    layer = shown = null;
    return;
  }
  if (layer === null) {
    layer = new DifferenceLayer(map, theme, { chosen: (id, at) => shown?.chosen(id, at) });
    layer_theme = theme;
  }
  if (layer_theme !== theme) layer.dye((layer_theme = theme));
  if (shown?.zones !== picture.zones || shown.view !== picture.view) layer.show(picture.zones, picture.view);
  layer.mark(picture.marked ?? null);
  shown = picture;
}
