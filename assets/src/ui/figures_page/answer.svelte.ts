// An answer of the server that a card waits for: what it was last, whether another is on its way, whether it failed.
import { ApiError, was_aborted } from '../../api/client.ts';

const MOST_TRIES = 30;
const PAUSE_S = 2;

export class Answer<T> {
  value = $state.raw<T | null>(null);
  busy = $state(true);
  failed = $state(false);
  /** Grows when somebody asks again after a failure. */
  tries = $state(0);

  /** Asks, and takes what was asked before back; returns what ends it. */
  ask(get: (signal: AbortSignal) => Promise<T>): () => void {
    const request = new AbortController();
    this.busy = true;
    patiently(get, request.signal).then(
      (value) => {
        if (request.signal.aborted) return;
        this.value = value;
        this.busy = this.failed = false;
      },
      (error: unknown) => {
        if (was_aborted(error) || request.signal.aborted) return;
        [this.busy, this.failed] = [false, true];
      },
    );
    return () => request.abort();
  }
}

/** A server that still computes says when to come back. */
export async function patiently<T>(get: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await get(signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503 || n >= MOST_TRIES) throw error;
      await pause((error.retry_after_s ?? PAUSE_S) * 1000, signal);
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const wait = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(wait), reject(signal.reason as Error)), { once: true });
  });
}
