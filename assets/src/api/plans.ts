// Plans beside the map, as the server takes and gives them (docs/api.md, “Plans”). Loaded with the desk of plans.
import type { Xy, ZoneShape } from '../core/edit/shape.ts';
import type { Bounds, LonLat, LonLatShape, Text } from '../core/model.ts';
import { address, ApiError, get_json, send_json, type Method } from './client.ts';
import { issue_of, type Issue, type Shapes } from './edits.ts';

export type PlanState = 'draft' | 'submitted' | 'returned' | 'approved' | 'published';
export type Decision = 'submit' | 'return' | 'approve' | 'publish';

export interface Step {
  state: PlanState;
  at: string;
  who?: string | null;
  note: string;
}

export interface Plan {
  id: string;
  name: string;
  note: string;
  state: PlanState;
  revision: number;
  decision: string | null;
  created: string;
  changed: string;
  n_zones: number;
  steps: Step[];
  owner?: string;
  is_shared?: boolean;
}

export interface PlanComment {
  n: number;
  who: string;
  at: string;
  text: string;
  place: LonLat | null;
  is_resolved: boolean;
}

export interface PlanCard extends Plan {
  bounds: Bounds | null;
  /** As comments and names not for who reads by a link. */
  edits?: { id: string; at: string; who?: string; reason: string; undoes: string | null; despite?: string | null }[];
  comments?: PlanComment[];
}

export interface ZoneChange {
  id: string;
  name: string | null;
  change: 'made' | 'changed' | 'removed';
  kind: string;
  kind_before: string | null;
  area_before_m2: number | null;
  area_after_m2: number | null;
  gained_m2: number;
  lost_m2: number;
  fields: string[];
  is_reshaped: boolean;
}

export interface ChangedLand extends ZoneChange {
  land: LonLatShape;
}

interface FieldCollision {
  field: string;
  base: unknown;
  theirs: unknown;
  ours: unknown;
}

/** What keeps a plan from the map as it is now. */
export type Collision =
  | {
      what: 'changed' | 'gone' | 'removed' | 'made';
      zone: string;
      fields: FieldCollision[];
      theirs: ZoneShape | null;
      ours: ZoneShape | null;
    }
  | { what: 'overlap'; zones: string[]; area_m2: number | null; at: LonLat | null; message: Text | string };

export interface PlanChanges {
  zones: ChangedLand[];
  collisions: Collision[];
  issues: Issue[];
}

export interface FigureRow {
  key: string;
  name: Text;
  n_zones: number;
  area_m2: number;
  /** Null before there is any land use. */
  lost_m2: number | null;
  /** Null where an epoch shows nothing of it. */
  remaining_m2: number | null;
  target_m2: number | null;
  n_patches: number;
  mean_patch_m2: number | null;
  n_slivers: number;
  yield_t_per_ha: number | null;
  supply_t: number | null;
}

export interface Figures {
  rows: FigureRow[];
  totals: Omit<FigureRow, 'key' | 'name'>;
  supply_t: number | null;
  demand_t: number | null;
  supply_share: number | null;
}

export interface PlanFigures extends Figures {
  epoch: string | null;
  with: Figures | null;
}

const PLANS_URL = '/api/v1/plans';
const url_of = (plan: string, rest = ''): string => `${PLANS_URL}/${encodeURIComponent(plan)}${rest}`;

export const get_plans = (limit: number, offset: number, signal?: AbortSignal) =>
  get_json<{ n_matched: number; plans: Plan[] }>(address(PLANS_URL, { limit, offset }), signal);

export const make_plan = (plan: { id: string; name: string; note: string }): Promise<Plan> =>
  send_json('POST', PLANS_URL, plan);

export const get_plan = (id: string, share: string | null, signal?: AbortSignal): Promise<PlanCard> =>
  get_json(address(url_of(id), { share }), signal);

const at_revision = <T>(method: Method, plan: Plan, body?: unknown): Promise<T> =>
  send_json(method, url_of(plan.id), body, undefined, { 'if-match': `"${plan.revision}"` });

export const rename_plan = (plan: Plan, name: string, note: string): Promise<Plan> =>
  at_revision('PATCH', plan, { name, note });

export const remove_plan = (plan: Plan): Promise<null> => at_revision('DELETE', plan);

export const decide = (plan: Plan, decision: Decision, note: string, document: string): Promise<Plan> =>
  send_json(
    'POST',
    url_of(plan.id, `/${decision}`),
    { note, ...(document ? { decision: document } : {}) },
    undefined,
    // Nobody decides on what was changed while they read.
    { 'if-match': `"${plan.revision}"` },
  );

/** The secret is told this once. */
export const share_plan = (id: string): Promise<Plan & { share: string }> => send_json('POST', url_of(id, '/share'));
export const unshare_plan = (id: string): Promise<null> => send_json('DELETE', url_of(id, '/share'));

export const add_comment = (plan: string, text: string, at_xy: Xy | null): Promise<PlanComment> =>
  send_json('POST', url_of(plan, '/comments'), { text, at_xy });
export const change_comment = (plan: string, n: number, is_resolved: boolean): Promise<PlanComment> =>
  send_json('PATCH', url_of(plan, `/comments/${n}`), { is_resolved });
export const remove_comment = (plan: string, n: number): Promise<null> =>
  send_json('DELETE', url_of(plan, `/comments/${n}`));

export function get_figures(
  plan: string,
  query: { with: string; yields: string; demand_t: number | null; share: string | null },
  signal?: AbortSignal,
): Promise<PlanFigures> {
  return get_json(address(url_of(plan, '/figures'), query).replace(/%3A/g, ':'), signal);
}

/** Where the same as `get_changes` is a spreadsheet. */
export const sheet_url = (plan: string, other: string | null, share: string | null): string =>
  address(url_of(plan, '/changes.xlsx'), { with: other, share });

type Polygons =
  { type: 'Polygon'; coordinates: LonLat[][] } | { type: 'MultiPolygon'; coordinates: LonLat[][][] } | null;

/** In what a plan differs from the map, or (`other`) from another plan. */
export async function get_changes(
  plan: string,
  other: string | null,
  share: string | null,
  signal?: AbortSignal,
): Promise<PlanChanges> {
  const { features, collisions, issues } = await get_json<{
    features: { geometry: Polygons; properties: ZoneChange }[];
    collisions: Collision[];
    issues: Partial<Issue>[];
  }>(address(url_of(plan, '/changes'), { with: other, share }), signal);
  const zones = features.map(({ geometry, properties }) => {
    const land = geometry?.type === 'Polygon' ? [geometry.coordinates] : (geometry?.coordinates ?? []);
    return { ...properties, land };
  });
  return { zones, collisions, issues: issues.map(issue_of) };
}

const IDS_AT_ONCE = 100;

/** Zones by id as a plan (null: the map) has them; those that it does not have are left out. */
export async function get_zones(
  plan: string | null,
  ids: readonly string[],
  share: string | null,
  signal?: AbortSignal,
): Promise<ZoneShape[]> {
  const url = plan === null ? '/api/v1/zones/shapes' : url_of(plan, '/shapes');
  const zones: ZoneShape[] = [];
  for (let i = 0; i < ids.length; i += IDS_AT_ONCE) {
    const id = ids.slice(i, i + IDS_AT_ONCE).join(',');
    zones.push(...(await get_json<Shapes>(address(url, { id, share: plan === null ? null : share }), signal)).zones);
  }
  return zones;
}

/** What a refusal of a decision says of collisions and faults. */
export function refusal_of(error: ApiError): { collisions: Collision[]; issues: Issue[] } {
  const list = (member: string): unknown[] => (Array.isArray(error.refusal[member]) ? error.refusal[member] : []);
  return {
    collisions: list('collisions') as Collision[],
    issues: (list('issues') as Partial<Issue>[]).map(issue_of),
  };
}
