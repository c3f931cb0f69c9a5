// What the view asks the map to look like: the same for every map of the page.
import type { Dress } from '../core/dress.ts';
import type { AppState } from './app_state.svelte.ts';

export const dress_of = (app: AppState): Dress => ({
  layers: [...app.view.layers],
  kinds: [...app.view.kinds],
  unit: app.view.unit,
  zone: app.outlined,
  event: app.view.event,
  events: app.event_filter,
});
