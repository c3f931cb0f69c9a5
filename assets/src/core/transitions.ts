// What became what, as people read it: both directions of an exchange in one row, and the whole as a table to take along.
import { csv } from './csv.ts';
import type { Lang, Text, TransitionRow, Transitions, ZoneHistory } from './model.ts';

export interface Side {
  /** Null is land that an epoch does not show. */
  key: string | null;
  name: Text | null;
}

/** Land that went from `a` to `b`, and from `b` to `a`; the larger direction comes first. */
export interface Exchange {
  a: Side;
  b: Side;
  there_m2: number;
  back_m2: number;
  net_m2: number;
}

/** Rows of land that changed, both directions together, the largest first. */
export function exchanges(rows: readonly TransitionRow[]): Exchange[] {
  const found = new Map<string, Exchange>();
  for (const row of rows) {
    if (row.from === row.to) continue;
    const from = { key: row.from, name: row.from_name };
    const to = { key: row.to, name: row.to_name };
    const there = found.get(pair(row.from, row.to));
    const back = found.get(pair(row.to, row.from));
    if (there) there.there_m2 += row.area_m2;
    else if (back) back.back_m2 += row.area_m2;
    else found.set(pair(row.from, row.to), { a: from, b: to, there_m2: row.area_m2, back_m2: 0, net_m2: 0 });
  }
  return [...found.values()]
    .map(({ a, b, there_m2, back_m2 }) =>
      there_m2 >= back_m2
        ? { a, b, there_m2, back_m2, net_m2: there_m2 - back_m2 }
        : { a: b, b: a, there_m2: back_m2, back_m2: there_m2, net_m2: back_m2 - there_m2 },
    )
    .sort((x, y) => y.there_m2 + y.back_m2 - (x.there_m2 + x.back_m2));
}

const pair = (from: string | null, to: string | null) => JSON.stringify([from, to]);

const COLUMNS = ['from_epoch', 'to_epoch', 'from', 'from_name', 'to', 'to_name', 'area_m2', 'n_zones'];

/** Land that stayed what it was is in it too. */
export function transitions_csv(table: Transitions, lang: Lang): string {
  const lines = table.rows.map((row) => [
    table.from,
    table.to,
    row.from,
    row.from_name?.[lang] ?? null,
    row.to,
    row.to_name?.[lang] ?? null,
    row.area_m2,
    row.n_zones,
  ]);
  return csv([COLUMNS, ...lines], lang);
}

/** What the classes of a zone's history are called. */
export function class_names(history: ZoneHistory): Map<string, Text> {
  const names = new Map<string, Text>();
  for (const { classes } of history.epochs) {
    for (const { code, name } of classes) if (name) names.set(code, name);
  }
  return names;
}
