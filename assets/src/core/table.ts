// The table of what is in view: its columns, and the order that a press on a column's head leads to. The words of `sort`
// are the API's.
import type { Listed } from './view_link.ts';

export interface Column {
  /** As the API's `sort` has it. */
  sort: string;
  /** Numbers stand at the right, and begin with the largest. */
  is_number: boolean;
}

const words = (...sorts: string[]): Column[] => sorts.map((sort) => ({ sort, is_number: false }));
const numbers = (...sorts: string[]): Column[] => sorts.map((sort) => ({ sort, is_number: true }));

export const COLUMNS: Record<Listed, readonly Column[]> = {
  zones: [...words('name', 'kind', 'unit', 'code'), ...numbers('area', 'lost', 'share', 'pieces')],
  pieces: [
    ...words('zone', 'group', 'code'),
    ...numbers('area', 'share'),
    ...words('right', 'since', 'change', 'unit', 'kind'),
  ],
};
/** What only land use tells. */
const OF_LOSSES = ['lost', 'share', 'pieces'];

export const columns_of = (listed: Listed, knows_losses: boolean): readonly Column[] =>
  COLUMNS[listed].filter(({ sort }) => knows_losses || !OF_LOSSES.includes(sort));

export interface Sorting {
  by: string;
  descends: boolean;
}

/** The largest first, where nobody chose. */
export const DEFAULT_SORT = '-area';

/** What a link says, where there is such a column; else the default. */
export function sorting_of(sort: string | null, listed: Listed): Sorting {
  const by = (sort ?? '').replace(/^-/, '');
  if (!COLUMNS[listed].some((column) => column.sort === by)) return sorting_of(DEFAULT_SORT, listed);
  return { by, descends: sort?.startsWith('-') ?? false };
}

export const format_sort = ({ by, descends }: Sorting): string => (descends ? `-${by}` : by);

/** After a press on a column's head: by this column, and the other way round where it was so already. */
export function pressed(now: Sorting, { sort, is_number }: Column): Sorting {
  return now.by === sort ? { by: sort, descends: !now.descends } : { by: sort, descends: is_number };
}

/** Where keys lead in a column of `n` rows; null for keys that mean nothing there. */
export function row_at(key: string, at: number, n: number): number | null {
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: n - 1 };
  const row = to[key];
  return row === undefined || n === 0 ? null : Math.min(n - 1, Math.max(0, row));
}
