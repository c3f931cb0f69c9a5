// Land newly lost between two epochs, by year: from what became what, never from differences of totals.
import type { GroupFigures, Text, Transitions } from '../model.ts';

/** What became of the land of the zones from one epoch to the next. */
export interface Period {
  from: string;
  to: string;
  /** Between the epochs. */
  years: number;
  /** Farmland that is of this group now, m², by group. */
  lost_m2: ReadonlyMap<string, number>;
  /** Land that is lost now and of which the earlier epoch tells nothing, or nothing that the legend knows, m². */
  unknown_m2: number;
  /** All of these together. */
  total_m2: number;
  /** Land that was of such a group and is farmland again. */
  back_m2: number;
}

const YEAR_DAYS = 365.25;

/** Years from one epoch to another, `2024`, `2024-06` or `2024-06-30`; a year and a month begin with their first day. */
export function years_between(from: string, to: string): number {
  const [year = 0, month = 1, day = 1] = from.split('-').map(Number);
  const [to_year = 0, to_month = 1, to_day = 1] = to.split('-').map(Number);
  // Whole years whatever the leap days between them.
  if (month === to_month && day === to_day) return to_year - year;
  const days = (Date.UTC(to_year, to_month - 1, to_day) - Date.UTC(year, month - 1, day)) / 86_400_000;
  return days / YEAR_DAYS;
}

/** Pairs of epochs that follow each other, up to and with `until`. */
export function pairs_until(epochs: readonly string[], until: string | null): [from: string, to: string][] {
  const last = until === null ? epochs.length - 1 : epochs.indexOf(until);
  return epochs.slice(1, last + 1).map((to, i) => [epochs[i] ?? to, to]);
}

/** Of `groups`, those that count as lost and are asked for; `loss_groups` are all that count. */
export function period(table: Transitions, groups: readonly string[], loss_groups: readonly string[]): Period | null {
  const { from, to } = table;
  if (from === null || to === null) return null;
  const lost_m2 = new Map(groups.map((group) => [group, 0]));
  let [unknown_m2, back_m2] = [0, 0];
  const is_lost = (group: string | null) => group !== null && loss_groups.includes(group);
  for (const row of table.rows) {
    if (row.to !== null && groups.includes(row.to) && !is_lost(row.from)) {
      if (row.from === null || row.from === 'unmapped') unknown_m2 += row.area_m2;
      else lost_m2.set(row.to, (lost_m2.get(row.to) ?? 0) + row.area_m2);
    } else if (row.from !== null && groups.includes(row.from) && row.to === 'none') {
      back_m2 += row.area_m2;
    }
  }
  const total_m2 = [...lost_m2.values()].reduce((sum, m2) => sum + m2, unknown_m2);
  return { from, to, years: years_between(from, to), lost_m2, unknown_m2, total_m2, back_m2 };
}

/** Names of groups, from whatever answers tell them. */
export function group_names(tables: readonly Transitions[], known: readonly GroupFigures[]): Map<string, Text> {
  const names = new Map(known.map(({ group, name }) => [group, name]));
  for (const { rows } of tables) for (const { to, to_name } of rows) if (to && to_name) names.set(to, to_name);
  return names;
}
