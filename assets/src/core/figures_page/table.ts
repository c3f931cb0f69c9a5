// A table of figures as the page of figures shows, sorts and hands it out: one for each card, beside its chart.
import { csv, type Cell } from '../csv.ts';
import type { Lang } from '../model.ts';
import { format_number } from '../numbers.ts';

/** What a column holds: m² shown as hectares, a share of 0 to 1 as per cent, tonnes, things counted, or words. */
export type Measure = 'ha' | 'share' | 'tonnes' | 'count' | 'number' | 'words';

export interface Column {
  /** Names the column in the file. */
  key: string;
  name: string;
  of: Measure;
  /** What it means, where the name alone does not say. */
  hint?: string;
}

export interface Row {
  key: string;
  /** In the order of the columns; null is not known. */
  cells: readonly Cell[];
}

export interface Figures {
  columns: readonly Column[];
  rows: readonly Row[];
  /** Of all rows, as the server reckons it; it stays last. */
  total?: Row | null;
}

/** As fine as the server tells it, or a little coarser; the same for a whole column, so that figures stand below each other. */
const DECIMALS: Record<Exclude<Measure, 'words'>, number> = { ha: 2, share: 2, tonnes: 1, count: 0, number: 1 };
const SCALE: Partial<Record<Measure, number>> = { ha: 1 / 10_000, share: 100 };

export function shown(cell: Cell, of: Measure, lang: Lang): string {
  if (cell === null || cell === '') return '–';
  if (typeof cell === 'string' || of === 'words') return String(cell);
  const said = format_number(cell * (SCALE[of] ?? 1), lang, DECIMALS[of]);
  return of === 'share' ? `${said}\u00a0%` : said;
}

export interface Order {
  /** A column's key; null: as the rows come. */
  by: string | null;
  is_rising: boolean;
}

/** Another column is sorted by the largest (or the first word) first; the same again the other way, then not at all. */
export function next_order(order: Order, { key, of }: Column): Order {
  const begins_rising = of === 'words';
  if (order.by !== key) return { by: key, is_rising: begins_rising };
  return order.is_rising === begins_rising ? { by: key, is_rising: !begins_rising } : { by: null, is_rising: false };
}

/** Rows by one column; what is not known comes last either way, equals stay as they came. */
export function sorted({ columns, rows }: Figures, { by, is_rising }: Order, lang: Lang): Row[] {
  const at = columns.findIndex(({ key }) => key === by);
  if (at < 0) return [...rows];
  const sign = is_rising ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a.cells[at] ?? null, b.cells[at] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y), lang);
  });
}

/** What every row of a file says besides its figures. */
export interface Provenance {
  epoch: string | null;
  revision: number;
  date: string | null;
  source: string;
  /** What of the city they are, as parameters of the API; empty: all. */
  filter: string;
  simulated: boolean;
}

/** Figures as the server told them: areas in m², shares of 0 to 1, tonnes. The total is no row of data. */
export function figures_csv({ columns, rows }: Figures, from: Provenance, lang: Lang): string {
  const head = [...columns.map(({ key }) => key), 'epoch', 'revision', 'date', 'source', 'filter', 'simulated'];
  const tail: Cell[] = [from.epoch, from.revision, from.date, from.source, from.filter, String(from.simulated)];
  return csv([head, ...rows.map(({ cells }) => [...cells, ...tail])], lang);
}
