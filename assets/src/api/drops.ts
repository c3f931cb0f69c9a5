// Sends a file and gets what is in it (docs/api.md).
import type { Column, FileReport } from '../core/edit/dropped.ts';
import { address } from './client.ts';
import { upload } from './uploads.ts';

export interface FileQuery {
  layer: string | null;
  crs: string | null;
  /** What went wrong on the way to the file, to be set right. */
  correct: string | null;
  encoding: string | null;
  columns: Partial<Record<Column, string>>;
}

export type FileAnswer =
  | { status: 'read'; report: FileReport }
  /** `why` is a word of the server's, `layers` those to choose from. */
  | { status: 'refused'; why: string; message: string; layers: string[] }
  | { status: 'unreachable' }
  | { status: 'aborted' };

export async function send_file(
  file: Blob,
  name: string,
  { layer, crs, correct, encoding, columns }: FileQuery,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<FileAnswer> {
  const fields = Object.fromEntries(Object.entries(columns).map(([ours, theirs]) => [`field.${ours}`, theirs]));
  // Only the ending says something to the server.
  const ending = name.split('.').at(-1) ?? '';
  const url = address('/api/v1/drops', {
    name: `file.${ending.slice(0, 10)}`,
    layer,
    crs,
    correct,
    encoding,
    ...fields,
  });
  const sent = await upload<FileReport>('POST', url, file, progress, signal);
  if (sent.status === 'done') return { status: 'read', report: sent.answer };
  if (sent.status !== 'refused') return sent;
  const { code = '', message = '', why } = sent.refusal;
  const layers = Array.isArray(sent.refusal['layers']) ? (sent.refusal['layers'] as string[]) : [];
  if (sent.code === 503) return { status: 'refused', why: 'busy', message, layers };
  return {
    status: 'refused',
    why: typeof why === 'string' ? why : code,
    message: message || String(sent.code),
    layers,
  };
}
