// What a reader holds over the map: a place that was looked up, or the measure. One for the page.
import type { LonLat } from '../core/model.ts';

export interface Place {
  at: LonLat;
  /** How far off the device says that it may be; null for a place that was typed. */
  accuracy_m: number | null;
}

class Instruments {
  use = $state<'place' | 'measure' | null>(null);
  /** Null while the device is asked where it is. */
  place = $state.raw<Place | null>(null);

  take(use: 'place' | 'measure', place: Place | null = null): void {
    this.place = place;
    this.use = use;
  }

  lay_down(): void {
    this.use = this.place = null;
  }
}

export const instruments = new Instruments();
