// Farming area codes: what the register knows of one, and the verdict of a check, as the API has them. How lines of pasted
// text become codes to ask for, and how verdicts are counted, filtered and put in order.
import type { Bounds, LonLat, Text } from '../model.ts';

export const VERDICTS = ['invalid', 'warning', 'unknown', 'valid'] as const;
/** The worst first, as a list of them is read. */
export type Verdict = (typeof VERDICTS)[number];

export const STATUSES = ['pending', 'active', 'suspended', 'revoked'] as const;
export type CodeStatus = (typeof STATUSES)[number];

/** Where codes are for, and how they are written. */
export interface CodeRules {
  markets: { key: string; name: Text }[];
  /** A pattern is of the text in capitals with one hyphen for each run of dashes, dots, spaces and underscores. */
  grammars: { id: string; name: Text; pattern: string; examples: string[] }[];
}

/** As GeoJSON has it, in degrees. */
export interface Geometry {
  type: string;
  coordinates?: unknown;
  geometries?: readonly Geometry[];
}

export interface Reason {
  check: string;
  verdict: Verdict;
  message: Text;
  figures: Record<string, number>;
  /** Only where one code or place was asked for. */
  evidence?: Geometry | null;
  rule: { text: Text; source: string; valid_from: string } | null;
}

export interface CodeVerdict {
  /** Of the file that it stands in. */
  row?: number;
  /** As it was typed. */
  asked: string;
  code: string | null;
  verdict: Verdict;
  /** The verdict in words, also of a code with nothing against it. */
  summary: Text;
  market: string | null;
  status: string | null;
  zone_id: string | null;
  zone_ids: string[];
  /** Where most of its land is; without a code as the register states it. */
  unit: { code: string | null; name: string } | null;
  area_name: string | null;
  crop: string | null;
  declared_area_m2: number | null;
  measured_area_m2: number | null;
  did_you_mean: string[];
  reasons: Reason[];
  /** Of a place: metres to the border of the code's land. */
  distance_m?: number | null;
  inside?: boolean | null;
  /** The border is nearer than the fix is accurate. */
  within_accuracy?: boolean | null;
}

export interface StatusStep {
  status: string;
  since: string | null;
  reason: string | null;
}

export interface CodeHolder {
  holder: string | null;
  phone: string | null;
  identity_no: string | null;
  farmers: string | null;
}

export interface CodeRecord {
  code: string;
  raw: string;
  scheme: string;
  zone_ids: string[];
  area_name: string | null;
  address: string | null;
  unit: string | null;
  crop: string | null;
  variety: string | null;
  market: string | null;
  status: CodeStatus;
  status_history: StatusStep[];
  issued: string | null;
  valid_from: string | null;
  valid_to: string | null;
  standard: string | null;
  standard_no: string | null;
  standard_until: string | null;
  authority: string | null;
  decision: string | null;
  last_inspection: string | null;
  next_inspection: string | null;
  declared_area_m2: number | null;
  yield_t_ha: number | null;
  harvests: number | null;
  households: number | null;
  legacy_codes: string[];
  part: string | null;
  n_parts: number;
  /** Only for who may read who holds codes. */
  private?: CodeHolder | null;
}

/** A code in a list. */
export interface CodeRow extends CodeRecord {
  verdict: Verdict;
  etag: string;
}

/** One code, all its parts, and what a check says of it. */
export interface CodeCard {
  code: string;
  /** What a change of its status rests on. */
  etag?: string;
  records: CodeRecord[];
  geometry?: Geometry | null;
  check: CodeVerdict;
}

/** A code on the card of a zone. */
export interface ZoneCode {
  code: string;
  market: string | null;
  status: string | null;
  verdict: Verdict;
}

export interface CodeFilter {
  q: string;
  market: string;
  status: string;
  verdict: string;
  unit: string;
}

export const NO_CODE_FILTER: CodeFilter = { q: '', market: '', status: '', verdict: '', unit: '' };

/** The server takes so many at once. */
export const MOST_CODES = 10_000;
const MOST_LETTERS = 200;

export interface PastedCodes {
  codes: string[];
  /** Lines beyond the most that are taken. */
  n_left_out: number;
}

/**
 * One code a line; of a line of cells (tab, semicolon) the cell that looks most like a code. Empty lines are passed over, a
 * heading without a digit too.
 */
export function pasted_codes(text: string): PastedCodes {
  const lines = text.split(/\r\n|\r|\n/);
  const found = lines.flatMap((line, i) => {
    const cells = line.split(/[\t;]/).map((cell) =>
      cell
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .trim(),
    );
    const cell = most_like_a_code(cells);
    if (cell === null || (i === 0 && lines.length > 1 && !/\d/.test(cell))) return [];
    return [cell.slice(0, MOST_LETTERS)];
  });
  return { codes: found.slice(0, MOST_CODES), n_left_out: Math.max(0, found.length - MOST_CODES) };
}

function most_like_a_code(cells: readonly string[]): string | null {
  const filled = cells.filter((cell) => cell !== '');
  const likeness = (cell: string) =>
    (/^[\p{L}\d .–—-]{6,60}$/u.test(cell) ? 1 : 0) + (/[-–—.]/.test(cell) ? 1 : 0) + (/\d{3}/.test(cell) ? 1 : 0);
  return filled.reduce<string | null>(
    (best, cell) => (best === null || likeness(cell) > likeness(best) ? cell : best),
    null,
  );
}

/** How many verdicts are of each kind. */
export function counts_of(verdicts: readonly Pick<CodeVerdict, 'verdict'>[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { invalid: 0, warning: 0, unknown: 0, valid: 0 };
  for (const { verdict } of verdicts) counts[verdict] += 1;
  return counts;
}

export type Order = 'asked' | 'verdict' | 'code';

export interface NumberedVerdict extends CodeVerdict {
  /** Of the file; else from 1, as the codes were asked for. */
  row: number;
}

/** The rows of these verdicts that are of one of `shown` (all where none is named), in an order; equals stay as they were asked. */
export function arranged(verdicts: readonly CodeVerdict[], shown: readonly Verdict[], order: Order): NumberedVerdict[] {
  const rows = verdicts
    .map((verdict, i) => ({ ...verdict, row: verdict.row ?? i + 1 }))
    .filter(({ verdict }) => shown.length === 0 || shown.includes(verdict));
  const rank = (of: NumberedVerdict) => VERDICTS.indexOf(of.verdict);
  const name = (of: NumberedVerdict) => of.code ?? of.asked;
  if (order === 'verdict') rows.sort((a, b) => rank(a) - rank(b) || a.row - b.row);
  if (order === 'code') rows.sort((a, b) => name(a).localeCompare(name(b), 'en') || a.row - b.row);
  return rows;
}

/** The reasons with what weighs most first. */
export const weighed = (reasons: readonly Reason[]): Reason[] =>
  [...reasons].sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));

/** The box around all points of geometries, in degrees; null without a point. */
export function box_around(geometries: readonly Geometry[]): Bounds | null {
  const points = geometries.flatMap((geometry) => points_of(geometry));
  if (points.length === 0) return null;
  return points.reduce<[number, number, number, number]>(
    ([w, s, e, n], [lon, lat]) => [Math.min(w, lon), Math.min(s, lat), Math.max(e, lon), Math.max(n, lat)],
    [Infinity, Infinity, -Infinity, -Infinity],
  );
}

function points_of({ coordinates, geometries }: Geometry): LonLat[] {
  if (geometries) return geometries.flatMap(points_of);
  return Array.isArray(coordinates) ? flat_points(coordinates) : [];
}

function flat_points(coordinates: readonly unknown[]): LonLat[] {
  const [lon, lat] = coordinates;
  if (typeof lon === 'number' && typeof lat === 'number') return [[lon, lat]];
  return coordinates.flatMap((part) => (Array.isArray(part) ? flat_points(part) : []));
}

/** A ring around a place at a distance, for how sure a fix is; a polygon of 48 corners. */
export function circle([lon, lat]: LonLat, radius_m: number): Geometry {
  const M_PER_DEGREE = 111_320;
  const n = 48;
  const ring = Array.from({ length: n + 1 }, (_, i) => {
    const turn = ((i % n) / n) * 2 * Math.PI;
    const dlat = (radius_m * Math.sin(turn)) / M_PER_DEGREE;
    const dlon = (radius_m * Math.cos(turn)) / (M_PER_DEGREE * Math.cos((lat * Math.PI) / 180));
    return [lon + dlon, lat + dlat];
  });
  return { type: 'Polygon', coordinates: [ring] };
}
