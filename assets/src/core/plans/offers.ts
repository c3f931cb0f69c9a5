// What a person may do with a plan, as the server has it (docs/plans.md, “States”): spares a reader buttons that would be refused.
import type { SessionFacts } from '../session.ts';

export type Offer = 'change' | 'remove' | 'share' | 'submit' | 'return' | 'approve' | 'publish' | 'comment';

interface Asked {
  state: string;
  owner?: string;
  n_zones: number;
}

/** Without an owner the plan is read by a link, and nothing is offered. */
export function offers(plan: Asked | null, person: Pick<SessionFacts, 'name' | 'may'>): ReadonlySet<Offer> {
  const found = new Set<Offer>();
  if (plan?.owner === undefined || person.name === null) return found;
  const { state } = plan;
  const makes = person.may.includes('make_plans');
  if (makes) found.add('comment');
  if (plan.owner === person.name) {
    if (!makes) return found;
    found.add('share');
    if (state !== 'published') found.add('remove');
    if (state === 'draft' || state === 'returned') {
      found.add('change');
      if (plan.n_zones > 0) found.add('submit');
    }
  } else if (person.may.includes('approve_plans')) {
    if (state === 'submitted') found.add('approve');
    if (state === 'submitted' || state === 'approved') found.add('return');
    if (state === 'approved') found.add('publish');
  }
  return found;
}
