// Sends a file and tells how far it is on its way, which `fetch` cannot.
import { here, proof_headers, tell_signed_out, type Refusal } from './client.ts';

export type Upload<T> =
  | { status: 'done'; answer: T }
  | { status: 'refused'; code: number; refusal: Refusal }
  | { status: 'unreachable' }
  | { status: 'aborted' };

export function upload<T>(
  method: 'POST' | 'PUT',
  url: string,
  file: Blob,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Upload<T>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    signal.addEventListener('abort', () => request.abort());
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.upload.onload = () => progress(1);
    request.onload = () => resolve(answer_of<T>(request));
    request.onerror = () => resolve({ status: 'unreachable' });
    request.onabort = () => resolve({ status: 'aborted' });
    request.open(method, here(url));
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [header, value] of Object.entries(proof_headers())) request.setRequestHeader(header, value);
    request.send(file);
  });
}

function answer_of<T>({ status, responseText }: XMLHttpRequest): Upload<T> {
  let body: unknown = null;
  try {
    body = JSON.parse(responseText);
  } catch {
    // What is no JSON is told by its status.
  }
  if (status >= 200 && status < 300 && body !== null) return { status: 'done', answer: body as T };
  if (status === 401) tell_signed_out();
  if (status === 0 || status === 502 || status === 504) return { status: 'unreachable' };
  const refusal = (body as { error?: Refusal } | null)?.error ?? {};
  return { status: 'refused', code: status, refusal };
}
