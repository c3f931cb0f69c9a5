// The basemap that the city's settings name, and what of it lies on the map. One for the page: every map shows the same.
import type { Basemap, Underlay } from '../core/basemap.ts';
import type { Theme } from '../core/model.ts';

class BasemapState {
  named = $state.raw<Basemap | null>(null);
  under = $state.raw<Underlay | null>(null);
  failed = $state(false);

  /** What a style says; the same again changes nothing. */
  tell(basemap: Basemap | null): void {
    if (JSON.stringify(basemap) !== JSON.stringify(this.named)) this.named = basemap;
  }

  /** Lays it under the map; returns what stops that. */
  lay(basemap: Basemap, theme: Theme): () => void {
    const request = new AbortController();
    this.failed = false;
    import('../map/basemap.ts')
      .then(({ underlay_of }) => underlay_of(basemap, theme, request.signal))
      .then((under) => {
        if (!request.signal.aborted) this.under = under;
      })
      .catch(() => {
        if (!request.signal.aborted) this.failed = true;
      });
    return () => request.abort();
  }

  /** What was laid cannot be drawn: the map stays without it. */
  fail(): void {
    this.under = null;
    this.failed = true;
  }

  lift(): void {
    this.under = null;
    this.failed = false;
  }
}

export const basemap = new BasemapState();
