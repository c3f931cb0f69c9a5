// The server's style, dressed for one view: what is switched off, filtered, chosen or under the pointer.
// Pure: the same style and view give the same result; `map/` hands the result to MapLibre.
import { event_conditions } from './event_filter.ts';
import type { EventFilter, Switch } from './model.ts';

/** As much of a style as the page looks at; the rest passes through. */
export interface StyleLayer {
  id: string;
  type: string;
  source?: string;
  'source-layer'?: string;
  filter?: unknown;
  layout?: Record<string, unknown>;
  paint?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}

export interface Style {
  metadata?: Record<string, unknown>;
  sources: Record<string, Record<string, unknown>>;
  layers: StyleLayer[];
}

export interface Dress {
  layers: readonly Switch[];
  kinds: readonly string[];
  unit: string | null;
  /** The zone that is outlined. */
  zone: string | null;
  /** The piece that is outlined. */
  event: string | null;
  events: EventFilter;
}

const SOURCE = 'farmzone';
/** Tile layers whose features carry `kind` and `unit`. */
const FILTERED = ['zones', 'zone_labels', 'encroachments'];
const SELECTED = 'zones-selected';
const LANDUSE = 'landuse-fill';
const PATTERN = 'zones-pattern';
export const HOVER = 'zones-hover';
const EVENT_SELECTED = 'encroachments-selected';

/** `style` with the view's switches, filters and outlines; `ink` is the colour of the outlines the page adds. */
export function dressed<S extends Style>(style: S, dress: Dress, ink: string): S {
  const layers = style.layers.flatMap((layer) => {
    const shown = dressed_layer(layer, dress);
    // Outlines of the page's own lie directly above what they outline.
    if (layer.id === 'encroachments-line') return [shown, event_outline(dress, ink)];
    return layer.id === 'zones-line' ? [shown, hover_outline(dress, ink)] : [shown];
  });
  const source = style.sources[SOURCE];
  // Marking what is under the pointer needs features that are known by their id.
  const promoteId = source?.['promoteId'] ?? { zones: 'id', encroachments: 'id' };
  const sources = source ? { ...style.sources, [SOURCE]: { ...source, promoteId } } : style.sources;
  return { ...style, sources, layers };
}

function dressed_layer(layer: StyleLayer, dress: Dress): StyleLayer {
  const name = layer.metadata?.['farmzone:switch'];
  const switched_on = typeof name !== 'string' || dress.layers.includes(name as Switch);
  // The name of a zone that is not drawn would point at nothing.
  const visible = switched_on && (layer['source-layer'] !== 'zone_labels' || dress.layers.includes('zones'));
  const filter = layer.id === SELECTED ? ['==', ['get', 'id'], dress.zone ?? ''] : narrowed(layer, dress);
  return {
    ...layer,
    layout: { ...layer.layout, visibility: visible ? 'visible' : 'none' },
    ...(filter === undefined ? {} : { filter }),
  };
}

/** The layer's own filter and the view's. */
function narrowed(layer: StyleLayer, dress: Dress): unknown {
  if (layer.source !== SOURCE || !FILTERED.includes(layer['source-layer'] ?? '')) return layer.filter;
  const wanted: unknown[] = [];
  if (layer.filter !== undefined) wanted.push(layer.filter);
  if (dress.kinds.length > 0) wanted.push(['in', ['get', 'kind'], ['literal', [...dress.kinds]]]);
  if (dress.unit) wanted.push(['==', ['get', 'unit'], dress.unit]);
  if (layer['source-layer'] === 'encroachments') wanted.push(...event_conditions(dress.events));
  if (wanted.length === 0) return undefined;
  return wanted.length === 1 ? wanted[0] : ['all', ...wanted];
}

/** The colour in which the style draws land use of this class; null when it says so in a way that is not read here. */
export function landuse_color(style: Style, code: string, group: string): string | null {
  const layer = style.layers.find((item) => item.id === LANDUSE);
  return matched(layer?.paint?.['fill-color'], { code, group });
}

/** The picture of the style's sprite that is drawn over this kind; null where none is. */
export function kind_pattern(style: Style, kind: string): string | null {
  const layer = style.layers.find((item) => item.id === PATTERN);
  const [, , patterned] = Array.isArray(layer?.filter) ? (layer.filter as unknown[]) : [];
  const kinds: unknown = Array.isArray(patterned) ? patterned[1] : null;
  if (!Array.isArray(kinds) || !kinds.includes(kind)) return null;
  return matched(layer?.paint?.['fill-pattern'], { kind });
}

/** The value of nested `match` expressions on plain properties. */
function matched(expression: unknown, properties: Record<string, string>): string | null {
  if (typeof expression === 'string') return expression;
  if (!Array.isArray(expression) || expression[0] !== 'match') return null;
  const [, input, ...branches] = expression as unknown[];
  if (!Array.isArray(input) || input[0] !== 'get') return null;
  const value = properties[String(input[1])];
  for (let i = 0; i + 1 < branches.length; i += 2) {
    const label = branches[i];
    if (Array.isArray(label) ? label.includes(value) : label === value) return matched(branches[i + 1], properties);
  }
  return matched(branches.at(-1), properties);
}

function hover_outline(dress: Dress, ink: string): StyleLayer {
  const zones: StyleLayer = { id: HOVER, type: 'line', source: SOURCE, 'source-layer': 'zones' };
  const filter = narrowed(zones, dress);
  return {
    ...zones,
    ...(filter === undefined ? {} : { filter }),
    layout: { 'line-join': 'round', visibility: dress.layers.includes('zones') ? 'visible' : 'none' },
    paint: {
      'line-color': ink,
      'line-width': 1.75,
      'line-opacity': ['case', ['boolean', ['feature-state', 'hover'], false], 0.85, 0],
    },
  };
}

function event_outline(dress: Dress, ink: string): StyleLayer {
  return {
    id: EVENT_SELECTED,
    type: 'line',
    source: SOURCE,
    'source-layer': 'encroachments',
    filter: ['==', ['get', 'id'], dress.event ?? ''],
    layout: { 'line-join': 'round', visibility: dress.layers.includes('encroachments') ? 'visible' : 'none' },
    paint: { 'line-color': ink, 'line-width': 2.5 },
  };
}
