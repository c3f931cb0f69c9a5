// The register of farming area codes and the checks of them (docs/api.md).
import type { CodeCard, CodeFilter, CodeRow, CodeRules, CodeVerdict, Verdict } from '../core/officer/codes.ts';
import type { ImportReview, Reading, TakenAs } from '../core/officer/import.ts';
import type { LonLat } from '../core/model.ts';
import { address, ApiError, get_json, here, proof_headers, send_json } from './client.ts';
import { upload, type Upload } from './uploads.ts';

const CODES_URL = '/api/v1/codes';
const CHECK_URL = `${CODES_URL}/check`;
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const code_url = (code: string): string => `${CODES_URL}/${encodeURIComponent(code)}`;

/** What the server takes of a file to be checked: bytes, codes, and the endings that it knows. */
export const MOST_CHECK_BYTES = 16 * 1024 * 1024;
export const MOST_LISTED = 200_000;
export const CHECK_ENDINGS = '.xlsx,.xlsm,.csv,.tsv,.txt';
/** The same of a register's file. */
export const MOST_IMPORT_BYTES = 64 * 1024 * 1024;
export const IMPORT_ENDINGS = `${CHECK_ENDINGS},.kml,.kmz,.geojson,.gpkg,.zip`;

/** How codes are asked about: empty texts for any market, and today. */
export interface CheckAsk {
  market: string;
  date: string;
  /** Tonnes delivered under the code within a year; null where nobody said. */
  shipped_t: number | null;
}

export interface Checked {
  date: string;
  /** All that were judged; `results` are the first ten thousand. */
  n?: number;
  by_verdict?: Partial<Record<Verdict, number>>;
  /** Of rows of a file. */
  issues?: { code: string; feature: string | null; message: string }[];
  results: CodeVerdict[];
}

const asked = ({ market, date, shipped_t }: CheckAsk) => ({
  ...(market ? { market } : {}),
  ...(date ? { date } : {}),
  ...(shipped_t === null ? {} : { shipped_t }),
});

/** At most ten thousand; of one code the verdict has its evidence. */
export const check_codes = (codes: readonly string[], ask: CheckAsk, signal?: AbortSignal): Promise<Checked> =>
  send_json('POST', CHECK_URL, { codes, ...asked(ask) }, signal);

/** Which codes are at or near a place, with the distance to their borders. */
export const check_place = (
  at: LonLat,
  accuracy_m: number | null,
  ask: CheckAsk,
  signal?: AbortSignal,
): Promise<Checked> =>
  send_json('POST', CHECK_URL, { at, ...(accuracy_m === null ? {} : { accuracy_m }), ...asked(ask) }, signal);

const file_url = (file: File, ask: CheckAsk): string => address(CHECK_URL, { filename: file.name, ...asked(ask) });

/** The codes of a spreadsheet, from the column that holds most of them. */
export const check_file = (
  file: File,
  ask: CheckAsk,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Upload<Checked>> => upload('POST', file_url(file, ask), file, progress, signal);

/** Verdicts with reasons as a spreadsheet, of codes or of a file's codes. Throws as `get_json` does. */
export async function checked_as_xlsx(of: readonly string[] | File, ask: CheckAsk): Promise<Blob> {
  const url = of instanceof File ? file_url(of, ask) : CHECK_URL;
  const type = of instanceof File ? 'application/octet-stream' : 'application/json';
  const body = of instanceof File ? of : JSON.stringify({ codes: of, ...asked(ask) });
  const headers = { accept: XLSX, 'content-type': type, ...proof_headers() };
  return await blob_of(url, { method: 'POST', headers, body });
}

async function blob_of(url: string, request: RequestInit): Promise<Blob> {
  const response = await fetch(here(url), request).catch((cause: unknown) => {
    throw new ApiError('unreachable', `${url}: ${String(cause)}`);
  });
  if (!response.ok)
    throw new ApiError(response.status < 500 ? 'refused' : 'server', `${url}: ${response.status}`, response);
  return await response.blob();
}

export interface CodeRows {
  n: number;
  codes: CodeRow[];
}

export const get_codes = (filter: CodeFilter, limit: number, offset: number, signal?: AbortSignal): Promise<CodeRows> =>
  get_json(address(CODES_URL, { ...filter, q: filter.q.trim(), limit, offset }), signal);

/** As the server's rules have them. */
export const get_code_rules = (signal?: AbortSignal): Promise<CodeRules> => get_json(`${CODES_URL}/rules`, signal);

export const get_code = (code: string, signal?: AbortSignal): Promise<CodeCard> => get_json(code_url(code), signal);

export interface StatusChange {
  status: string;
  reason: string;
  /** A day; empty: today. */
  since: string;
}

/** Refused with 412 when the register's record is not that of `etag` any more. */
export const set_status = (code: string, etag: string, { status, reason, since }: StatusChange): Promise<unknown> =>
  send_json('PUT', `${code_url(code)}/status`, { status, reason, ...(since ? { since } : {}) }, undefined, {
    'if-match': `"${etag}"`,
  });

/** How a file is to be taken; the columns as chosen, or null: as the server finds them. */
export interface ImportAsk {
  as: TakenAs;
  mapping: Record<string, string> | null;
  reading: Reading;
}

const import_url = (file: File, { as, mapping, reading }: ImportAsk, keep: number | null): string =>
  address('/api/v1/imports', {
    as,
    filename: file.name,
    ...(mapping ? { mapping: JSON.stringify(mapping) } : {}),
    ...Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== '')),
    ...(keep === null ? {} : { keep: 'true', revision: keep }),
  });

/** All that is to be said of a file and its rows, as a CSV. Throws as `get_json` does. */
export async function import_issues(file: File, ask: ImportAsk): Promise<Blob> {
  const url = import_url(file, ask, null);
  const headers = { accept: 'text/csv', 'content-type': 'application/octet-stream', ...proof_headers() };
  return await blob_of(url, { method: 'POST', headers, body: file });
}

/** What a file would change in the register, or in a table of who is behind zones; with the revision of that look as `keep` it does, all at once: 409 when the register changed since. */
export const send_codes = (
  file: File,
  ask: ImportAsk,
  keep: number | null,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Upload<ImportReview>> => upload('POST', import_url(file, ask, keep), file, progress, signal);
