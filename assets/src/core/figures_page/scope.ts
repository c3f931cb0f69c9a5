// Which filters of the link a card of figures does not follow: it says so.
import type { EventFilter } from '../model.ts';

export const EVENT_FILTERS = ['groups', 'rights', 'changes', 'severity', 'since'] as const;
export type EventFilterName = (typeof EVENT_FILTERS)[number];

/** Filters that are set and that a card which follows `followed` does not heed. */
export function unheeded(filter: EventFilter, followed: readonly EventFilterName[]): EventFilterName[] {
  const is_set: Record<EventFilterName, boolean> = {
    groups: filter.groups.length > 0,
    rights: filter.rights.length > 0,
    changes: filter.changes.length > 0,
    severity: filter.severity !== null,
    since: filter.since !== null,
  };
  return EVENT_FILTERS.filter((name) => is_set[name] && !followed.includes(name));
}
