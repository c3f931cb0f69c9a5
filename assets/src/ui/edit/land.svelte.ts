// Fetches the true shapes of the zones in view, with some land around, and again when the server tells of a change.
import { was_aborted } from '../../api/client.ts';
import type { EditStore } from '../../api/edits.ts';
import type { Draft } from '../../core/edit/draft.ts';
import type { Box, Xy } from '../../core/edit/shape.ts';
import type { Bounds, LonLat } from '../../core/model.ts';

/** Farther out a view holds more zones than one can edit. */
const MIN_ZOOM = 12;
/** Of the view's width and height, on each side. */
const MARGIN = 0.25;

export type LandStatus = 'idle' | 'far' | 'loading' | 'here' | 'partial' | 'failed';

export class Land {
  status = $state<LandStatus>('idle');
  n_matched = $state(0);
  readonly #draft: Draft;
  readonly #store: EditStore;
  readonly #project: (at: LonLat) => Xy;
  readonly #changed: () => void;
  #loaded: Bounds | null = null;
  #request: AbortController | null = null;

  constructor(draft: Draft, store: EditStore, project: (at: LonLat) => Xy, changed: () => void) {
    this.#draft = draft;
    this.#store = store;
    this.#project = project;
    this.#changed = changed;
  }

  /** What was fetched is old: somebody saved something. */
  outdate(): void {
    this.#loaded = null;
  }

  async load(view: Bounds, zoom: number): Promise<void> {
    if (zoom < MIN_ZOOM) {
      this.status = 'far';
      return;
    }
    if (this.#loaded && within(view, this.#loaded)) {
      if (this.status === 'far') this.status = 'here';
      return;
    }
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    const bounds = wider(view);
    this.status = 'loading';
    try {
      const { zones, n_matched, is_complete } = await this.#store.shapes(bounds, request.signal);
      this.#draft.fetched(zones, is_complete ? this.#inner(bounds) : null);
      this.#loaded = is_complete ? bounds : null;
      this.n_matched = n_matched;
      this.status = is_complete ? 'here' : 'partial';
      this.#changed();
    } catch (error) {
      if (!was_aborted(error)) this.status = 'failed';
    }
  }

  /** Zones wherever they lie; true when they are here. */
  async fetch(ids: readonly string[]): Promise<boolean> {
    try {
      this.#draft.fetched((await this.#store.shapes_of(ids)).zones, null);
      this.#changed();
      return true;
    } catch {
      return false;
    }
  }

  /** The largest box of metres inside bounds of degrees, about. */
  #inner([west, south, east, north]: Bounds): Box {
    const [sw, se, nw, ne] = [
      this.#project([west, south]),
      this.#project([east, south]),
      this.#project([west, north]),
      this.#project([east, north]),
    ] as const;
    return [Math.max(sw[0], nw[0]), Math.max(sw[1], se[1]), Math.min(se[0], ne[0]), Math.min(nw[1], ne[1])];
  }
}

const within = (a: Bounds, b: Bounds): boolean => a[0] >= b[0] && a[1] >= b[1] && a[2] <= b[2] && a[3] <= b[3];

function wider([west, south, east, north]: Bounds): Bounds {
  const [x, y] = [(east - west) * MARGIN, (north - south) * MARGIN];
  return [west - x, south - y, east + x, north + y];
}
