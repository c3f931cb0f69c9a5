// Which events are asked for: the same filter as the API's parameters, as a map's conditions, and in the address.
import type { EventFilter, Span } from './model.ts';

export const NO_EVENT_FILTER: EventFilter = { groups: [], rights: [], changes: [], severity: null, since: null };

/** The parts of a filter that concern events, without the rest. */
export function event_filter_of(filter: EventFilter): EventFilter {
  const { groups, rights, changes, severity, since } = filter;
  return { groups: [...groups], rights: [...rights], changes: [...changes], severity, since };
}

/** How many of its parts are set. */
export function n_event_filters({ groups, rights, changes, severity, since }: EventFilter): number {
  return groups.length + rights.length + changes.length + (severity === null ? 0 : 1) + (since === null ? 0 : 1);
}

export function event_query(filter: EventFilter): Record<string, string | number | null> {
  return {
    group: filter.groups.join(','),
    right: filter.rights.join(','),
    change: filter.changes.join(','),
    severity: filter.severity,
    since: filter.since && format_span(filter.since),
  };
}

/** Conditions on the properties that events have in tiles. */
export function event_conditions({ groups, rights, changes, severity, since }: EventFilter): unknown[] {
  const among = (key: string, values: readonly string[]) =>
    values.length > 0 ? [['in', ['get', key], ['literal', [...values]]]] : [];
  const text = ['coalesce', ['get', 'since'], ''];
  return [
    ...among('group', groups),
    ...among('right', rights),
    ...among('change', changes),
    ...(severity === null ? [] : [['>=', ['coalesce', ['get', 'severity'], 0], severity]]),
    // Epochs are years, months or days of ISO 8601, which sort as texts do.
    ...(since === null ? [] : [['all', ['>=', text, since.from], ['<=', text, since.to]]]),
  ];
}

/** `2019` or `2019..2024`. */
export function format_span({ from, to }: Span): string {
  return from === to ? from : `${from}..${to}`;
}

/** Null for what is no span, or one that ends before it begins. */
export function parse_span(text: string | null): Span | null {
  const [from, to = from, ...more] = (text ?? '').split('..');
  if (!from || !to || more.length > 0 || from > to) return null;
  return [from, to].every((epoch) => /^\d{4}(-\d{2}){0,2}$/.test(epoch)) ? { from, to } : null;
}

/** The span with one end moved; the other follows rather than let it turn over. Null ends fall back to first and last. */
export function moved_span(
  span: Span | null,
  end: 'from' | 'to',
  epoch: string,
  epochs: readonly string[],
): Span | null {
  const first = epochs[0] ?? epoch;
  const last = epochs.at(-1) ?? epoch;
  const next = { from: span?.from ?? first, to: span?.to ?? last, [end]: epoch };
  if (next.from > next.to) next[end === 'from' ? 'to' : 'from'] = epoch;
  return next.from === first && next.to === last ? null : next;
}
