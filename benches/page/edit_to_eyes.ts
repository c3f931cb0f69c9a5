// How long from the commit of an edit until a page that is open has the tiles it touches, and shows other pixels.
//
//   cd assets && FARMZONE_BIN=../target/release/farmzone FARMZONE_DEMO=../demo FARMZONE_WORKSPACE=../demo/hanoi-simulated.gpkg \
//     ./with-node node --test --test-isolation=none ../benches/page/edit_to_eyes.ts
//
// The workspace is copied first. The commit is the last write to the workspace's log before the answer; pixels are the first
// frame that the browser shows otherwise after it.
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawn, run, serve, visit } from '../../tests/web/harness.ts';

interface Zone {
  properties: { id: string; area_m2: number; center: [number, number] };
}
interface Shapes {
  zones: { polygons: [number, number][][][] }[];
}

const N_EDITS = 20;
const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('edits of one zone', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farmzone-eyes-'));
  const workspace = join(dir, 'w.gpkg');
  cpSync(process.env['FARMZONE_WORKSPACE'] ?? '', workspace);
  run('user', 'add', workspace, 'lan', '--role', 'planner', '--generate');
  const told = run('--json', 'user', 'token', workspace, 'lan', '--scope', 'edit_zones', '--expires', '1');
  const { token } = JSON.parse(told.trim().split('\n').at(-1) ?? '{}') as { token: string };
  const { address, child } = await serve(['serve', workspace]);
  const get = async <T>(path: string) => (await (await fetch(address + path)).json()) as T;
  const { features } = await get<{ features: Zone[] }>('/api/v1/zones?limit=1000');
  const zone = features.find(({ properties: { area_m2 } }) => area_m2 > 50_000 && area_m2 < 300_000) ?? features[0];
  const id = String(zone?.properties.id);
  const [lon, lat] = (await get<Zone>(`/api/v1/zones/${id}`)).properties.center;
  const { page, close } = await visit(`#map=14.5/${lat}/${lon}`, { address });
  await drawn(page);
  await pause(15_000);
  const frames: [number, string][] = [];
  const cdp = await page.context().newCDPSession(page);
  cdp.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    frames.push([(metadata.timestamp ?? 0) * 1000, createHash('md5').update(data).digest('hex')]);
    void cdp.send('Page.screencastFrameAck', { sessionId });
  });
  await cdp.send('Page.startScreencast', { format: 'png', everyNthFrame: 1 });
  const tiles: number[] = [];
  const pixels: number[] = [];
  const answers: number[] = [];
  let delta = 20;
  for (let n = 1; n <= N_EDITS; n += 1) {
    const from = (await get<Shapes>(`/api/v1/zones/shapes?id=${id}`)).zones[0]?.polygons[0]?.[0]?.[1] ?? [0, 0];
    const came: number[] = [];
    const finished = (request: { url(): string }) => /\/tiles\//.test(request.url()) && came.push(now());
    page.on('requestfinished', finished);
    const writes: number[] = [];
    const watcher = watch(`${workspace}-wal`, () => writes.push(now()));
    frames.splice(0, frames.length - 1);
    delta = -delta;
    const answer = await fetch(`${address}/api/v1/edits`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        id: `e${n}-${Date.now()}`,
        reason: 'eyes',
        operations: [{ op: 'move', moves: [{ from, to: [from[0] + delta, from[1]] }] }],
      }),
    });
    const back = now();
    const text = await answer.text();
    await pause(3_000);
    page.off('requestfinished', finished);
    watcher.close();
    const commit = writes.filter((at) => at < back).at(-1);
    if (answer.status !== 200 || commit === undefined) throw new Error(`${answer.status} ${text.slice(0, 300)}`);
    // Tiles of low zooms follow a second later.
    const first = came[0] ?? Infinity;
    tiles.push(Math.max(...came.filter((at) => at - first < 100)) - commit);
    const other = frames.find(([at, hash], i) => i > 0 && at > commit && hash !== frames[i - 1]?.[1]);
    pixels.push((other?.[0] ?? Infinity) - commit);
    answers.push(back - commit);
  }
  const told_of = (name: string, list: number[]) => {
    const sorted = [...list].sort((a, b) => a - b).map(Math.round);
    console.log(`${name}: median ${sorted[sorted.length >> 1]} ms, slowest ${sorted.at(-1)} ms (${sorted.join(' ')})`);
  };
  told_of('commit to answer', answers);
  told_of('commit to the last touched tile', tiles);
  told_of('commit to other pixels', pixels);
  await close();
  child.kill('SIGTERM');
  rmSync(dir, { recursive: true });
});
