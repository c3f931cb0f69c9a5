// What the link or a click names, and where the map goes for it.
import type { EventCard, Zone } from './model.ts';
import type { View } from './view_link.ts';

/** The zone that the link or a click names. */
export type ChosenZone =
  | { status: 'none' }
  | { status: 'loading'; id: string }
  | { status: 'shown'; id: string; zone: Zone }
  | { status: 'not_found' | 'failed'; id: string };

/** The piece of lost land that the link or a click names; `zone` when its zone could be read too. */
export type ChosenEvent =
  | { status: 'none' }
  | { status: 'loading'; id: string }
  | { status: 'shown'; id: string; event: EventCard; zone: Zone | null }
  | { status: 'not_found' | 'failed'; id: string };

/** What a link names without saying which place to show: the map is to find it. */
export function sought_by({ camera, event, zone }: Pick<View, 'camera' | 'event' | 'zone'>): string | null {
  return camera === null ? (event ?? zone) : null;
}
