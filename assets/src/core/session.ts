// Who is signed in, and what he may do: as the server says. The server decides; what is asked here only spares a reader buttons
// that would be refused.

/** As `Role` of the server; viewer is everybody without an account. */
export type Role = 'viewer' | 'officer' | 'planner' | 'approver' | 'administrator';

/** As `Action` of the server. */
export type Action =
  | 'read_edits'
  | 'edit_zones'
  | 'make_tokens'
  | 'manage_accounts'
  | 'read_plans'
  | 'make_plans'
  | 'approve_plans'
  | 'read_register'
  | 'read_holders'
  | 'edit_register'
  | 'read_alerts'
  | 'handle_alerts';

export interface SessionFacts {
  role: Role;
  /** Null without an account. */
  name: string | null;
  /** What he may touch; empty: all. */
  kinds: string[];
  units: string[];
  /** Null without a session. */
  csrf: string | null;
  may: Action[];
}

export const NOBODY: SessionFacts = { role: 'viewer', name: null, kinds: [], units: [], csrf: null, may: [] };

/** Whether land of a kind, in a commune where it is known, is his to change. */
export function may_touch(facts: SessionFacts, kind: string, unit: string | null): boolean {
  const within = (names: string[], name: string | null) =>
    names.length === 0 || (name !== null && names.includes(name));
  return within(facts.kinds, kind) && within(facts.units, unit);
}
