import { afterEach, expect, test, vi } from 'vitest';
import { address, get_json } from './client.ts';

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
