import { afterEach, expect, test, vi } from 'vitest';
import { address, get_json, here, prove_with, send_json, when_signed_out } from './client.ts';

afterEach(() => vi.unstubAllGlobals());

const answering = (status: number, body: string) =>
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));

test('only parameters with a value are sent, lists with plain commas', () => {
  expect(address('/api/v1/summary', { kind: 'rice,tea', unit: null, epoch: '' })).toBe('/api/v1/summary?kind=rice,tea');
  expect(address('/api/v1/search', { q: 'Đức & 1', limit: 8 })).toBe(
    '/api/v1/search?q=%C4%90%E1%BB%A9c%20%26%201&limit=8',
  );
  expect(address('/health')).toBe('/health');
});

test('below a path of the host, paths are asked for below it, once', () => {
  // Also below a path that is called as one of ours.
  for (const base of ['https://map.example/hanoi/', 'https://map.example/api/']) {
    const once = here('/api/v1/summary', base);
    expect(once).toBe(`${base}api/v1/summary`);
    expect(here(once, base)).toBe(once);
  }
  expect(here('/api/v1/summary', 'https://map.example/')).toBe('/api/v1/summary');
});

test.each([
  [404, 'not_found'],
  [400, 'refused'],
  [503, 'unreachable'],
  [500, 'server'],
] as const)('status %i is the problem %s', async (status, problem) => {
  answering(status, JSON.stringify({ error: { code: 'x', message: 'epoch 1800 is not in the workspace' } }));
  await expect(get_json('/x')).rejects.toMatchObject({
    problem,
    message: expect.stringContaining('epoch 1800') as string,
  });
});

test('no answer at all is the problem unreachable', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  await expect(get_json('/x')).rejects.toMatchObject({ problem: 'unreachable' });
});

test('an answer that is no JSON is the server’s problem', async () => {
  answering(200, '<html>');
  await expect(get_json('/x')).rejects.toMatchObject({ problem: 'server' });
});

test('what changes something carries the proof that it comes from this page, and an answer may have no content', async () => {
  const asked: [string, RequestInit][] = [];
  vi.stubGlobal('fetch', (url: string, request: RequestInit) => {
    asked.push([url, request]);
    return Promise.resolve(new Response(null, { status: 204 }));
  });
  prove_with('c5');
  expect(await send_json('PATCH', '/x', { a: 1 })).toBeNull();
  prove_with(null);
  await send_json('DELETE', '/y');
  const json = { accept: 'application/json' };
  expect(asked).toEqual([
    [
      '/x',
      {
        method: 'PATCH',
        headers: { ...json, 'content-type': 'application/json', 'x-csrf-token': 'c5' },
        body: '{"a":1}',
      },
    ],
    ['/y', { method: 'DELETE', headers: json }],
  ]);
});

test('a refusal tells its status, what the server said and when to come again', async () => {
  const body = JSON.stringify({ error: { code: 'too_many', message: 'wait', zones: [1] } });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status: 429, headers: { 'retry-after': '7' } })));
  await expect(send_json('POST', '/x')).rejects.toMatchObject({
    problem: 'refused',
    status: 429,
    retry_after_s: 7,
    refusal: { code: 'too_many', zones: [1] },
  });
});

test('who is no longer signed in is told once, and who never was is not', async () => {
  answering(401, '{}');
  const told = vi.fn();
  when_signed_out(told);
  await expect(send_json('POST', '/x')).rejects.toMatchObject({ status: 401, retry_after_s: null });
  expect(told).not.toHaveBeenCalled();
  prove_with('c5');
  await expect(send_json('POST', '/x')).rejects.toMatchObject({ status: 401 });
  expect(told).toHaveBeenCalledOnce();
  prove_with(null);
});
