// An edit by another process: it is on the map of a page that is open, and only the tiles it touches are asked for again.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { drawn, run, serve, visit } from './harness.ts';

/** West, south; side in degrees: 0.01 is a kilometre. */
type Square = [number, number, number];

const geojson = (zones: Record<string, Square>): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: Object.entries(zones).map(([id, [x, y, side]]) => ({
      type: 'Feature',
      properties: { id, kind: 'rice' },
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [x, y],
            [x + side, y],
            [x + side, y + side],
            [x, y + side],
            [x, y],
          ],
        ],
      },
    })),
  });

test('an edit is seen at once, and the tiles beside it are not asked for again', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'farmzone-edit-'));
  const workspace = join(dir, 'w.gpkg');
  const imported = async (zones: Record<string, Square>, ...more: string[]) => {
    const file = join(dir, 'zones.geojson');
    await writeFile(file, geojson(zones));
    run('import', workspace, file, '--as', 'zones', ...more);
  };
  run('init', workspace, '--crs', 'EPSG:5897');
  await imported({ a: [105.8, 21, 0.004], b: [105.85, 21.03, 0.004] });
  const { address, child } = await serve(['serve', workspace]);
  t.after(async () => {
    child.kill('SIGTERM');
    await rm(dir, { recursive: true });
  });
  /** How many tiles the server was asked for; what comes from the browser's own cache does not count. */
  const n_asked = async (): Promise<number> => {
    const metrics = await (await fetch(`${address}/metrics`)).text();
    const counts = [...metrics.matchAll(/^farmzone_http_requests_total\{route="\/tiles\/\{layers\}\/.*\} (\d+)$/gm)];
    return counts.reduce((sum, [, n]) => sum + Number(n), 0);
  };
  // The middle of the map is land that the edit adds.
  const { page, assert_clean, close } = await visit('#map=14.5/21.005/105.805', { address });
  await drawn(page);
  const middle = () => page.screenshot({ clip: { x: 678, y: 408, width: 4, height: 4 } });
  const [n_first, bare] = [await n_asked(), await middle()];
  const answered = page.waitForResponse((response) => /\/tiles\/[^?]*\/14\//.test(response.url()) && response.ok());
  await imported({ a: [105.8, 21, 0.006] }, '--update');
  assert.ok((await (await answered).body()).length > 0);
  await drawn(page);
  await page.waitForTimeout(500);
  assert.notDeepEqual(await middle(), bare, 'the new land is not on the map');
  const n_again = (await n_asked()) - n_first;
  assert.ok(n_again > 0 && n_again < n_first, `${n_first} tiles at first, ${n_again} after the edit`);
  assert_clean();
  await close();
});
