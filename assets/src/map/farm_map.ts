// The only door to MapLibre GL JS: draws the server's style, dressed for the view, and says what people point at.
// Knows zones by id only; figures, cards and addresses are not its business. North is always up.
import { Map as MapLibreMap, prewarm, setWorkerUrl } from 'maplibre-gl';
import type { FilterSpecification, MapMouseEvent, StyleSpecification } from 'maplibre-gl';
import worker_url from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { basemap_of, is_of_basemap, underlaid, type Basemap, type Underlay } from '../core/basemap.ts';
import { dressed, HOVER, kind_pattern, landuse_color, type Dress, type Style, type StyleLayer } from '../core/dress.ts';
import type { Bounds, LonLat } from '../core/model.ts';
import { zoom_for_area } from '../core/scale.ts';
import {
  followed,
  readdressed,
  touched_tiles,
  type Shown,
  type TileAddress,
  type TileNews,
} from '../core/tile_news.ts';
import type { Camera } from '../core/view_link.ts';
import { by_id, feature_near, id_of, keep_lent, shown_by, takes_layers } from './style_parts.ts';
import './map.css';

setWorkerUrl(worker_url);
prewarm(); // it comes while the figures and the style are asked for

const SOURCE = 'farmzone';
const ZONE_LAYER = 'zones-fill';
const EVENT_LAYER = 'encroachments-fill';
/** From here on a piece is large enough to be meant by a click. */
const EVENT_CLICK_ZOOM = 11.5;
const MAX_ZOOM = 19;
/** Deeper ones are drawn from tiles of this zoom. */
const MAX_TILE_ZOOM = 16;
/** After so many the map begins anew. */
const MOST_NEWS = 200;
/** Closer than this a small zone would lose its surroundings. */
const MAX_FIT_ZOOM = 16;
const EVENT_ZOOM = 17;
/** What a phone and a desktop both leave free beside the cards. */
const WINDOW_PX = 360;
const ZOOM_LEEWAY = 1.5;
const FLY_MS = 250;
/** A touch is thicker than a pointer. */
const TOUCH_RADIUS_PX = 6;

export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface Chosen {
  event: string | null;
  zone: string | null;
  /** Where zones are there but drawn as one area, without a name for each. */
  among: LonLat | null;
}

export interface MapListener {
  /** While and after the map moves. */
  moved(camera: Camera, at_rest: boolean): void;
  /** A click, a tap or Enter: the piece of lost land there, else the zone, else nothing. */
  chosen(what: Chosen): void;
  /** Where the pointer is; null when it left the map. */
  pointed(at: LonLat | null): void;
  /** The style could not be loaded. */
  failed(): void;
  /** Everything in view is drawn. */
  drawn(): void;
  /** The style is there; tiles follow. */
  ready(): void;
  /** The style is of an older revision than the last that `refresh` was told of. */
  outdated(): void;
  /** Nothing came of the basemap: its style cannot be drawn, or not one of its tiles came. */
  basemap_failed?(): void;
  /** The browser took back what the map is drawn with, or gave it again. */
  lost?(is_lost: boolean): void;
}

export class FarmMap {
  readonly #map: MapLibreMap;
  readonly #listener: MapListener;
  readonly #calm: boolean;
  #dress: Dress;
  #ink: string;
  #base: Style | null = null;
  #worn: Map<string, StyleLayer> = new Map();
  #hovered: string | null = null;
  #n_lent = 0;
  /** What the tiles on the map are of; null until there is a style. */
  #shown: Shown | null = null;
  #revision_told = 0;
  #revision_missed = 0;
  readonly #news: TileNews[] = [];
  #through: ((x: number) => FarmMap | null) | null = null;
  /** What lies on the ground, and how its tiles fare. */
  #under: Underlay | null = null;
  #under_came = false;
  #under_failed = false;
  /** How far the last style has come that was asked for; null when it is on the map, or will not be. */
  #styling: 'asked' | 'put' | null = null;
  #n_asked = 0;

  constructor(
    container: HTMLElement,
    bounds: Bounds,
    camera: Camera | null,
    insets: Insets,
    dress: Dress,
    listener: MapListener,
  ) {
    this.#listener = listener;
    this.#dress = dress;
    this.#ink = '#000000';
    this.#calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#map = new MapLibreMap({
      container,
      style: { version: 8, sources: {}, layers: [] },
      maxZoom: MAX_ZOOM,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      fadeDuration: this.#calm ? 0 : 150,
      transformRequest: (address) => ({ url: readdressed(address, this.#news) }),
      ...(camera
        ? { center: [camera.lon, camera.lat], zoom: camera.zoom }
        : { bounds: [...bounds], fitBoundsOptions: { padding: insets, maxZoom: MAX_FIT_ZOOM } }),
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#listen();
  }

  /** Loads the style at `url`; `ink` is the colour of outlines, `under` what lies on its ground. */
  show(url: string, ink: string, under: Underlay | null): void {
    // Before its first frame a map has nothing that a style could be compared with.
    if (!takes_layers(this.#map)) return void this.#map.once('style.load', () => this.show(url, ink, under));
    this.#ink = ink;
    if (under !== this.#under) [this.#under, this.#under_came, this.#under_failed] = [under, false, false];
    this.#styling = 'asked';
    const number = (this.#n_asked += 1);
    this.#map.setStyle(url, {
      diff: true,
      transformStyle: (previous, next) => {
        const plain = (this.#calm ? { ...next, transition: { duration: 0, delay: 0 } } : next) as unknown as Style;
        this.#base = underlaid(plain, under);
        if (number === this.#n_asked) this.#styling = 'put';
        // A style that changes nothing, or is refused, is not drawn by itself, and `drawn` would never come.
        this.#map.triggerRepaint();
        const style = dressed(this.#base, this.#dress, this.#ink);
        if (this.#n_lent > 0 && previous) keep_lent(style, previous as unknown as Style);
        this.#worn = by_id(style.layers);
        this.#shown = shown_by(this.#base);
        this.#news.length = 0;
        // Once for each: a gateway may go on giving the old one.
        if (this.#shown.near < this.#revision_told && this.#revision_missed !== this.#revision_told) {
          this.#revision_missed = this.#revision_told;
          this.#listener.outdated();
        }
        return style as unknown as StyleSpecification;
      },
    });
  }

  /** Draws anew what a revision changed; false when only a new style can. */
  refresh(news: TileNews): boolean {
    this.#revision_told = Math.max(this.#revision_told, news.revision);
    if (this.#shown === null) return true; // the style will be compared when it is here
    const shown = followed(this.#shown, news);
    if (shown === this.#shown) return true;
    if (shown === null || this.#news.length === MOST_NEWS || !this.#map.getSource(SOURCE)) return false;
    this.#shown = shown;
    this.#news.push(news);
    const touched = news.tiles ?? this.#near_tiles().flatMap((z) => touched_tiles(news, z, this.#bounds()));
    if (touched.length > 0)
      this.#map.refreshTiles(
        SOURCE,
        touched.map(([z, x, y]: TileAddress) => ({ z, x, y })),
      );
    // Tiles that are kept but not in view are dropped when there is time; those in view come from the browser's cache.
    if (news.tiles) void this.#map.once('idle', () => this.#map.getSource(SOURCE) && this.#map.refreshTiles(SOURCE));
    return true;
  }

  /** Zooms whose tiles may be on the map. */
  #near_tiles(): number[] {
    const zoom = Math.min(Math.floor(this.#map.getZoom()), MAX_TILE_ZOOM);
    return [zoom - 1, zoom, zoom + 1].filter((z) => z >= 0 && z <= MAX_TILE_ZOOM);
  }

  #bounds(): Bounds {
    const bounds = this.#map.getBounds();
    return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  }

  /** Switches, filters and outlines, without loading anything. */
  wear(dress: Dress): void {
    this.#dress = dress;
    if (!this.#base) return; // `show` will see to it
    const wanted = by_id(dressed(this.#base, dress, this.#ink).layers);
    for (const [id, layer] of wanted) {
      const worn = this.#worn.get(id);
      if (!this.#map.getLayer(id)) continue;
      if (JSON.stringify(worn?.filter) !== JSON.stringify(layer.filter)) {
        this.#map.setFilter(id, (layer.filter ?? null) as FilterSpecification | null);
      }
      const visibility = layer.layout?.['visibility'] === 'none' ? 'none' : 'visible';
      if (worn?.layout?.['visibility'] !== visibility) this.#map.setLayoutProperty(id, 'visibility', visibility);
    }
    this.#worn = wanted;
  }

  fit(bounds: Bounds, insets: Insets): void {
    this.#map.fitBounds([...bounds], { padding: insets, maxZoom: MAX_FIT_ZOOM, duration: FLY_MS });
  }

  /** Goes to a piece of land; the zoom stays where it shows the piece well. */
  fly_to(center: LonLat, area_m2: number, insets: Insets): void {
    // An offset, not a padding: a padding would stay and shift every later move.
    const offset: [number, number] = [(insets.left - insets.right) / 2, (insets.top - insets.bottom) / 2];
    const fitting = Math.min(EVENT_ZOOM, zoom_for_area(area_m2, center[1], WINDOW_PX));
    const zoom = Math.min(Math.max(fitting, this.#map.getZoom()), fitting + ZOOM_LEEWAY);
    this.#map.easeTo({ center: [...center], zoom, offset, duration: FLY_MS });
  }

  /** Moves a place out from under the cards; what is in sight stays where it is. */
  reveal(center: LonLat, insets: Insets): void {
    const { x, y } = this.#map.project([...center]);
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const in_sight =
      x >= insets.left && x <= clientWidth - insets.right && y >= insets.top && y <= clientHeight - insets.bottom;
    if (in_sight) return;
    const offset: [number, number] = [(insets.left - insets.right) / 2, (insets.top - insets.bottom) / 2];
    this.#map.easeTo({ center: [...center], offset, duration: FLY_MS });
  }

  go_to(camera: Camera): void {
    this.#map.jumpTo({ center: [camera.lon, camera.lat], zoom: camera.zoom });
  }

  zoom_by(steps: number): void {
    this.#map.zoomTo(this.#map.getZoom() + steps, { duration: FLY_MS });
  }

  camera(): Camera {
    const { lng, lat } = this.#map.getCenter();
    return { zoom: this.#map.getZoom(), lat, lon: lng };
  }

  /** The place at a pixel. */
  under(x: number, y: number): LonLat {
    const { lng, lat } = this.#map.unproject([x, y]);
    return [lng, lat];
  }

  pixel_of(at: LonLat): { x: number; y: number } {
    return this.#map.project([...at]);
  }

  /** Brings a place to a pixel, at once. */
  put_under(at: LonLat, zoom: number, x: number, y: number): void {
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const offset: [number, number] = [x - clientWidth / 2, y - clientHeight / 2];
    this.#map.easeTo({ center: [...at], zoom, offset, duration: 0 });
  }

  /** Its window has another size. */
  resize(): void {
    this.#map.resize();
  }

  /** What the window shows beside the cards. */
  bounds(insets: Insets): Bounds {
    const { clientWidth, clientHeight } = this.#map.getContainer();
    const low = this.#map.unproject([insets.left, clientHeight - insets.bottom]);
    const high = this.#map.unproject([clientWidth - insets.right, insets.top]);
    return [low.lng, low.lat, high.lng, high.lat];
  }

  /** The colour of a land-use class on this map, for the legend. */
  landuse_color(code: string, group: string): string | null {
    return this.#base && landuse_color(this.#base, code, group);
  }

  /** What is drawn over the colour of a kind on this map, for the legend. */
  kind_pattern(kind: string): ImageData | null {
    const name = this.#base && kind_pattern(this.#base, kind);
    const picture = name ? this.#map.getImage(name)?.data : null;
    return picture ? new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height) : null;
  }

  /** The basemap that the style names. */
  basemap(): Basemap | null {
    return this.#base && basemap_of(this.#base);
  }

  set_label(label: string): void {
    this.#map.getCanvas().setAttribute('aria-label', label);
  }

  focus(): void {
    this.#map.getCanvas().focus();
  }

  /** The map itself, for another module of this folder; until it is given back (as often as it was lent), clicks and Enter choose nothing here. */
  lend(): MapLibreMap {
    this.#n_lent += 1;
    this.#hover({ event: null, zone: null, among: null });
    return this.#map;
  }

  /** While another map lies over a part of this one: which one is meant at a pixel, where it is not this. */
  look_through(at: ((x: number) => FarmMap | null) | null): void {
    this.#through = at;
  }

  take_back(): void {
    this.#n_lent -= 1;
  }

  remove(): void {
    // What is still on its way for it is missed by nobody.
    this.#map.setMissingStyleImageResolver(() => new Promise<never>(() => undefined));
    this.#map.remove();
  }

  #listen(): void {
    const map = this.#map;
    map.on('move', () => this.#listener.moved(this.camera(), false));
    map.on('moveend', () => this.#listener.moved(this.camera(), true));
    map.on('click', (event) => {
      if (this.#n_lent === 0) this.#listener.chosen(this.#near(event.point.x, event.point.y, radius_px(event)));
    });
    map.on('mousemove', (event) => {
      this.#listener.pointed([event.lngLat.lng, event.lngLat.lat]);
      if (this.#n_lent === 0) this.#hover(this.#near(event.point.x, event.point.y, radius_px(event)));
    });
    map.on('mouseout', () => {
      this.#listener.pointed(null);
      this.#hover({ event: null, zone: null, among: null });
    });
    map.on('styledata', () => {
      if (this.#styling === 'put') this.#styling = null;
      if (this.#base) this.#listener.ready();
    });
    map.on('idle', () => {
      if (this.#base && this.#styling !== 'asked') this.#listener.drawn();
      // Some of its tiles may be missing, where it has no land; without a single one there is no basemap.
      if (this.#under_failed && !this.#under_came) this.#listener.basemap_failed?.();
    });
    map.on('sourcedata', (event) => {
      if (event.tile && is_of_basemap(event.sourceId)) this.#under_came = true;
    });
    map.on('webglcontextlost', () => this.#listener.lost?.(true));
    map.on('webglcontextrestored', () => this.#listener.lost?.(false));
    map.on('error', (event) => {
      // A tile that fails is asked for again by itself; a style is not, and the map stays as it was.
      if ('sourceId' in event) this.#under_failed ||= is_of_basemap(String(event.sourceId));
      else if (this.#styling === 'put' && this.#under) this.#listener.basemap_failed?.();
      else if (this.#styling === 'asked' || !this.#base) {
        this.#styling = null;
        this.#listener.failed();
        map.triggerRepaint();
      }
    });
    map.getCanvas().addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.#n_lent > 0) return;
      const { clientWidth, clientHeight } = map.getContainer();
      this.#listener.chosen(this.#near(clientWidth / 2, clientHeight / 2, 0));
    });
  }

  #near(x: number, y: number, radius_px: number): Chosen {
    const small = this.#map.getZoom() < EVENT_CLICK_ZOOM;
    const on = this.#through?.(x) ?? this;
    const event = small ? undefined : feature_near(on.#map, EVENT_LAYER, x, y, radius_px);
    const zone = feature_near(on.#map, ZONE_LAYER, x, y, radius_px);
    const { lng, lat } = this.#map.unproject([x, y]);
    return { event: id_of(event), zone: id_of(zone), among: zone && id_of(zone) === null ? [lng, lat] : null };
  }

  #hover({ zone, among }: Chosen): void {
    this.#map.getCanvasContainer().classList.toggle('over-zone', zone !== null || among !== null);
    if (zone === this.#hovered) return;
    const mark = (id: string, hover: boolean) => {
      if (this.#map.getLayer(HOVER)) this.#map.setFeatureState({ source: SOURCE, sourceLayer: 'zones', id }, { hover });
    };
    if (this.#hovered !== null) mark(this.#hovered, false);
    if (zone !== null) mark(zone, true);
    this.#hovered = zone;
  }
}

function radius_px({ originalEvent }: MapMouseEvent): number {
  return originalEvent instanceof PointerEvent && originalEvent.pointerType === 'touch' ? TOUCH_RADIUS_PX : 0;
}
