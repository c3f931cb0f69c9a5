// Draws land that differs between two states of the map: as the one state has it, as the other has it, or what became
// of it. Lies above the tiles' zones and below roads, pieces of lost land and names; covers the tiles only where land differs.
import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
  MapMouseEvent,
} from 'maplibre-gl';
import type { LonLat, LonLatShape, Theme } from '../core/model.ts';
import type { FarmMap } from './farm_map.ts';
import { BELOW, takes_layers } from './style_parts.ts';

export interface Land {
  kind: string;
  polygons: LonLatShape;
}

/** A zone that is not the same in both states; null where there is none. */
export interface DifferingZone {
  id: string;
  before: Land | null;
  after: Land | null;
  /** The land that went over or came, where it is known; else the whole zone is marked. */
  differs?: LonLatShape | null;
}

export type DifferenceView = 'before' | 'after' | 'difference';

export interface DifferenceListener {
  /** A click or tap, or Enter on the map's middle: the zone there, and where. */
  chosen(id: string | null, at: LonLat): void;
}

const PREFIX = 'difference-';
const PATCH = `${PREFIX}patch`;
const STATE = `${PREFIX}state`;
const LAND = `${PREFIX}land`;
const SOURCES = [PATCH, STATE, LAND];
/** The first layer of the style that stays above. */
const ABOVE = 'context-road';
const SHOWN_FILLS = [`${PREFIX}state-fill`, `${PREFIX}land-fill`];
const PATTERN_PX = 16;

type Change = 'made' | 'removed' | 'changed';
const CHANGES: readonly Change[] = ['made', 'removed', 'changed'];

/** Told apart by people who see no red or no green too, and by their patterns: crosses, lines, dots. */
export const CHANGE_COLORS: Record<Theme, Record<Change, string>> = {
  light: { made: '#1464a5', removed: '#c8283b', changed: '#7a4f00' },
  dark: { made: '#7cbcf2', removed: '#ff6b74', changed: '#f2c14e' },
};
const INKS: Record<Theme, { ink: string; ground: string }> = {
  light: { ink: '#1f2a24', ground: '#f8f6f0' },
  dark: { ink: '#e9ece8', ground: '#1a1f1c' },
};

interface Feature {
  type: 'Feature';
  properties: Record<string, string>;
  geometry: { type: 'MultiPolygon'; coordinates: LonLatShape };
}

export class DifferenceLayer {
  readonly #home: FarmMap;
  readonly #map: MapLibreMap;
  readonly #listener: DifferenceListener | null;
  readonly #undo: (() => void)[] = [];
  #theme: Theme;
  #features: Record<string, Feature[]> = {};
  #marked: string | null = null;

  /** Without a listener clicks are left to whoever else is on the map. */
  constructor(home: FarmMap, theme: Theme, listener: DifferenceListener | null) {
    this.#home = home;
    this.#map = home.lend();
    this.#theme = theme;
    this.#listener = listener;
    this.#put();
    this.#listen();
  }

  show(zones: readonly DifferingZone[], view: DifferenceView): void {
    const is_state = view !== 'difference';
    this.#features = {
      [PATCH]: zones.flatMap(({ id, before, after }) => [...feature(id, before), ...feature(id, after)]),
      [STATE]: zones.flatMap(({ id, before, after }) =>
        is_state
          ? feature(id, view === 'before' ? before : after)
          : [...feature(id, before, { line: 'before' }), ...feature(id, after, { line: 'after' })],
      ),
      [LAND]: is_state ? [] : zones.flatMap(differing_land),
    };
    for (const id of SOURCES) void this.#source(id)?.setData(this.#collection(id));
  }

  /** Outlines one of the zones. */
  mark(id: string | null): void {
    this.#marked = id;
    if (this.#map.getLayer(`${PREFIX}marked`)) this.#map.setFilter(`${PREFIX}marked`, ['==', ['get', 'id'], id ?? '']);
  }

  dye(theme: Theme): void {
    this.#theme = theme;
    this.#put();
  }

  close(): void {
    for (const undo of this.#undo) undo();
    for (const { id } of this.#layers()) if (this.#map.getLayer(id)) this.#map.removeLayer(id);
    for (const id of SOURCES) if (this.#map.getSource(id)) this.#map.removeSource(id);
    for (const change of CHANGES) if (this.#map.hasImage(PREFIX + change)) this.#map.removeImage(PREFIX + change);
    this.#home.take_back();
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource(id);
  }

  #collection(id: string): Parameters<GeoJSONSource['setData']>[0] {
    const features = this.#features[id] ?? [];
    return { type: 'FeatureCollection', features } as unknown as Parameters<GeoJSONSource['setData']>[0];
  }

  /** Puts everything there that is not, in today's colours. */
  #put(): void {
    if (!takes_layers(this.#map)) return; // `styledata` will see to it
    const map = this.#map;
    for (const change of CHANGES) {
      const image = pattern(change, CHANGE_COLORS[this.#theme][change]);
      if (map.hasImage(PREFIX + change)) map.updateImage(PREFIX + change, image);
      else map.addImage(PREFIX + change, image, { pixelRatio: 2 });
    }
    for (const id of SOURCES)
      if (!map.getSource(id)) map.addSource(id, { type: 'geojson', data: this.#collection(id), tolerance: 0.2 });
    for (const layer of this.#layers()) {
      if (!map.getLayer(layer.id)) map.addLayer(layer, map.getLayer(ABOVE) ? ABOVE : undefined);
      else
        for (const [name, value] of Object.entries(layer.paint ?? {}))
          map.setPaintProperty(layer.id, name as 'line-color', value as string);
    }
  }

  /** What the style says of one of its own layers. */
  #worn<T>(layer: string, property: string, otherwise: T): T {
    return this.#map.getLayer(layer)
      ? ((this.#map.getPaintProperty(layer, property as 'fill-color') as T) ?? otherwise)
      : otherwise;
  }

  #layers(): LayerSpecification[] {
    const { ink, ground } = INKS[this.#theme];
    const colors = CHANGE_COLORS[this.#theme];
    const by_change: ExpressionSpecification = [
      'match',
      ['get', 'change'],
      ...(['made', 'removed'] as const).flatMap((change) => [change, colors[change]]),
      colors.changed,
    ] as unknown as ExpressionSpecification;
    const earth = this.#worn<DataDrivenPropertyValueSpecification<string>>('units-fill', 'fill-color', ground);
    const kinds = this.#worn<DataDrivenPropertyValueSpecification<string>>('zones-fill', 'fill-color', '#9aa0a6');
    const patterns = this.#worn<DataDrivenPropertyValueSpecification<string> | null>(
      'zones-pattern',
      'fill-pattern',
      null,
    );
    const of_state: ExpressionSpecification = ['!', ['has', 'line']];
    const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
    const layers: LayerSpecification[] = [
      { id: `${PREFIX}patch-fill`, type: 'fill', source: PATCH, paint: { 'fill-color': earth } },
      {
        id: `${PREFIX}patch-line`,
        type: 'line',
        source: PATCH,
        layout: round,
        paint: { 'line-color': earth, 'line-width': 2 },
      },
      {
        id: `${PREFIX}state-fill`,
        type: 'fill',
        source: STATE,
        paint: { 'fill-color': kinds, 'fill-opacity': ['case', of_state, 0.7, 0.18] },
      },
      ...(patterns === null
        ? []
        : [
            {
              id: `${PREFIX}state-pattern`,
              type: 'fill',
              source: STATE,
              filter: of_state,
              paint: {
                'fill-pattern': patterns,
                'fill-opacity': ['interpolate', ['linear'], ['zoom'], 10, 0, 12, 1],
              },
            } satisfies LayerSpecification,
          ]),
      {
        id: `${PREFIX}land-fill`,
        type: 'fill',
        source: LAND,
        paint: { 'fill-color': by_change, 'fill-opacity': 0.28 },
      },
      {
        id: `${PREFIX}land-pattern`,
        type: 'fill',
        source: LAND,
        paint: { 'fill-pattern': ['concat', PREFIX, ['get', 'change']] },
      },
      {
        id: `${PREFIX}state-line`,
        type: 'line',
        source: STATE,
        filter: ['!=', ['get', 'line'], 'before'],
        layout: round,
        paint: { 'line-color': ink, 'line-width': ['interpolate', ['linear'], ['zoom'], 9, 0.8, 13, 1.6] },
      },
      {
        id: `${PREFIX}before-line`,
        type: 'line',
        source: STATE,
        filter: ['==', ['get', 'line'], 'before'],
        paint: { 'line-color': ink, 'line-width': 1.4, 'line-dasharray': [2, 2] },
      },
      {
        id: `${PREFIX}marked`,
        type: 'line',
        source: PATCH,
        filter: ['==', ['get', 'id'], this.#marked ?? ''],
        layout: round,
        paint: { 'line-color': ink, 'line-width': 3.5 },
      },
    ];
    // A new style keeps them where they were.
    return layers.map((layer) => ({ ...layer, metadata: { [BELOW]: ABOVE } }));
  }

  #listen(): void {
    const map = this.#map;
    const styled = () => {
      if (!map.getSource(PATCH) || this.#wears_old()) this.#put();
    };
    map.on('styledata', styled);
    this.#undo.push(() => map.off('styledata', styled));
    const listener = this.#listener;
    if (!listener) return;
    const click = (event: MapMouseEvent) =>
      listener.chosen(this.#zone_at(event.point.x, event.point.y), [event.lngLat.lng, event.lngLat.lat]);
    const over = (event: MapMouseEvent) => {
      const found = this.#zone_at(event.point.x, event.point.y) !== null;
      map.getCanvasContainer().classList.toggle('over-zone', found);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return;
      const { clientWidth, clientHeight } = map.getContainer();
      const { lng, lat } = map.unproject([clientWidth / 2, clientHeight / 2]);
      listener.chosen(this.#zone_at(clientWidth / 2, clientHeight / 2), [lng, lat]);
    };
    const canvas = map.getCanvas();
    map.on('click', click);
    map.on('mousemove', over);
    canvas.addEventListener('keydown', key);
    this.#undo.push(
      () => map.off('click', click),
      () => map.off('mousemove', over),
      () => map.getCanvasContainer().classList.remove('over-zone'),
      () => canvas.removeEventListener('keydown', key),
    );
  }

  /** The style below has other colours than what is drawn here: a theme came. */
  #wears_old(): boolean {
    const ours: unknown = this.#map.getPaintProperty(`${PREFIX}patch-fill`, 'fill-color');
    return this.#worn<unknown>('units-fill', 'fill-color', ours) !== ours || !this.#map.hasImage(`${PREFIX}made`);
  }

  #zone_at(x: number, y: number): string | null {
    const layers = [...SHOWN_FILLS, `${PREFIX}patch-fill`].filter((id) => this.#map.getLayer(id));
    const id: unknown = this.#map.queryRenderedFeatures([x, y], { layers })[0]?.properties['id'];
    return typeof id === 'string' ? id : null;
  }
}

const feature = (id: string, land: Land | null, more: Record<string, string> = {}): Feature[] =>
  land
    ? [
        {
          type: 'Feature',
          properties: { id, kind: land.kind, ...more },
          geometry: { type: 'MultiPolygon', coordinates: land.polygons },
        },
      ]
    : [];

function differing_land({ id, before, after, differs }: DifferingZone): Feature[] {
  const change: Change = before === null ? 'made' : after === null ? 'removed' : 'changed';
  const whole = after ?? before;
  if (!whole) return [];
  // Of another kind is all of the land that stayed too.
  const is_other = before !== null && before.kind !== whole.kind;
  const polygons = is_other ? [...whole.polygons, ...(differs ?? [])] : (differs ?? whole.polygons);
  return feature(id, { ...whole, polygons }, { change });
}

/** Crosses for what was made, lines for what went, dots for what changed. */
function pattern(change: Change, color: string): { width: number; height: number; data: Uint8Array } {
  const [red, green, blue] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
  const data = new Uint8Array(PATTERN_PX * PATTERN_PX * 4);
  const half = PATTERN_PX / 2;
  const is_inked = (x: number, y: number): boolean => {
    const [dx, dy] = [Math.abs(x - half), Math.abs(y - half)];
    if (change === 'made') return (dx < 1.5 && dy < 5) || (dy < 1.5 && dx < 5);
    return change === 'removed' ? (x + y) % half < 2 : dx * dx + dy * dy < 8;
  };
  for (let i = 0; i < PATTERN_PX * PATTERN_PX; i += 1)
    if (is_inked(i % PATTERN_PX, Math.floor(i / PATTERN_PX))) data.set([red ?? 0, green ?? 0, blue ?? 0, 255], i * 4);
  return { width: PATTERN_PX, height: PATTERN_PX, data };
}
