// The desks that signed-in people open in place of the panel; each is loaded when it is entered.
import type { Component } from 'svelte';
import type { Action } from '../../core/session.ts';
import type { WorkKey } from '../../i18n/work.ts';
import type { FarmMap, Insets } from '../../map/farm_map.ts';

export interface DeskProps {
  map: FarmMap;
  insets: Insets;
  onleave: () => void;
}

export interface DeskEntry {
  name: WorkKey;
  /** What one must be allowed to do to be offered it. */
  action: Action;
  load: () => Promise<{ default: Component<DeskProps> }>;
}

export const DESKS: readonly DeskEntry[] = [
  { name: 'edit', action: 'edit_zones', load: () => import('../edit/desk.svelte') },
  { name: 'history', action: 'read_edits', load: () => import('../history/desk.svelte') },
];
