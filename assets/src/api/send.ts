// Requests that change something. Placeholder until sessions are there.
import { ApiError } from './client.ts';

export async function send_json(method: string, url: string, body: unknown): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch (cause) {
    throw new ApiError('unreachable', `${url}: ${String(cause)}`);
  }
}
