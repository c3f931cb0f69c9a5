// Vertices as the tables of Vietnamese land files write them: X is north, Y is east, decimals with a comma or a point.
import { closed, same, type Ring, type Xy } from './shape.ts';

export interface TableRow {
  north: string;
  east: string;
}

export interface Pasted {
  rows: Xy[];
  /** The columns stood the other way round: east first. */
  swapped: boolean;
  /** Lines, from 1, that hold no pair of numbers. */
  unread: number[];
}

const DECIMALS = 3;

/** Millimetres, for people; what is not touched keeps its own bits. */
export function written(metres: number, lang: 'vi' | 'en'): string {
  const text = metres.toFixed(DECIMALS);
  return lang === 'vi' ? text.replace('.', ',') : text;
}

/**
 * `2325012,345`, `2325012.345`, `2.325.012,345`, `2,325,012.345`, `2 325 012,3`; null for what is no number.
 * `50.000` is fifty thousand to who writes Vietnamese, as `50,000` is in English; without a language it is fifty.
 */
export function number_of(text: string, lang?: 'vi' | 'en'): number | null {
  const grouped = lang === 'vi' ? /^\s*\d{1,3}\.\d{3}\s*$/ : /^\s*\d{1,3},\d{3}\s*$/;
  if (lang && grouped.test(text)) return Number(text.replace(/[.,]/, ''));
  let plain = text.replace(/[\s\u00a0\u202f'’]/g, '').replace('−', '-');
  const [n_points, n_commas] = [plain.split('.').length - 1, plain.split(',').length - 1];
  if (n_points > 0 && n_commas > 0) {
    const decimal = plain.lastIndexOf(',') > plain.lastIndexOf('.') ? ',' : '.';
    plain = plain.replaceAll(decimal === ',' ? '.' : ',', '').replace(decimal, '.');
  } else if (n_points > 1) plain = plain.replaceAll('.', '');
  else if (n_commas > 1) plain = plain.replaceAll(',', '');
  else plain = plain.replace(',', '.');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}

/** The last two numbers of each line; a heading or a column of numbers of points in front is passed over. */
export function pasted(text: string, near: Xy): Pasted {
  const pairs: [number, number][] = [];
  const unread: number[] = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return;
    const cells = line.includes('\t') || line.includes(';') ? line.split(/[\t;]/) : line.trim().split(/\s+/);
    const numbers = cells.map((cell) => (cell.trim() === '' ? null : number_of(cell))).filter((n) => n !== null);
    const pair = numbers.length > 2 ? coordinates_of(numbers) : numbers;
    if (pair.length === 2) pairs.push(pair as [number, number]);
    else if (i > 0 || /\d{4}/.test(line)) unread.push(i + 1);
  });
  // Where most pairs lie nearer to the land when read the other way, they were written the other way.
  const far = (x: number, y: number) => Math.hypot(x - near[0], y - near[1]);
  const n_swapped = pairs.filter(([first, second]) => far(first, second) < far(second, first)).length;
  const swapped = n_swapped * 2 > pairs.length;
  const rows = pairs.map(([first, second]): Xy => (swapped ? [first, second] : [second, first]));
  return { rows, swapped, unread };
}

/** Number of the point, X, Y, length of the side: the coordinates are the first two that are large. */
function coordinates_of(numbers: number[]): number[] {
  const large = numbers.filter((n) => Math.abs(n) >= 10_000);
  return large.length >= 2 ? large.slice(0, 2) : numbers.slice(-2);
}

/** A ring of the rows; one that is closed already is not closed again. Null with fewer than three corners. */
export function ring_of(rows: readonly Xy[]): Ring | null {
  const open = rows.filter((vertex, i) => i === 0 || !same(vertex, rows[i - 1] as Xy));
  const ring = closed(open);
  return ring.length >= 4 ? ring : null;
}
