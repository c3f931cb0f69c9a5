// What a pointer move at the planner's desk costs our own script, in Chromium, over a workspace of very many zones.
//
//   cd assets && FARMZONE_BIN=../target/release/farmzone FARMZONE_DEMO=ANY.gpkg FARMZONE_WORKSPACE=PARCELS.gpkg \
//     ./with-node node --test --test-isolation=none ../benches/page/pointer.ts
//
// The workspace is copied first. The desk itself marks each move (`farmzone:pointer`).
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { enter, in_draft, PASSWORD, PLANNER, sign_in } from '../../tests/web/desk.ts';
import { drawn, run, run_typing, serve, visit } from '../../tests/web/harness.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('pointer moves over many zones', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'farmzone-pointer-'));
  const workspace = join(dir, 'w.gpkg');
  cpSync(process.env['FARMZONE_WORKSPACE'] ?? '', workspace);
  run_typing(`${PASSWORD}\n`, 'user', 'add', workspace, PLANNER, '--role', 'planner', '--password-stdin');
  run('layers', workspace);
  const { address, child } = await serve(['serve', workspace]);
  const found = (await (await fetch(`${address}/api/v1/zones?limit=1&offset=50000`)).json()) as {
    n_matched: number;
    features: { id: string }[];
  };
  const id = found.features[0]?.id ?? '';
  const card = (await (await fetch(`${address}/api/v1/zones/${id}`)).json()) as {
    properties: { center: [number, number] };
    geometry: { coordinates: unknown[] };
  };
  const [lon, lat] = card.properties.center;
  const { page, close } = await visit(`#map=16/${lat}/${lon}`, { address, prepare: (page) => sign_in(page, address) });
  await enter(page);
  await drawn(page);
  await pause(5_000);
  const moves = async (name: string) => {
    await page.evaluate(() => performance.clearMeasures());
    const took: number[] = [];
    for (let i = 0; i < 400; i += 1) {
      await page.mouse.move(450 + ((i * 37) % 850), 80 + ((i * 53) % 650));
      if (i % 40 === 39)
        took.push(
          ...(await page.evaluate(() => {
            const entries = performance.getEntriesByName('farmzone:pointer').map((entry) => entry.duration);
            performance.clearMeasures();
            return entries;
          })),
        );
    }
    took.sort((a, b) => a - b);
    assert.ok(took.length > 100, `${took.length} moves were marked`);
    const at = (share: number) => (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? NaN).toFixed(2);
    console.log(`${name}: ${took.length} moves, median ${at(0.5)}, p99 ${at(0.99)}, slowest ${at(1)} ms`);
  };
  const shown = await page.locator('.desk-head p').innerText();
  console.log(`${found.n_matched} zones in the workspace; ${shown}`);
  await moves('hovering');
  await page.mouse.click(680, 410);
  await moves('with a zone selected');
  // Where the zone's first corner is on the screen, whose middle is the zone's: 512 pixels a tile.
  const [x = lon, y = lat] = card.geometry.coordinates.flat(3) as number[];
  const north = (degrees: number) => Math.asinh(Math.tan((degrees * Math.PI) / 180));
  const pixels = (512 * 2 ** 16) / (2 * Math.PI);
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  await page.mouse.move(
    width / 2 + ((x - lon) * Math.PI * pixels) / 180,
    height / 2 - (north(y) - north(lat)) * pixels,
  );
  await page.mouse.down();
  await moves('dragging a corner that neighbours share');
  await page.mouse.up();
  await in_draft(page, 'Dời đỉnh');
  await close();
  child.kill('SIGTERM');
  rmSync(dir, { recursive: true });
});
