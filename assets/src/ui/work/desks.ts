// The desks that signed-in people open in place of the panel; each is loaded when it is entered.
import type { Component } from 'svelte';
import type { Action } from '../../core/session.ts';
import type { WorkKey } from '../../i18n/work.ts';
import type { FarmMap, Insets } from '../../map/farm_map.ts';

export interface DeskProps {
  map: FarmMap;
  insets: Insets;
  onleave: () => void;
  /** The map is what is to be seen now: on a phone the sheet makes room, by half where the desk is needed beside it. */
  onshow: (to?: 'peek' | 'half') => void;
  /** Files that were dropped on the map, once; then none again. */
  dropped?: readonly File[] | null;
  /** Says whether files that are dropped on the map are for the desk as it stands. */
  ontakes?: (takes: boolean) => void;
}

export interface DeskEntry {
  name: WorkKey;
  /** What one must be allowed to do to be offered it; null: nothing. */
  action: Action | null;
  load: () => Promise<{ default: Component<DeskProps> }>;
  /** Whether files that are dropped on the map are for it. */
  takes_files?: boolean;
}

/** Also opened by a link to a plan, by who has no account too. */
export const PLANS: DeskEntry = { name: 'plans', action: 'read_plans', load: () => import('../plans/desk.svelte') };

/** For everybody, also opened by a link to a code. */
export const CHECK: DeskEntry = {
  name: 'check',
  action: null,
  load: () => import('../check/desk.svelte'),
  takes_files: true,
};

export const REGISTER: DeskEntry = {
  name: 'register',
  action: 'read_register',
  load: () => import('../register/desk.svelte'),
  takes_files: true,
};

export const DESKS: readonly DeskEntry[] = [
  { name: 'alerts', action: 'read_alerts', load: () => import('../alerts/desk.svelte') },
  CHECK,
  REGISTER,
  { name: 'edit', action: 'edit_zones', load: () => import('../edit/desk.svelte'), takes_files: true },
  { name: 'drop', action: 'edit_zones', load: () => import('../drop/desk.svelte'), takes_files: true },
  PLANS,
  { name: 'history', action: 'read_edits', load: () => import('../history/desk.svelte') },
];
