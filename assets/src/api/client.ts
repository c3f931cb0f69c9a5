// One request to the server: JSON in and out, a typed value or an ApiError. Knows nothing of what is asked for.

export type Problem = 'unreachable' | 'not_found' | 'refused' | 'server';

/** What the server said, as `error` of its answer has it: other members by what was asked for. */
export type Refusal = { code?: string; message?: string } & Record<string, unknown>;

export class ApiError extends Error {
  readonly problem: Problem;
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  readonly refusal: Refusal;
  /** Seconds to wait before the same is asked again, when the server said so. */
  readonly retry_after_s: number | null;
  constructor(problem: Problem, message: string, answer?: Response, refusal: Refusal = {}) {
    super(message);
    this.name = 'ApiError';
    this.problem = problem;
    this.status = answer?.status ?? 0;
    this.refusal = refusal;
    this.retry_after_s = Number(answer?.headers.get('retry-after')) || null;
  }
}

export type Query = Record<string, string | number | null | undefined>;

/** The site itself, as `https://host/below/`. */
export const site = (): string => new URL('.', document.baseURI).href;

/** A path of the site; a whole address where the site lies below a path of its host, which stays what it is. */
export function here(path: string, base = typeof document === 'undefined' ? null : site()): string {
  if (base === null || !path.startsWith('/') || new URL(base).pathname === '/') return path;
  return base + path.slice(1);
}

/** The path with the parameters that have a value. */
export function address(path: string, query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value)).replace(/%2C/g, ',')}`);
  return here(parts.length > 0 ? `${path}?${parts.join('&')}` : path);
}

export type Method = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Shows that a request comes from this page: `csrf` of the session, which no other page can read. */
let proof: string | null = null;
let signed_out = (): void => {};

/** What requests that change something carry from now on. */
export function prove_with(csrf: string | null): void {
  proof = csrf;
}

export const proof_headers = (): Record<string, string> => (proof === null ? {} : { 'x-csrf-token': proof });

/** What is called when the server no longer knows who is signed in. */
export function when_signed_out(call: () => void): void {
  signed_out = call;
}

export const tell_signed_out = (): void => signed_out();

/** Throws ApiError, or the DOMException of an aborted request. */
export function get_json<T>(url: string, signal?: AbortSignal): Promise<T> {
  return asked(url, { headers: { accept: 'application/json' } }, signal);
}

/** Sends `body` as JSON, as who is signed in. Null when the answer has no content. Throws as `get_json` does. */
export async function send_json<T>(
  method: Method,
  url: string,
  body?: unknown,
  signal?: AbortSignal,
  more?: Record<string, string>,
): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', ...proof_headers(), ...more };
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await asked(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }, signal);
  } catch (error) {
    if (proof !== null && error instanceof ApiError && error.status === 401) signed_out();
    throw error;
  }
}

async function asked<T>(url: string, request: RequestInit, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(here(url), { ...request, ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError('unreachable', `${url}: ${String(cause)}`);
  }
  if (response.ok) {
    try {
      return (response.status === 204 ? null : await response.json()) as T;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError('server', `${url}: ${String(cause)}`, response);
    }
  }
  const refusal = await refusal_of(response);
  const said = `${url}: ${response.status} ${refusal.message ?? ''}`;
  throw new ApiError(problem_of(response.status), said, response, refusal);
}

function problem_of(status: number): Problem {
  if (status === 404) return 'not_found';
  // A gateway in front of a stopped server, or one that is starting.
  if (status === 502 || status === 503 || status === 504) return 'unreachable';
  return status < 500 ? 'refused' : 'server';
}

async function refusal_of(response: Response): Promise<Refusal> {
  try {
    return ((await response.json()) as { error?: Refusal }).error ?? {};
  } catch {
    return {};
  }
}

export function was_aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
