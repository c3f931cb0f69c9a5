// The zones' true shapes and the edits of them, as the server takes and gives them (docs/api.md).
import type { Operation } from '../core/edit/operation.ts';
import type { Xy, ZoneShape } from '../core/edit/shape.ts';
import type { Bounds, LonLat, Text } from '../core/model.ts';
import { address, ApiError, get_json, send_json } from './client.ts';

export interface Shapes {
  revision: number;
  n_matched: number;
  /** False when there were more than the server gives at once. */
  is_complete: boolean;
  zones: ZoneShape[];
}

export interface Repair {
  text: Text;
  operations: Operation[];
}

/** Something wrong with an edit, where, and how to mend it. */
export interface Issue {
  code: string;
  severity: 'error' | 'warning';
  message: Text;
  zones: string[];
  at: LonLat | null;
  at_xy: Xy | null;
  area_m2: number | null;
  repairs: Repair[];
}

export interface EditRequest {
  id: string;
  reason: string;
  decision?: string;
  valid_from?: string;
  base: Record<string, number>;
  operations: Operation[];
  is_dry_run: boolean;
  /** Only to a plan: why it is kept although the map would refuse it. */
  despite?: string;
}

export interface Saved {
  id: string;
  revision: number | null;
  zones: ZoneShape[];
  removed: string[];
  issues: Issue[];
}

export type EditAnswer =
  | { status: 'saved'; edit: Saved }
  | { status: 'refused'; message: string; issues: Issue[] }
  | { status: 'conflict'; message: string; zones: ZoneShape[]; missing: string[] }
  /** Not signed in any more, or not allowed to. */
  | { status: 'forbidden'; message: string }
  /** Nothing is known to have happened: the same may be sent again under the same id. */
  | { status: 'unreachable' }
  | { status: 'failed'; message: string };

/** Where zones are read for editing, and edits go: the map, or a plan. */
export interface EditStore {
  shapes(bounds: Bounds, signal?: AbortSignal): Promise<Shapes>;
  shapes_of(ids: readonly string[], signal?: AbortSignal): Promise<Shapes>;
  send(request: EditRequest): Promise<EditAnswer>;
  /** The inverse of an edit that was saved, as an edit of its own. */
  undo(edit: string, id: string, reason: string): Promise<EditAnswer>;
}

const store_at = (shapes: string, edits: string): EditStore => ({
  shapes(bounds, signal) {
    const bbox = bounds.map((degrees) => degrees.toFixed(6)).join(',');
    return get_json(address(shapes, { bbox }), signal);
  },
  shapes_of: (ids, signal) => get_json(address(shapes, { id: ids.join(',') }), signal),
  send: (request) => send(edits, request),
  undo: (edit, id, reason) => send(`${edits}/${encodeURIComponent(edit)}/undo`, { id, reason }),
});

export const MAP_STORE = store_at('/api/v1/zones/shapes', '/api/v1/edits');

export function plan_store(plan: string): EditStore {
  const url = `/api/v1/plans/${encodeURIComponent(plan)}`;
  return store_at(`${url}/shapes`, `${url}/edits`);
}

async function send(url: string, body: unknown): Promise<EditAnswer> {
  try {
    const {
      id = '',
      revision = null,
      zones = [],
      removed = [],
      issues = [],
    } = await send_json<Partial<Saved>>('POST', url, body);
    return { status: 'saved', edit: { id, revision, zones, removed, issues: issues.map(issue_of) } };
  } catch (error) {
    return error instanceof ApiError ? answer_of(error) : { status: 'failed', message: String(error) };
  }
}

function answer_of({ problem, status, refusal }: ApiError): EditAnswer {
  if (problem === 'unreachable') return { status: 'unreachable' };
  const message = refusal.message ?? '';
  const list = <T>(member: string): T[] => (Array.isArray(refusal[member]) ? (refusal[member] as T[]) : []);
  switch (status) {
    case 409:
      return { status: 'conflict', message, zones: list<ZoneShape>('zones'), missing: list<string>('missing') };
    case 401:
    case 403:
      return { status: 'forbidden', message };
    case 400:
    case 404:
    case 413:
    case 422:
      return { status: 'refused', message, issues: list<Partial<Issue>>('issues').map(issue_of) };
    default:
      return { status: 'failed', message };
  }
}

export function issue_of(issue: Partial<Issue>): Issue {
  return {
    code: issue.code ?? 'invalid',
    severity: issue.severity ?? 'error',
    message: text_of(issue.message),
    zones: issue.zones ?? [],
    at: issue.at ?? null,
    at_xy: issue.at_xy ?? null,
    area_m2: issue.area_m2 ?? null,
    repairs: issue.repairs ?? [],
  };
}

const text_of = (text: Text | string | undefined): Text =>
  typeof text === 'object' ? text : { vi: text ?? '', en: text ?? '' };
