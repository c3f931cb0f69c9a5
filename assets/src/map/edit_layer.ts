// Draws the land that is being edited over the map and says what the pointer, a finger or a key does there.
// Knows features and pixels; what they mean is the editor's business. Only what changed is sent to be drawn.
import type {
  ExpressionSpecification,
  GeoJSONSource,
  LayerSpecification,
  Map as MapLibreMap,
  MapMouseEvent,
  MapTouchEvent,
} from 'maplibre-gl';
import type { Feature } from '../core/edit/scene.ts';
import type { Bounds, LonLat } from '../core/model.ts';
import type { FarmMap } from './farm_map.ts';
import { takes_layers } from './style_parts.ts';
import './edit_layer.css';

const GROUND = 'edit-ground';
const CHANGED = 'edit-changed';
const MARKS = 'edit-marks';
const TOUCH_REACH_PX = 22;
const MOUSE_REACH_PX = 10;
/** A pointer that moved less has clicked. */
const STILL_PX = 4;

type Data = Parameters<GeoJSONSource['setData']>[0];
type Added = NonNullable<Parameters<GeoJSONSource['updateData']>[0]['add']>;

export interface Pointer {
  at: LonLat;
  /** How far from it things are still meant. */
  reach_px: number;
  /** With shift, control or command: one more. */
  adds: boolean;
}

export interface EditListener {
  /** True takes the drag from the map. */
  pressed(pointer: Pointer): boolean;
  dragged(pointer: Pointer): void;
  /** False: the pointer stayed where it was pressed. */
  released(pointer: Pointer, has_moved: boolean): void;
  hovered(pointer: Pointer | null): void;
  clicked(pointer: Pointer): void;
  twice(pointer: Pointer): void;
  /** True when the key meant something. */
  key(event: KeyboardEvent): boolean;
  /** The map has come to rest, or has been moved by a key. */
  settled(): void;
}

/** As the theme has them. */
export interface Inks {
  ink: string;
  card: string;
  accent: string;
  warn: string;
}

export class EditLayer {
  readonly #home: FarmMap;
  readonly #map: MapLibreMap;
  readonly #listener: EditListener;
  readonly #undo: (() => void)[] = [];
  #inks: Inks;
  #ground = new Map<number, Feature>();
  #changed: Feature[] = [];
  #marks: Feature[] = [];
  #due = 0;
  #dragging: { x: number; y: number; moved: boolean } | null = null;

  constructor(home: FarmMap, inks: Inks, listener: EditListener) {
    this.#home = home;
    this.#map = home.lend();
    this.#inks = inks;
    this.#listener = listener;
    this.#map.doubleClickZoom.disable();
    this.#map.keyboard.disable();
    this.#map.boxZoom.disable();
    this.#put_layers();
    this.#listen();
  }

  /** Borders of the land in view: those that came, changed or went. */
  ground(put: readonly Feature[], take: readonly number[]): void {
    for (const id of take) this.#ground.delete(id);
    for (const feature of put) this.#ground.set(feature.id, feature);
    const diff = { remove: [...take, ...put.map(({ id }) => id)], add: [...put] as unknown as Added };
    void this.#source(GROUND)?.updateData(diff);
  }

  /** Zones as they are while they are edited. */
  changed(features: Feature[]): void {
    this.#changed = features;
    this.#soon();
  }

  marks(features: Feature[]): void {
    this.#marks = features;
    this.#soon();
  }

  dye(inks: Inks): void {
    this.#inks = inks;
    for (const layer of layers(inks)) {
      if (!this.#map.getLayer(layer.id)) continue;
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        this.#map.setPaintProperty(layer.id, name as 'line-color', value as string);
      }
    }
  }

  bounds(): Bounds {
    const bounds = this.#map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  zoom(): number {
    return this.#map.getZoom();
  }

  project(at: LonLat): { x: number; y: number } {
    return this.#map.project([...at]);
  }

  unproject(x: number, y: number): LonLat {
    const { lng, lat } = this.#map.unproject([x, y]);
    return [lng, lat];
  }

  pan_by(x: number, y: number): void {
    this.#map.panBy([x, y], { duration: 0 });
  }

  zoom_by(steps: number): void {
    this.#map.zoomTo(this.#map.getZoom() + steps, { duration: 0 });
  }

  cursor(over: 'handle' | 'draw' | 'none'): void {
    const { classList } = this.#map.getCanvasContainer();
    classList.toggle('edit-handle', over === 'handle');
    classList.toggle('edit-draw', over === 'draw');
  }

  close(): void {
    cancelAnimationFrame(this.#due);
    for (const undo of this.#undo) undo();
    this.cursor('none');
    this.#map.doubleClickZoom.enable();
    this.#map.keyboard.enable();
    this.#map.keyboard.disableRotation();
    this.#map.boxZoom.enable();
    for (const { id } of layers(this.#inks)) if (this.#map.getLayer(id)) this.#map.removeLayer(id);
    for (const id of [GROUND, CHANGED, MARKS]) if (this.#map.getSource(id)) this.#map.removeSource(id);
    this.#home.take_back();
  }

  #source(id: string): GeoJSONSource | undefined {
    return this.#map.getSource(id);
  }

  /** Once a frame, however often things change. */
  #soon(): void {
    if (this.#due) return;
    this.#due = requestAnimationFrame(() => {
      this.#due = 0;
      void this.#source(CHANGED)?.setData(collection(this.#changed));
      void this.#source(MARKS)?.setData(collection(this.#marks));
    });
  }

  #put_layers(): void {
    if (!takes_layers(this.#map)) return; // `styledata` will see to it
    const contents = { [GROUND]: [...this.#ground.values()], [CHANGED]: this.#changed, [MARKS]: this.#marks };
    for (const [id, features] of Object.entries(contents)) {
      if (!this.#map.getSource(id))
        // No simplifying: what is drawn is what is there.
        this.#map.addSource(id, { type: 'geojson', data: collection(features), tolerance: 0, maxzoom: 20 });
    }
    for (const layer of layers(this.#inks)) if (!this.#map.getLayer(layer.id)) this.#map.addLayer(layer);
  }

  #listen(): void {
    const map = this.#map;
    const on = <Name extends 'mousedown' | 'mousemove' | 'mouseup' | 'mouseout' | 'click' | 'dblclick'>(
      name: Name,
      call: (event: MapMouseEvent) => void,
    ) => {
      map.on(name, call);
      this.#undo.push(() => map.off(name, call));
    };
    const on_touch = (
      name: 'touchstart' | 'touchmove' | 'touchend' | 'touchcancel',
      call: (e: MapTouchEvent) => void,
    ) => {
      map.on(name, call);
      this.#undo.push(() => map.off(name, call));
    };
    on('mousedown', (event) => {
      if (event.originalEvent.button === 0) this.#press(event, MOUSE_REACH_PX);
    });
    on('mousemove', (event) => {
      const pointer = pointer_of(event, MOUSE_REACH_PX);
      if (this.#dragging) this.#drag(event, pointer);
      else if (event.originalEvent.buttons === 0) this.#listener.hovered(pointer);
    });
    on('mouseup', (event) => this.#release(pointer_of(event, MOUSE_REACH_PX)));
    on('mouseout', () => this.#listener.hovered(null));
    on('click', (event) => this.#listener.clicked(pointer_of(event, reach_of(event))));
    on('dblclick', (event) => this.#listener.twice(pointer_of(event, reach_of(event))));
    on_touch('touchstart', (event) => {
      if (event.points.length === 1) this.#press(event, TOUCH_REACH_PX);
    });
    on_touch('touchmove', (event) => {
      if (this.#dragging) this.#drag(event, pointer_of(event, TOUCH_REACH_PX));
    });
    on_touch('touchend', (event) => this.#release(pointer_of(event, TOUCH_REACH_PX)));
    on_touch('touchcancel', (event) => this.#release(pointer_of(event, TOUCH_REACH_PX)));
    const settled = () => this.#listener.settled();
    map.on('moveend', settled);
    // A style that was loaded while the editor was opened may have come without what is drawn here.
    const styled = () => {
      if (!map.getSource(GROUND)) this.#put_layers();
    };
    map.on('styledata', styled);
    const canvas = map.getCanvas();
    const key = (event: KeyboardEvent) => {
      if (!this.#listener.key(event)) return;
      event.preventDefault();
      event.stopPropagation();
    };
    canvas.addEventListener('keydown', key);
    this.#undo.push(
      () => map.off('moveend', settled),
      () => map.off('styledata', styled),
      () => canvas.removeEventListener('keydown', key),
    );
  }

  #press(event: MapMouseEvent | MapTouchEvent, reach_px: number): void {
    if (!this.#listener.pressed(pointer_of(event, reach_px))) return;
    event.preventDefault();
    this.#dragging = { x: event.point.x, y: event.point.y, moved: false };
  }

  #drag(event: MapMouseEvent | MapTouchEvent, pointer: Pointer): void {
    const start = this.#dragging;
    if (!start) return;
    event.preventDefault();
    start.moved ||= Math.hypot(event.point.x - start.x, event.point.y - start.y) > STILL_PX;
    if (start.moved) this.#listener.dragged(pointer);
  }

  #release(pointer: Pointer): void {
    if (!this.#dragging) return;
    const { moved } = this.#dragging;
    this.#dragging = null;
    this.#listener.released(pointer, moved);
  }
}

const collection = (features: readonly Feature[]) =>
  ({ type: 'FeatureCollection', features }) as unknown as Exclude<Data, string>;

function pointer_of({ lngLat, originalEvent }: MapMouseEvent | MapTouchEvent, reach_px: number): Pointer {
  const { shiftKey, ctrlKey, metaKey } = originalEvent;
  return { at: [lngLat.lng, lngLat.lat], reach_px, adds: shiftKey || ctrlKey || metaKey };
}

function reach_of({ originalEvent }: MapMouseEvent): number {
  const touch = originalEvent instanceof PointerEvent && originalEvent.pointerType === 'touch';
  return touch ? TOUCH_REACH_PX : MOUSE_REACH_PX;
}

function layers({ ink, card, accent, warn }: Inks): LayerSpecification[] {
  const is = (...marks: string[]): ExpressionSpecification => ['in', ['get', 'mark'], ['literal', marks]];
  const round = { 'line-join': 'round', 'line-cap': 'round' } as const;
  return [
    {
      id: 'edit-ground-line',
      type: 'line',
      source: GROUND,
      layout: round,
      paint: { 'line-color': ink, 'line-width': 1, 'line-opacity': 0.55 },
    },
    {
      id: 'edit-changed-fill',
      type: 'fill',
      source: CHANGED,
      filter: ['!=', ['get', 'gone'], true],
      paint: { 'fill-color': ['get', 'color'], 'fill-opacity': 0.5 },
    },
    {
      id: 'edit-changed-case',
      type: 'line',
      source: CHANGED,
      layout: round,
      paint: { 'line-color': card, 'line-width': ['case', ['get', 'selected'], 5, 3.5], 'line-opacity': 0.9 },
    },
    {
      id: 'edit-changed-line',
      type: 'line',
      source: CHANGED,
      filter: ['!=', ['get', 'gone'], true],
      layout: round,
      paint: {
        'line-color': ['case', ['get', 'stale'], warn, ['get', 'selected'], accent, ink],
        'line-width': ['case', ['get', 'selected'], 2.5, 1.5],
      },
    },
    {
      id: 'edit-gone-line',
      type: 'line',
      source: CHANGED,
      filter: ['==', ['get', 'gone'], true],
      layout: round,
      paint: { 'line-color': ink, 'line-width': 1.5, 'line-dasharray': [1, 2.5] },
    },
    {
      id: 'edit-land',
      type: 'fill',
      source: MARKS,
      filter: is('land'),
      paint: { 'fill-color': accent, 'fill-opacity': 0.22 },
    },
    {
      id: 'edit-line-case',
      type: 'line',
      source: MARKS,
      filter: is('line', 'land'),
      layout: round,
      paint: { 'line-color': card, 'line-width': 5, 'line-opacity': 0.9 },
    },
    {
      id: 'edit-line',
      type: 'line',
      source: MARKS,
      filter: is('line', 'land'),
      layout: round,
      paint: { 'line-color': accent, 'line-width': 2.5 },
    },
    {
      id: 'edit-ghost',
      type: 'line',
      source: MARKS,
      filter: is('ghost'),
      paint: { 'line-color': accent, 'line-width': 2, 'line-dasharray': [2, 2] },
    },
    {
      id: 'edit-points',
      type: 'circle',
      source: MARKS,
      filter: is('corner', 'middle', 'chosen', 'placed'),
      paint: {
        'circle-radius': ['match', ['get', 'mark'], 'middle', 3.5, 'chosen', 7.5, 5],
        'circle-color': ['match', ['get', 'mark'], 'chosen', accent, card],
        'circle-opacity': ['match', ['get', 'mark'], 'middle', 0.75, 1],
        'circle-stroke-color': ['match', ['get', 'mark'], 'chosen', card, accent],
        'circle-stroke-width': ['match', ['get', 'mark'], 'middle', 1, 2],
      },
    },
    {
      id: 'edit-rings',
      type: 'circle',
      source: MARKS,
      filter: is('snap', 'issue'),
      paint: {
        'circle-radius': ['match', ['get', 'mark'], 'issue', 14, 9],
        'circle-color': ['match', ['get', 'mark'], 'issue', warn, accent],
        'circle-opacity': 0.18,
        'circle-stroke-color': ['match', ['get', 'mark'], 'issue', warn, ink],
        'circle-stroke-width': 2,
      },
    },
  ];
}
