// Somebody who edits while others look: edits sent to the server, so that there is a past to look at.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { PASSWORD, PLANNER, type DeskServer } from './desk.ts';

export interface Planner {
  /** Makes an edit on the zones as they are; its answer. */
  edit(
    reason: string,
    ids: string[],
    operations: Record<string, unknown>[],
    more?: { decision?: string; valid_from?: string },
  ): Promise<{ id: string; revision: number; made: Record<string, string[]> }>;
}

/** Signs in as the planner of `serve_pairs`. */
export async function planner(server: DeskServer): Promise<Planner> {
  const json = { 'content-type': 'application/json' };
  const signed = await fetch(`${server.address}/api/v1/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ name: PLANNER, password: PASSWORD }),
  });
  assert.ok(signed.ok, `sign in: ${signed.status}`);
  const { csrf } = (await signed.json()) as { csrf: string };
  const cookie = (signed.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return {
    edit: async (reason, ids, operations, more = {}) => {
      const zones = await server.shapes(ids);
      const base = Object.fromEntries(zones.map((zone) => [zone.id, zone.revision]));
      const answer = await fetch(`${server.address}/api/v1/edits`, {
        method: 'POST',
        headers: { ...json, cookie, 'x-csrf-token': csrf },
        body: JSON.stringify({ id: randomUUID(), reason, base, operations, ...more }),
      });
      const text = await answer.text();
      assert.ok(answer.ok, `${reason}: ${answer.status} ${text}`);
      return JSON.parse(text) as Awaited<ReturnType<Planner['edit']>>;
    },
  };
}
