// A basemap that a city's settings name: asked for when it is switched on, from its host and no other, with its owner's name.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assert_accessible, drawn, link_of, run, serve, visit } from './harness.ts';

/** One pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const STYLE = {
  version: 8,
  sources: { land: { type: 'vector', tiles: ['/vector/{z}/{x}/{y}.pbf'] } },
  layers: [
    { id: 'sea', type: 'background', paint: { 'background-color': '#224466' } },
    { id: 'land', type: 'fill', source: 'land', 'source-layer': 'land', paint: { 'fill-color': '#ddeeff' } },
    { id: 'names', type: 'symbol', source: 'land', 'source-layer': 'names', layout: { 'text-field': 'x' } },
  ],
};
/** No map can draw it: a layer of what is not there. */
const ODD = { ...STYLE, layers: [...STYLE.layers, { id: 'odd', type: 'fill', source: 'nowhere' }] };
const folder = mkdtempSync(join(tmpdir(), 'farmzone-basemap-'));
let asked: string[] = [];
let theirs: Server;
let host = '';
let pyramid: Buffer | null = null;

function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  asked.push(url);
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'range');
  response.setHeader('access-control-expose-headers', 'etag, content-range');
  if (url === '/style.json') response.end(JSON.stringify(STYLE));
  else if (url === '/odd.json') response.end(JSON.stringify(ODD));
  else if (url.startsWith('/broken/')) response.writeHead(500).end();
  else if (url.startsWith('/vector/')) response.writeHead(204).end();
  else if (url === '/city.pmtiles' && pyramid) {
    const [from = 0, to = 0] = (headers.range ?? 'bytes=0-0').replace('bytes=', '').split('-').map(Number);
    const part = pyramid.subarray(from, to + 1);
    response.writeHead(206, { 'content-range': `bytes ${from}-${from + part.length - 1}/${pyramid.length}` }).end(part);
  } else response.setHeader('content-type', 'image/png').end(PICTURE);
}

before(async () => {
  theirs = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => theirs.once('listening', resolve));
  host = `http://127.0.0.1:${(theirs.address() as AddressInfo).port}`;
  run('init', join(folder, 'w.gpkg'));
  // One of ours will do: the page reads what it writes.
  const square = [
    [105.7, 20.9],
    [105.9, 20.9],
    [105.9, 21.1],
    [105.7, 21.1],
    [105.7, 20.9],
  ];
  const zone = {
    type: 'Feature',
    properties: { id: 'a', kind: 'rice' },
    geometry: { type: 'Polygon', coordinates: [square] },
  };
  writeFileSync(join(folder, 'zones.geojson'), JSON.stringify({ type: 'FeatureCollection', features: [zone] }));
  run('import', join(folder, 'w.gpkg'), join(folder, 'zones.geojson'), '--as', 'zones');
  run('tiles', join(folder, 'w.gpkg'), join(folder, 'city.pmtiles'), '--layer', 'zones', '--maxzoom', '10');
  pyramid = readFileSync(join(folder, 'city.pmtiles'));
});
after(() => {
  theirs.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server with these settings, for as long as `use` takes. */
async function with_settings(settings: string, use: (address: string) => Promise<void>): Promise<void> {
  const file = join(folder, 'settings.toml');
  writeFileSync(file, settings);
  const { address, child } = await serve(['serve', join(folder, 'w.gpkg'), '--settings', file]);
  try {
    asked = [];
    await use(address);
  } finally {
    child.kill('SIGTERM');
  }
}
const basemap = (url: string, kind: string) =>
  `[basemap]\nurl = "${url}"\nkind = "${kind}"\nattribution = "© <b>Bản đồ</b> thử"\n`;

test('without settings there is no switch, and nothing is asked of anybody else', async () => {
  await with_settings('', async (address) => {
    const { page, assert_clean, close } = await visit('#layers=zones,basemap', { address });
    await drawn(page);
    await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
    await page.getByRole('switch', { name: 'Vùng chuyên canh' }).waitFor();
    assert.equal(await page.getByRole('switch', { name: 'Bản đồ nền' }).count(), 0);
    assert_clean();
    await close();
  });
});

for (const [kind, path, wanted] of [
  ['raster', '/{z}/{x}/{y}.png', /^\/\d+\/\d+\/\d+\.png$/],
  ['vector', '/style.json', /^\/vector\/\d+\/\d+\/\d+\.pbf$/],
  ['pmtiles', '/city.pmtiles', /^\/city\.pmtiles$/],
] as const) {
  test(`a basemap is loaded when it is switched on, and from its host alone: ${kind}`, async () => {
    await with_settings(basemap(host + path, kind), async (address) => {
      const { page, assert_clean, close } = await visit('', { address, allowed: host });
      await drawn(page);
      assert.deepEqual(asked, [], 'nobody has asked for it yet');
      await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
      await page.getByRole('switch', { name: 'Bản đồ nền' }).press('Enter');
      // As text, whatever its owner wrote.
      await page.getByText('© <b>Bản đồ</b> thử', { exact: true }).waitFor();
      assert.ok(link_of(page).get('layers')?.split(',').includes('basemap'));
      const give_up = Date.now() + 60_000;
      while (!asked.some((url) => wanted.test(url)) && Date.now() < give_up) await page.waitForTimeout(100);
      assert.ok(
        asked.some((url) => wanted.test(url)),
        asked.join(' '),
      );
      await drawn(page);
      assert.equal(await page.getByText('Không tải được bản đồ nền', { exact: false }).count(), 0);
      await assert_accessible(page, `basemap: ${kind}`);
      assert_clean();
      // The policy knows this host and no other.
      const violated = await page.evaluate(async () => {
        const told = new Promise<string>((resolve) =>
          document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective)),
        );
        await fetch('http://localhost:9/').catch(() => null);
        return await told;
      });
      assert.equal(violated, 'connect-src');
      await page.getByRole('switch', { name: 'Bản đồ nền' }).press('Enter');
      await page.getByText('© <b>Bản đồ</b> thử').waitFor({ state: 'detached' });
      await close();
    });
  });
}

for (const [what, path, kind, expected] of [
  ['does not answer', '/1/2/3.png', 'vector', undefined],
  ['cannot be drawn', '/odd.json', 'vector', /nowhere/],
  ['has not one tile', '/broken/{z}/{x}/{y}.png', 'raster', /500/],
] as const) {
  test(`a basemap that ${what} is told, and the map stays`, async () => {
    await with_settings(basemap(host + path, kind), async (address) => {
      const { page, assert_clean, close } = await visit('#layers=zones,labels,basemap', {
        address,
        allowed: host,
        ...(expected && { expected }),
      });
      await drawn(page);
      await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
      await page.getByRole('alert').getByText('Không tải được bản đồ nền', { exact: false }).waitFor();
      // The map goes on: another theme is drawn.
      await page.getByRole('button', { name: 'Chuyển sang nền tối' }).click();
      await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
      await drawn(page);
      assert_clean();
      await close();
    });
  });
}

test('a basemap that cannot be drawn and comes when the map is at rest leaves it at rest', async () => {
  await with_settings(basemap(`${host}/odd.json`, 'vector'), async (address) => {
    const { page, assert_clean, close } = await visit('', { address, allowed: host, expected: /nowhere/ });
    await drawn(page);
    await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
    await page.getByRole('switch', { name: 'Bản đồ nền' }).press('Enter');
    await page.getByRole('alert').getByText('Không tải được bản đồ nền', { exact: false }).waitFor();
    await drawn(page);
    assert_clean();
    await close();
  });
});
