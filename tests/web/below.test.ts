// The page of a site that lies below a path of its host: it asks for nothing outside of it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assert_accessible, drawn, run, run_typing, serve, visit } from './harness.ts';

const folder = mkdtempSync(join(tmpdir(), 'farmzone-below-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('below a path: the map, a zone, signing in and the description of the API', async () => {
  const workspace = join(folder, 'w.gpkg');
  const corners = [
    [105.7, 20.9],
    [105.9, 20.9],
    [105.9, 21.1],
    [105.7, 20.9],
  ];
  const zone = {
    type: 'Feature',
    properties: { id: 'a', kind: 'rice', name: 'Vùng lúa thử' },
    geometry: { type: 'Polygon', coordinates: [corners] },
  };
  writeFileSync(join(folder, 'zones.geojson'), JSON.stringify({ type: 'FeatureCollection', features: [zone] }));
  run('init', workspace);
  run('import', workspace, join(folder, 'zones.geojson'), '--as', 'zones');
  run_typing('mot hai ba bon\n', 'user', 'add', workspace, 'lan', '--role', 'administrator', '--password-stdin');
  const { address, child } = await serve(['serve', workspace, '--public-url', 'https://map.example.vn/gis/hanoi']);
  try {
    // `visit` takes every request that does not begin with this address for a fault.
    const { page, assert_clean, close } = await visit('#zone=a', { address: `${address}/gis/hanoi` });
    await drawn(page);
    await page.getByRole('complementary').getByRole('heading', { name: 'Vùng lúa thử' }).waitFor();
    await assert_accessible(page, 'below a path');
    const session = await page.request.post(`${address}/gis/hanoi/api/v1/session`, {
      data: { name: 'lan', password: 'mot hai ba bon' },
      headers: { origin: address },
    });
    assert.equal(session.status(), 200, await session.text());
    const [cookie] = await page.context().cookies(`${address}/gis/hanoi/`);
    assert.equal(cookie?.path, '/gis/hanoi/');
    await page.goto(`${address}/gis/hanoi/docs`);
    await page.getByRole('link', { name: 'the map' }).click();
    await drawn(page);
    assert.equal(new URL(page.url()).pathname, '/gis/hanoi/');
    assert_clean();
    await page.goto(`${address}/gis/hanoi`);
    assert.equal(new URL(page.url()).pathname, '/gis/hanoi/');
    await close();
  } finally {
    child.kill('SIGTERM');
  }
});
