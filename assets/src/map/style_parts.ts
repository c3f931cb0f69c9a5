// Parts of a style that the map compares and carries over when another style comes, and what its features are called.
import type { Map as MapLibreMap, MapGeoJSONFeature, StyleSpecification } from 'maplibre-gl';
import type { Style, StyleLayer } from '../core/dress.ts';
import type { Shown } from '../core/tile_news.ts';

/** How ids of sources and layers begin that are not the style's. */
const LENT = /^(edit|difference|evidence)-/;
/** In such a layer's metadata: the layer of the style below which it lies. */
export const BELOW = 'farmzone:below';

/** What a style's tiles are of. */
export function shown_by({ metadata }: Style): Shown {
  const revision = Number(metadata?.['farmzone:revision']);
  const epoch = metadata?.['farmzone:epoch'];
  return { near: revision, far: revision, epoch: typeof epoch === 'string' ? epoch : null };
}

/** Whether sources and layers can be put onto the map: not before its first style is there, nor while one is built anew. */
export function takes_layers(map: MapLibreMap): boolean {
  return (map.getStyle() as StyleSpecification | undefined) !== undefined;
}

/** What was put onto the map by who has it stays when the style changes. */
export function keep_lent(style: Style, previous: Style): void {
  const theirs = ([id]: [string, unknown]) => LENT.test(id);
  Object.assign(style.sources, Object.fromEntries(Object.entries(previous.sources).filter(theirs)));
  for (const layer of previous.layers.filter(({ id }) => LENT.test(id))) {
    const at = style.layers.findIndex(({ id }) => id === layer.metadata?.[BELOW]);
    style.layers.splice(at < 0 ? style.layers.length : at, 0, layer);
  }
}

export function by_id(layers: readonly StyleLayer[]): Map<string, StyleLayer> {
  return new Map(layers.map((layer) => [layer.id, layer]));
}

/** The id of a zone or an event; none where many are drawn as one. */
export function id_of(feature: MapGeoJSONFeature | undefined): string | null {
  const id: unknown = feature?.properties['id'];
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null;
}

/** What is drawn of a layer at a pixel, else what is nearest within the radius. */
export function feature_near(
  map: MapLibreMap,
  layer: string,
  x: number,
  y: number,
  radius_px: number,
): MapGeoJSONFeature | undefined {
  if (!map.getLayer(layer)) return undefined;
  const options = { layers: [layer] };
  const [exact] = map.queryRenderedFeatures([x, y], options);
  const box: [[number, number], [number, number]] = [
    [x - radius_px, y - radius_px],
    [x + radius_px, y + radius_px],
  ];
  return exact ?? (radius_px > 0 ? map.queryRenderedFeatures(box, options)[0] : undefined);
}
