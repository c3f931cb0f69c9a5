// One request to the server: JSON in, a typed value or an ApiError out. Knows nothing of what is asked for.

export type Problem = 'unreachable' | 'not_found' | 'refused' | 'server';

export class ApiError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, message: string) {
    super(message);
    this.name = 'ApiError';
    this.problem = problem;
  }
}

export type Query = Record<string, string | number | null | undefined>;

/** The path with the parameters that have a value. */
export function address(path: string, query: Query = {}): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value)).replace(/%2C/g, ',')}`);
  return parts.length > 0 ? `${path}?${parts.join('&')}` : path;
}

/** Throws ApiError, or the DOMException of an aborted request. */
export async function get_json<T>(url: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError('unreachable', `${url}: ${String(cause)}`);
  }
  if (response.ok) {
    try {
      return (await response.json()) as T;
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ApiError('server', `${url}: ${String(cause)}`);
    }
  }
  throw new ApiError(problem_of(response.status), `${url}: ${response.status} ${await message_of(response)}`);
}

function problem_of(status: number): Problem {
  if (status === 404) return 'not_found';
  // A gateway in front of a stopped server, or one that is starting.
  if (status === 502 || status === 503 || status === 504) return 'unreachable';
  return status < 500 ? 'refused' : 'server';
}

async function message_of(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: { message?: string } };
    return body.error?.message ?? '';
  } catch {
    return '';
  }
}

export function was_aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
