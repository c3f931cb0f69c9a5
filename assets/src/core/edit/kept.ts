// Unsaved work as text for the browser's store, and back. What cannot be read is no work; it never breaks the page.
import type { Step, Unsaved } from './draft.ts';
import type { ZoneShape } from './shape.ts';

export interface Kept {
  /** The client's id of the edit: sent again it answers what the first did. */
  id: string;
  /** It may have reached the server: the same operations must go under the same id. */
  was_sent: boolean;
  reason: string;
  decision: string;
  valid_from: string;
  work: Unsaved;
}

const FORM = 1;

export function to_text({ work, ...rest }: Kept): string {
  const steps = (list: readonly Step[]) =>
    list.map((step) => ({ ...step, result: step.result ? [...step.result] : null }));
  return JSON.stringify({ form: FORM, ...rest, steps: steps(work.steps), undone: steps(work.undone), base: work.base });
}

export function of_text(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const kept = JSON.parse(text) as Record<string, unknown>;
    if (kept['form'] !== FORM || typeof kept['id'] !== 'string') return null;
    const steps = (list: unknown): Step[] =>
      (list as (Omit<Step, 'result'> & { result: [string, ZoneShape | null][] | null })[]).map((step) => {
        if (!Array.isArray(step.operations)) throw new TypeError('no operations');
        return { ...step, result: step.result ? new Map(step.result) : null };
      });
    return {
      id: kept['id'],
      was_sent: kept['was_sent'] === true,
      reason: String(kept['reason'] ?? ''),
      decision: String(kept['decision'] ?? ''),
      valid_from: String(kept['valid_from'] ?? ''),
      work: { steps: steps(kept['steps']), undone: steps(kept['undone']), base: kept['base'] as ZoneShape[] },
    };
  } catch {
    return null;
  }
}
