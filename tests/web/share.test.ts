// Taking the map elsewhere: the link and its revision, a sheet of paper, a picture, a frame in another site's page.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { place_of, serve_pairs } from './desk.ts';
import { assert_accessible, drawn, LOOKS, OUT, serve, serving, visit } from './harness.ts';
import { planner } from './past.ts';
import { a_zone_with_losses, figures } from './subjects.ts';

const WORDS = {
  vi: {
    share: 'Chia sẻ',
    title: 'Chia sẻ bản đồ',
    link: 'Liên kết',
    pdf: 'Tạo PDF',
    png: 'Lưu PNG',
    pin: /Ghim/,
    back: 'Về hiện nay',
    still: 'Ảnh tĩnh của bản đồ',
    print: 'In, chia sẻ',
  },
  en: {
    share: 'Share',
    title: 'Share the map',
    link: 'Link',
    pdf: 'Make a PDF',
    png: 'Save a PNG',
    pin: /Pin/,
    back: 'Back to now',
    still: 'Still picture of the map',
    print: 'Print, share',
  },
};

async function dialog_of(page: Page, lang: 'vi' | 'en') {
  await drawn(page);
  await page.getByRole('button', { name: WORDS[lang].share, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: WORDS[lang].title });
  await dialog.getByRole('link', { name: WORDS[lang].pdf }).waitFor();
  return dialog;
}

for (const [name, options, lang] of LOOKS) {
  test(`${name}: the dialog shares what is seen, in its language and on its screen`, async () => {
    const zone = await a_zone_with_losses();
    const { page, assert_clean, close } = await visit(
      `#zone=${encodeURIComponent(zone.id)}&kind=${zone.kind}&lang=${lang}`,
      options,
    );
    await page.getByText(zone.name, { exact: true }).first().waitFor();
    const dialog = await dialog_of(page, lang);
    const link = new URL(await dialog.getByRole('textbox', { name: WORDS[lang].link, exact: true }).inputValue());
    const said = new URLSearchParams(link.hash.slice(1));
    assert.equal(said.get('zone'), zone.id);
    assert.equal(said.get('kind'), zone.kind);
    assert.equal(said.get('lang'), lang);
    assert.ok(said.get('map') && !said.has('rev'));
    await dialog.getByRole('checkbox', { name: WORDS[lang].pin }).check();
    const pinned = await dialog.getByRole('textbox', { name: WORDS[lang].link, exact: true }).inputValue();
    assert.equal(new URLSearchParams(new URL(pinned).hash.slice(1)).get('rev'), String((await figures()).revision));
    await assert_accessible(page, `${name}: the dialog that shares`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await page.screenshot({ path: `${OUT}${name}-share.png` });
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert_clean();
    await close();
  });
}

test('a sheet holds what is asked for: paper, scale, title and the view', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit(`#zone=${encodeURIComponent(zone.id)}&lang=en`);
  await page.getByText(zone.name, { exact: true }).first().waitFor();
  const dialog = await dialog_of(page, 'en');
  const address = async () => (await dialog.getByRole('link', { name: 'Make a PDF' }).getAttribute('href')) ?? '';
  assert.match(await address(), /bbox=.*paper=a4&orientation=landscape/);
  await dialog.getByRole('button', { name: 'A3', exact: true }).click();
  await dialog.getByRole('button', { name: 'Portrait' }).click();
  await dialog.getByLabel('Scale').selectOption({ label: '1 : 10,000' });
  await dialog.getByLabel('Title').fill('Ruộng “Đồng Chằm” <b>');
  const asked = await address();
  assert.match(asked, /center=[\d.]+,[\d.]+&scale=10000&paper=a3&orientation=portrait/);
  const answer = await fetch(new URL(asked, `${serving()}/`));
  assert.equal(answer.status, 200, asked);
  assert.equal(answer.headers.get('content-type'), 'application/pdf');
  await writeFile(`${OUT}share-print.pdf`, Buffer.from(await answer.arrayBuffer()));
  assert_clean();
  await close();
});

test('a picture of the map holds the map, and more than the map', async () => {
  const { page, assert_clean, close } = await visit('#lang=vi');
  const dialog = await dialog_of(page, 'vi');
  const coming = page.waitForEvent('download');
  await dialog.getByRole('button', { name: WORDS.vi.png }).click();
  const saved = await coming;
  assert.match(saved.suggestedFilename(), /^farmzone-\d+\.png$/);
  await saved.saveAs(`${OUT}share-picture.png`);
  const bytes = await readFile(`${OUT}share-picture.png`);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  assert.ok(width >= 1360 && height > 820, `${width} × ${height}`);
  // An empty map has few colours: its file would be small.
  assert.ok(bytes.length > 40_000, `${bytes.length} bytes`);
  assert_clean();
  await close();
});

test('a pinned link of the present revision is the map as it is; one that never was is told', async () => {
  const { revision } = await figures();
  const now = await visit(`#rev=${revision}&lang=en`);
  await drawn(now.page);
  assert.equal(await now.page.getByRole('button', { name: 'Back to now' }).count(), 0);
  now.assert_clean();
  await now.close();
  const never = await visit(`#rev=${revision + 1000}&lang=en`, { expected: /404/ });
  await never.page
    .getByRole('status')
    .filter({ hasText: String(revision) })
    .waitFor();
  await assert_accessible(never.page, 'a link of a revision that never was');
  await never.page.screenshot({ path: `${OUT}share-rev-never.png` });
  await never.page.getByRole('button', { name: 'Back to now' }).click();
  await never.page.waitForFunction(() => !location.hash.includes('rev='));
  never.assert_clean();
  await never.close();
});

test('a pinned link shows the zones as they were once the data moved on, says what changed, and leads back to now', async () => {
  const server = await serve_pairs(2);
  try {
    const lan = await planner(server);
    const revision = await server.revision();
    await lan.edit('Gộp hai thửa', ['west-1', 'east-1'], [{ op: 'merge', ids: ['west-1', 'east-1'] }]);
    const { page, assert_clean, close } = await visit(`#map=14/${place_of(1)}&rev=${revision}&lang=en`, {
      address: server.address,
      expected: /404/,
    });
    const card = page.getByRole('region', { name: `Map as of revision ${revision}` });
    await card.getByText(`The link is pinned to revision ${revision}`, { exact: false }).waitFor();
    await card.getByText(/zones? (is|are) different now/).waitFor();
    await card.getByText('What changed since').click();
    await card.getByRole('button', { name: 'Đồng Đông 1' }).waitFor();
    await drawn(page);
    await assert_accessible(page, 'a pinned link of the past');
    await page.screenshot({ path: `${OUT}share-rev-past.png` });
    const dialog = await dialog_of(page, 'en');
    await dialog.getByText('The print is of the data as it is now', { exact: false }).waitFor();
    await page.keyboard.press('Escape');
    await card.getByRole('button', { name: 'Back to now' }).click();
    await card.waitFor({ state: 'detached' });
    assert_clean();
    await close();
  } finally {
    await server.end();
  }
});

for (const [name, options, lang] of LOOKS) {
  test(`${name}: the page of open data leads to files and says what their fields mean, without JavaScript`, async () => {
    const { page, assert_clean, close } = await visit(`data?lang=${lang}`, options);
    await page.getByRole('heading', { level: 1, name: lang === 'en' ? 'Open data' : 'Dữ liệu mở' }).waitFor();
    const file = await page.getByRole('link', { name: 'GeoPackage' }).first().getAttribute('href');
    assert.equal(file, 'api/v1/data/zones.gpkg');
    assert.ok((await page.getByRole('cell', { name: 'lost_m2' }).count()) > 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await assert_accessible(page, `${name}: open data`);
    await page.screenshot({ path: `${OUT}${name}-data-page.png` });
    assert_clean();
    await close();
    const plain = await visit(`data?lang=${lang}`, { ...options, javaScriptEnabled: false });
    const coming = plain.page.waitForEvent('download');
    await plain.page.getByRole('link', { name: 'CSV', exact: true }).first().click();
    assert.match((await coming).suggestedFilename(), /^farmzone-zones-\d+\.csv$/);
    plain.assert_clean();
    await plain.close();
  });
}

for (const [name, options, lang] of LOOKS) {
  test(`${name}: without WebGL a still picture of the whole, or of a zone, stands beside the table, and a sheet can be printed`, async () => {
    const zone = await a_zone_with_losses();
    const { page, assert_clean, close } = await visit(`#lang=${lang}`, {
      ...options,
      prepare: (tab) =>
        tab.addInitScript(() => {
          HTMLCanvasElement.prototype.getContext = () => null;
        }),
    });
    const still = page.getByRole('img', { name: WORDS[lang].still });
    const is_drawn = () =>
      page.waitForFunction(() => {
        const picture = document.querySelector<HTMLImageElement>('figure img');
        return picture !== null && picture.complete && picture.naturalWidth >= 160;
      });
    await still.waitFor();
    assert.ok(!/bbox|center/.test((await still.getAttribute('src')) ?? ''), 'all of the map');
    await is_drawn();
    await page.locator('tbody tr').first().waitFor();
    await assert_accessible(page, `${name}: no WebGL`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await page.screenshot({ path: `${OUT}${name}-still.png` });
    await page.getByRole('button', { name: WORDS[lang].print }).click();
    await page.getByRole('dialog').getByRole('link', { name: WORDS[lang].pdf }).waitFor();
    await page.keyboard.press('Escape');
    await page.evaluate((hash) => (location.hash = hash), `#zone=${encodeURIComponent(zone.id)}&lang=${lang}`);
    await page.waitForFunction(
      (id) => document.querySelector<HTMLImageElement>('figure img')?.src.includes(`zone=${id}`),
      encodeURIComponent(zone.id),
    );
    await is_drawn();
    await page.screenshot({ path: `${OUT}${name}-still-zone.png` });
    assert_clean();
    await close();
  });
}

/** A page of another site that holds `address` in a frame. */
async function framing(address: string): Promise<{ site: string; server: Server }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(
      `<!doctype html><title>News</title><iframe title="map" src="${address}" width="900" height="600"></iframe>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  assert.ok(at && typeof at === 'object');
  return { site: `http://127.0.0.1:${at.port}`, server };
}

test('where the settings name a site its page holds the bare map, and the dialog gives the code; elsewhere nobody may', async () => {
  const refused = await visit('#lang=en');
  const dialog = await dialog_of(refused.page, 'en');
  await dialog.getByText(/lets no page embed the map/).waitFor();
  refused.assert_clean();
  await refused.close();

  const demo = process.env['FARMZONE_DEMO'];
  if (!demo || process.env['FARMZONE_URL']) return;
  const settings = join(tmpdir(), `farmzone-embed-${process.pid}.toml`);
  await writeFile(settings, 'embed_origins = ["*"]\n');
  const workspace = demo.endsWith('.gpkg') ? demo : join(demo, 'hanoi-simulated.gpkg');
  const { address, child } = await serve(['serve', workspace, '--settings', settings]);
  const { site, server } = await framing(`${address}/?embed=1#lang=en`);
  try {
    const open = await visit('#lang=en', { address });
    const code = (await dialog_of(open.page, 'en')).getByLabel('Code to embed');
    assert.match(await code.inputValue(), new RegExp(`<iframe src="${address}/\\?embed=1#`));
    await assert_accessible(open.page, 'the dialog with code to embed');
    await open.page.screenshot({ path: `${OUT}share-embed-code.png` });
    open.assert_clean();
    await open.close();

    const news = await visit('', { address: site, allowed: address });
    const frame = news.page.frameLocator('iframe');
    await frame.locator('.map[aria-busy="false"]').waitFor();
    await frame.getByRole('link', { name: 'Open the whole map' }).waitFor();
    assert.equal(await frame.getByRole('combobox').count(), 0, 'no search');
    assert.equal(await frame.getByRole('tablist').count(), 0, 'no panel');
    await news.page.screenshot({ path: `${OUT}share-embedded.png` });
    news.assert_clean();
    await news.close();
  } finally {
    server.close();
    child.kill('SIGTERM');
  }
});
