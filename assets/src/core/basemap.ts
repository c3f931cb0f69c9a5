// A map of somebody else's below ours, as the city's settings name it: what of it goes into our style. Pure: what was
// fetched comes in, sources and layers come out; `map/basemap.ts` fetches.
import type { Style, StyleLayer } from './dress.ts';
import type { Theme } from './model.ts';

export interface Basemap {
  url: string;
  kind: 'raster' | 'vector' | 'pmtiles';
  attribution: string;
}

/** Sources and layers to be laid between the ground and the land use. */
export type Underlay = Pick<Style, 'sources' | 'layers'>;

const PREFIX = 'basemap-';
/** Our first layer that stays above. */
const ABOVE = 'landuse-fill';
/** Names on the map are ours; pictures of a style's own would come from its sprite. */
const DRAWN = ['background', 'fill', 'line', 'circle', 'raster', 'fill-extrusion', 'hillshade'];

/** Whether a source of the map is the basemap's. */
export const is_of_basemap = (source: string): boolean => source.startsWith(PREFIX);

/** What the style's metadata say; null where no basemap is set. */
export function basemap_of(style: Style): Basemap | null {
  const said = style.metadata?.['farmzone:basemap'] as Basemap | undefined;
  return said && typeof said.url === 'string' ? said : null;
}

/** Pictures: calm below our colours, and dark where ours are. */
export function pictures(source: Record<string, unknown>, theme: Theme): Underlay {
  const paint = { 'raster-saturation': -0.4, ...(theme === 'dark' ? { 'raster-brightness-max': 0.55 } : {}) };
  return {
    sources: { [`${PREFIX}source`]: { type: 'raster', tileSize: 256, ...source } },
    layers: [{ id: `${PREFIX}pictures`, type: 'raster', source: `${PREFIX}source`, paint }],
  };
}

/** Vectors without a style: every layer that their TileJSON tells of, as quiet lines and areas. */
export function outlines(source: Record<string, unknown>, layers: readonly unknown[], theme: Theme): Underlay {
  const ink = theme === 'dark' ? '#98a39d' : '#65706a';
  const drawn = layers.flatMap((layer): StyleLayer[] => {
    const id = (layer as { id?: unknown } | null)?.id;
    if (typeof id !== 'string') return [];
    const of = { source: `${PREFIX}source`, 'source-layer': id };
    return [
      {
        ...of,
        id: `${PREFIX}fill-${id}`,
        type: 'fill',
        filter: ['==', ['geometry-type'], 'Polygon'],
        paint: { 'fill-color': ink, 'fill-opacity': 0.08 },
      },
      {
        ...of,
        id: `${PREFIX}line-${id}`,
        type: 'line',
        paint: { 'line-color': ink, 'line-opacity': 0.6, 'line-width': 0.8 },
      },
    ];
  });
  return { sources: { [`${PREFIX}source`]: { type: 'vector', ...source } }, layers: drawn };
}

/** Another style, without its names and signs, under names that are nobody else's. Addresses are made whole against `base`. */
export function of_style(style: Style, base: string): Underlay {
  // Braces of {z}/{x}/{y} must stay braces.
  const whole = (address: unknown): unknown =>
    typeof address === 'string' ? new URL(address, base).href.replace(/%7B/gi, '{').replace(/%7D/gi, '}') : address;
  const sources = Object.entries(style.sources ?? {}).map(([name, source]) => {
    const { url, tiles, ...rest } = source;
    const addresses = {
      ...(url === undefined ? {} : { url: whole(url) }),
      ...(Array.isArray(tiles) ? { tiles: tiles.map(whole) } : {}),
    };
    return [PREFIX + name, { ...rest, ...addresses }] as const;
  });
  const layers = (style.layers ?? []).filter(
    ({ type, paint, layout }) =>
      DRAWN.includes(type) &&
      layout?.['visibility'] !== 'none' &&
      !Object.keys(paint ?? {}).some((name) => name.endsWith('-pattern')),
  );
  return {
    sources: Object.fromEntries(sources),
    layers: layers.map((layer) => ({
      ...layer,
      id: PREFIX + layer.id,
      ...(layer.source === undefined ? {} : { source: PREFIX + layer.source }),
      metadata: {},
    })),
  };
}

/** `style` with the basemap on its ground, below all that we draw of land. */
export function underlaid<S extends Style>(style: S, under: Underlay | null): S {
  if (!under) return style;
  const at = style.layers.findIndex(({ id }) => id === ABOVE);
  const layers = [...style.layers];
  layers.splice(at < 0 ? Math.min(1, layers.length) : at, 0, ...under.layers);
  return { ...style, sources: { ...under.sources, ...style.sources }, layers };
}
