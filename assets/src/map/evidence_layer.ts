// Draws what a verdict rests on, above the style's layers: land that speaks against a code, the land of the code, a place and
// how sure it is. Who asks to be told of them gets clicks, and Enter on the map's middle, for as long as it is there.
import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap, MapMouseEvent } from 'maplibre-gl';
import type { Theme, LonLat } from '../core/model.ts';
import type { Geometry } from '../core/officer/codes.ts';
import type { FarmMap } from './farm_map.ts';
import { takes_layers } from './style_parts.ts';

/** What a geometry is: land of the code, a finding of a weight, zones that belong to a card, lost land that the map's year does not
    show, or a place that was asked for. */
export type Role = 'land' | 'marked' | 'not_shown' | 'invalid' | 'warning' | 'unknown' | 'valid' | 'place' | 'accuracy';

export interface Drawn {
  role: Role;
  geometry: Geometry;
}

const PREFIX = 'evidence-';
const SOURCE = `${PREFIX}source`;
const COLORS: Record<Theme, Record<'invalid' | 'warning' | 'other' | 'ink' | 'ground', string>> = {
  light: { invalid: '#c8283b', warning: '#8a5a00', other: '#0f6b52', ink: '#1f2a24', ground: '#fffdf8' },
  dark: { invalid: '#ff6b74', warning: '#f2b441', other: '#4fbf98', ink: '#e9ece8', ground: '#1c221f' },
};

export class EvidenceLayer {
  readonly #home: FarmMap;
  readonly #map: MapLibreMap;
  readonly #undo: (() => void)[] = [];
  #theme: Theme;
  #drawn: readonly Drawn[] = [];

  readonly #takes_clicks: boolean;

  constructor(home: FarmMap, theme: Theme, pointed: ((at: LonLat) => void) | null) {
    this.#home = home;
    this.#map = home.lend();
    this.#takes_clicks = pointed !== null;
    if (!this.#takes_clicks) home.take_back();
    this.#theme = theme;
    this.#put();
    this.#listen(pointed);
  }

  show(drawn: readonly Drawn[]): void {
    this.#drawn = drawn;
    void this.#map.getSource<GeoJSONSource>(SOURCE)?.setData(this.#collection());
  }

  dye(theme: Theme): void {
    this.#theme = theme;
    this.#put();
  }

  close(): void {
    for (const undo of this.#undo) undo();
    for (const { id } of this.#layers()) if (this.#map.getLayer(id)) this.#map.removeLayer(id);
    if (this.#map.getSource(SOURCE)) this.#map.removeSource(SOURCE);
    if (this.#takes_clicks) this.#home.take_back();
  }

  #collection(): Parameters<GeoJSONSource['setData']>[0] {
    const features = this.#drawn.map(({ role, geometry }) => ({ type: 'Feature', properties: { role }, geometry }));
    return { type: 'FeatureCollection', features } as unknown as Parameters<GeoJSONSource['setData']>[0];
  }

  #put(): void {
    if (!takes_layers(this.#map)) return; // `styledata` will see to it
    const map = this.#map;
    if (!map.getSource(SOURCE)) map.addSource(SOURCE, { type: 'geojson', data: this.#collection(), tolerance: 0.2 });
    for (const layer of this.#layers()) {
      if (!map.getLayer(layer.id)) map.addLayer(layer);
      else
        for (const [name, value] of Object.entries(layer.paint ?? {}))
          map.setPaintProperty(layer.id, name as 'line-color', value as string);
    }
  }

  #layers(): LayerSpecification[] {
    const { invalid, warning, other, ink, ground } = COLORS[this.#theme];
    const color = [
      'match',
      ['get', 'role'],
      'invalid',
      invalid,
      'warning',
      warning,
      ['land', 'not_shown'],
      ink,
      other,
    ] as never;
    const is = (...roles: Role[]) => ['in', ['get', 'role'], ['literal', roles]] as never;
    const findings = is('invalid', 'warning', 'unknown', 'valid', 'accuracy', 'marked');
    const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
    return [
      {
        id: `${PREFIX}fill`,
        type: 'fill',
        source: SOURCE,
        filter: findings,
        paint: { 'fill-color': color, 'fill-opacity': ['match', ['get', 'role'], ['accuracy', 'marked'], 0.12, 0.32] },
      },
      {
        id: `${PREFIX}halo`,
        type: 'line',
        source: SOURCE,
        filter: is('invalid', 'warning', 'unknown', 'valid', 'land', 'marked', 'not_shown'),
        layout: round,
        paint: { 'line-color': ground, 'line-width': 5, 'line-opacity': 0.8 },
      },
      {
        id: `${PREFIX}line`,
        type: 'line',
        source: SOURCE,
        filter: ['!=', ['get', 'role'], 'not_shown'],
        layout: round,
        paint: { 'line-color': color, 'line-width': 2.4 },
      },
      {
        id: `${PREFIX}not-shown`,
        type: 'line',
        source: SOURCE,
        filter: is('not_shown'),
        paint: { 'line-color': color, 'line-width': 2.4, 'line-dasharray': [2.5, 1.5] },
      },
      {
        id: `${PREFIX}place`,
        type: 'circle',
        source: SOURCE,
        filter: is('place'),
        paint: { 'circle-radius': 7, 'circle-color': other, 'circle-stroke-color': ground, 'circle-stroke-width': 3 },
      },
    ];
  }

  #listen(pointed: ((at: LonLat) => void) | null): void {
    const map = this.#map;
    const styled = () => {
      if (!map.getSource(SOURCE)) this.#put();
    };
    map.on('styledata', styled);
    this.#undo.push(() => map.off('styledata', styled));
    if (!pointed) return;
    const click = ({ lngLat }: MapMouseEvent) => pointed([lngLat.lng, lngLat.lat]);
    const canvas = map.getCanvas();
    const key = (event: KeyboardEvent) => {
      if (event.key !== 'Enter') return;
      const { lng, lat } = map.getCenter();
      pointed([lng, lat]);
    };
    map.on('click', click);
    canvas.addEventListener('keydown', key);
    this.#undo.push(
      () => map.off('click', click),
      () => canvas.removeEventListener('keydown', key),
    );
  }
}
