// Sends a file and gets what is in it (docs/api.md); tells how far it is on its way, which `fetch` cannot.
import type { Column, FileReport } from '../core/edit/dropped.ts';
import { address, proof_headers, tell_signed_out } from './client.ts';

export interface FileQuery {
  layer: string | null;
  crs: string | null;
  columns: Partial<Record<Column, string>>;
}

export type FileAnswer =
  | { status: 'read'; report: FileReport }
  /** `why` is a word of the server's, `layers` those to choose from. */
  | { status: 'refused'; why: string; message: string; layers: string[] }
  | { status: 'unreachable' }
  | { status: 'aborted' };

interface Refused {
  error?: { code?: string; message?: string; why?: string; layers?: string[] };
}

export function send_file(
  file: Blob,
  name: string,
  { layer, crs, columns }: FileQuery,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<FileAnswer> {
  const fields = Object.fromEntries(Object.entries(columns).map(([ours, theirs]) => [`field.${ours}`, theirs]));
  // Only the ending says something to the server.
  const ending = name.split('.').at(-1) ?? '';
  const url = address('/api/v1/drops', { name: `file.${ending.slice(0, 10)}`, layer, crs, ...fields });
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    signal.addEventListener('abort', () => request.abort());
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.upload.onload = () => progress(1);
    request.onload = () => resolve(answer_of(request));
    request.onerror = () => resolve({ status: 'unreachable' });
    request.onabort = () => resolve({ status: 'aborted' });
    request.open('POST', url);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [header, value] of Object.entries(proof_headers())) request.setRequestHeader(header, value);
    request.send(file);
  });
}

function answer_of({ status, responseText }: XMLHttpRequest): FileAnswer {
  const body = parsed(responseText);
  if (status === 200 && body) return { status: 'read', report: body as unknown as FileReport };
  if (status === 401) tell_signed_out();
  const { code = '', message = '', why, layers = [] } = (body as Refused | null)?.error ?? {};
  if (status === 503) return { status: 'refused', why: 'busy', message, layers };
  if (status === 502 || status === 504 || status === 0) return { status: 'unreachable' };
  return { status: 'refused', why: why ?? code, message: message || String(status), layers };
}

function parsed(text: string): object | null {
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}
