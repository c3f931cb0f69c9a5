// A zone through its edits: every state that it had, the present one first, and what told each from the one before.
import { area_m2, type ZoneProperties, type ZoneShape } from '../edit/shape.ts';

/** An edit as it touched one zone; who and why are there for those who may read edits. */
export interface Version {
  id: string;
  revision: number;
  /** When it was recorded. */
  at: string;
  who?: string;
  reason?: string;
  decision: string | null;
  /** From when it holds in law, where that was said. */
  valid_from: string | null;
  undoes: string | null;
  before: ZoneShape | null;
  after: ZoneShape | null;
}

export interface ZoneVersions {
  id: string;
  is_there: boolean;
  parents: string[];
  children: string[];
  /** The latest first. */
  versions: Version[];
}

export type Deed = 'made' | 'removed' | 'reshaped' | 'attributes' | 'both' | 'vertices';

export interface AttributeChange {
  field: keyof ZoneProperties;
  before: string | number | null;
  after: string | number | null;
}

/** What a zone was from one edit to the next. */
export interface ZoneState {
  /** The edit that made it so; null for what came with the layer. */
  edit: Version | null;
  /** Null where the zone was gone. */
  zone: ZoneShape | null;
}

/** The latest first; before the first edit the zone was as it came. */
export function states_of(versions: readonly Version[]): ZoneState[] {
  const states: ZoneState[] = versions.map((edit) => ({ edit, zone: edit.after }));
  const came = versions.at(-1)?.before ?? null;
  return came ? [...states, { edit: null, zone: came }] : states;
}

/** Below this an area is the same: a neighbour's vertex was put on the border. */
const SAME_AREA_M2 = 0.05;

export function deed_of({ before, after }: Pick<Version, 'before' | 'after'>): Deed {
  if (before === null) return 'made';
  if (after === null) return 'removed';
  const has_attributes = attribute_changes(before, after).length > 0;
  const is_reshaped = JSON.stringify(before.polygons) !== JSON.stringify(after.polygons);
  if (has_attributes) return is_reshaped ? 'both' : 'attributes';
  const grew_m2 = area_m2(after.polygons) - area_m2(before.polygons);
  return Math.abs(grew_m2) < SAME_AREA_M2 && n_positions(after) !== n_positions(before) ? 'vertices' : 'reshaped';
}

const n_positions = ({ polygons }: ZoneShape): number => polygons.flat().reduce((n, ring) => n + ring.length, 0);

export function attribute_changes(before: ZoneShape, after: ZoneShape): AttributeChange[] {
  const fields = Object.keys(after.properties) as (keyof ZoneProperties)[];
  return fields
    .map((field) => ({ field, before: before.properties[field] ?? null, after: after.properties[field] ?? null }))
    .filter((change) => change.before !== change.after);
}
