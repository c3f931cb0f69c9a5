// Looking: the map loads, a click tells what is there, filters and years change what is shown, a link brings it back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { api, at_zoom, DESKTOP, drawn, link_of, OUT, PHONE, visit } from './harness.ts';
import { a_zone_with_losses, figures, hectares } from './subjects.ts';

test('the page opens with the whole city, its figures, and the word for simulated', async () => {
  const facts = await figures();
  const { page, assert_clean, close } = await visit();
  await page.getByRole('heading', { level: 1, name: facts.title.vi }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'vi');
  await page.locator('.totals').getByText(hectares(facts.totals.kept_m2, 'vi'), { exact: true }).waitFor();
  assert.equal(await page.locator('.kinds li').count(), facts.kinds.length);
  assert.equal(await page.getByText('Dữ liệu mô phỏng').isVisible(), facts.simulated);
  await drawn(page);
  // Nothing on the map is chosen, and no cookie is set.
  assert.equal(link_of(page).get('zone'), null);
  assert.deepEqual(await page.context().cookies(), []);
  assert_clean();
  await close();
});

/** Where on the page the picture of the whole map is seen, once it is there. */
async function place_of_picture(page: Page) {
  await page.waitForFunction(() => (document.querySelector('img')?.naturalWidth ?? 0) > 100);
  await page.screenshot({ path: `${OUT}map-first-${page.viewportSize()?.width}.png` });
  return page.locator('#first').evaluate((img: HTMLImageElement) => {
    const { left, top, width, height } = img.getBoundingClientRect();
    const scale = Math.min(width / img.naturalWidth, height / img.naturalHeight);
    const [wide, high] = [img.naturalWidth * scale, img.naturalHeight * scale];
    return { west: left + (width - wide) / 2, north: top + (height - high) / 2, wide, high, src: img.src };
  });
}

test('the whole map is there as a picture before the map, exactly where that will be', async () => {
  const { bounds } = await api<{ bounds: [number, number, number, number] }>('/api/v1/summary');
  for (const [viewport, form] of [
    [DESKTOP, ''],
    [PHONE, ''],
    [DESKTOP, '?embed=1'],
    [PHONE, '?embed=1'],
  ] as const) {
    let seen: ReturnType<typeof place_of_picture> | null = null;
    const { page, assert_clean, close } = await visit(`${form}#theme=dark`, {
      viewport,
      // The page's script comes when the picture has been looked at.
      prepare: (tab) =>
        tab.route('**/assets/*.js', async (route) => {
          await (seen ??= place_of_picture(tab));
          await route.continue();
        }),
    });
    assert.ok(seen, 'nothing was held back');
    const place = await (seen as ReturnType<typeof place_of_picture>);
    assert.match(place.src, /theme=dark$/);
    await drawn(page);
    await page.locator('#first').waitFor({ state: 'detached' });
    // A link says where the map is as soon as it was moved: closer by one step around its middle.
    await page.getByRole('button', { name: 'Phóng to' }).click();
    await at_zoom(page, 0);
    const [zoom = 0, lat = 0, lon = 0] = (link_of(page).get('map') ?? '').split('/').map(Number);
    const world = 512 * 2 ** (zoom - 1);
    const at = (degrees: number) => Math.asinh(Math.tan((degrees * Math.PI) / 180)) / (2 * Math.PI);
    const x_of = (degrees: number) => viewport.width / 2 + ((degrees - lon) / 360) * world;
    const y_of = (degrees: number) => viewport.height / 2 - (at(degrees) - at(lat)) * world;
    for (const [is, wanted] of [
      [place.west, x_of(bounds[0])],
      [place.west + place.wide, x_of(bounds[2])],
      [place.north, y_of(bounds[3])],
      [place.north + place.high, y_of(bounds[1])],
    ] as const)
      assert.ok(
        Math.abs(is - wanted) < 2,
        `${viewport.width} px ${form}: an edge of the picture at ${is}, of the map at ${wanted}`,
      );
    assert_clean();
    await close();
  }
  const { page, assert_clean, close } = await visit('#map=12/21.02/105.85');
  await drawn(page);
  const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  assert.deepEqual(
    asked.filter((name) => name.includes('overview')),
    [],
  );
  assert_clean();
  await close();
});

test('a click among merged zones finds the one that is there, and the map goes near it', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=10.5/${lat}/${lon}&layers=zones`);
  await drawn(page);
  const map = await page.locator('.map').boundingBox();
  assert.ok(map);
  await page.mouse.click(map.x + map.width / 2, map.y + map.height / 2);
  const card = page.getByRole('complementary', { name: 'Vùng được chọn' });
  await card.getByRole('heading', { level: 2, name: zone.name }).waitFor();
  assert.equal(link_of(page).get('zone'), zone.id);
  await at_zoom(page, 12);
  assert_clean();
  await close();
});

test('a click on a zone opens its card, Escape closes it, back and forward restore both', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=15/${lat}/${lon}`);
  await drawn(page);
  await page.mouse.move(670, 410);
  await page.mouse.click(680, 410);
  await page.getByRole('complementary').getByRole('heading', { level: 2 }).waitFor();
  const chosen = link_of(page).get('zone');
  assert.ok(chosen, 'the link names no zone');
  if (zone.code && chosen === zone.id)
    await page.getByRole('complementary').getByText(zone.code, { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  assert.equal(link_of(page).get('zone'), null);
  await page.goBack();
  await page.getByRole('complementary').waitFor();
  assert.equal(link_of(page).get('zone'), chosen);
  await page.goForward();
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

test('the card tells what was lost, and a piece of it is a step away', async () => {
  const zone = await a_zone_with_losses();
  // On the way there, as most people are.
  const { page, assert_clean, close } = await visit(`#zone=${encodeURIComponent(zone.id)}`, {
    reducedMotion: 'no-preference',
  });
  const card = page.getByRole('complementary');
  await card.getByRole('heading', { level: 2, name: zone.name }).waitFor();
  await card.getByText(zone.unit.name, { exact: true }).waitFor();
  await drawn(page);
  const before = link_of(page).get('map');
  const zoom = Number(before?.split('/')[0] ?? 16);
  assert.ok(zoom > 12, `the link's zone fills the map, at ${before}`);
  await card.locator('section[aria-labelledby="pieces-title"] li button').first().click();
  await page.waitForFunction((old) => new URLSearchParams(location.hash.slice(1)).get('map') !== old, before);
  const piece = page.getByRole('complementary', { name: 'Mảnh đất mất được chọn' });
  await piece.getByRole('button', { name: zone.name }).waitFor();
  assert.ok(link_of(page).get('event'), 'the link names the piece');
  // Closing the piece leads back to the zone.
  await page.keyboard.press('Escape');
  await card.getByRole('heading', { level: 2, name: zone.name }).waitFor();
  assert.equal(link_of(page).get('event'), null);
  assert_clean();
  await close();
});

test('kinds filter the figures and the map, and chips take the filters back', async () => {
  const facts = await figures();
  const [first, second] = facts.kinds;
  assert.ok(first && second, 'the workspace has fewer than two kinds');
  const { page, assert_clean, close } = await visit();
  const total = page.locator('.totals dd').first();
  await page.getByRole('button', { name: first.name.vi }).first().click();
  const one = await figures(`?kind=${first.kind}`);
  await total.getByText(hectares(one.totals.kept_m2, 'vi'), { exact: true }).waitFor();
  assert.equal(link_of(page).get('kind'), first.kind);
  assert.equal(await page.locator('.kinds li').count(), facts.kinds.length, 'every kind stays choosable');
  await page.locator('.kinds').getByRole('button', { name: second.name.vi }).click();
  const both = await figures(`?kind=${first.kind},${second.kind}`);
  await total.getByText(hectares(both.totals.kept_m2, 'vi'), { exact: true }).waitFor();
  await page.getByRole('button', { name: `Bỏ lọc ${first.name.vi}` }).click();
  await page.getByRole('button', { name: `Bỏ lọc ${second.name.vi}` }).click();
  await total.getByText(hectares(facts.totals.kept_m2, 'vi'), { exact: true }).waitFor();
  assert.equal(link_of(page).get('kind'), null);
  assert_clean();
  await close();
});

test('a commune is found by one that it was made of, and the box says which', async () => {
  const { page, assert_clean, close } = await visit();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const box = page.getByRole('combobox', { name: 'Tìm vùng, mã số, xã' });
  await box.fill('trang viet');
  const found = page.getByRole('option').filter({ hasText: 'trước đây: Tráng Việt' });
  await found.waitFor();
  await page.screenshot({ path: `${OUT}map-former-commune.png` });
  await found.click();
  await at_zoom(page, 10);
  await page.getByRole('button', { name: 'Bỏ lọc Mê Linh' }).first().waitFor();
  // The list to filter by knows it too.
  const picker = page.getByRole('combobox', { name: 'Lọc theo xã, phường' });
  await picker.click();
  await picker.fill('dong ngac');
  await page.getByRole('option').filter({ hasText: 'trước đây: Đông Ngạc' }).first().waitFor();
  assert_clean();
  await close();
});

test('a commune is found by typing, filters the figures, and the map goes there', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const picker = page.getByRole('combobox', { name: 'Lọc theo xã, phường' });
  await picker.click();
  await picker.fill(zone.unit.name);
  await page.getByRole('option', { name: zone.unit.code }).click();
  const facts = await figures(`?unit=${zone.unit.code}`);
  const total = page.locator('.totals dd').first();
  await at_zoom(page, 10);
  assert.equal(link_of(page).get('unit'), zone.unit.code);
  const wanted = Math.round(facts.totals.kept_m2 / 10_000);
  await page.waitForFunction((ha) => {
    const shown = document.querySelector('.totals dd')?.textContent ?? '';
    return Math.abs(Number(shown.replace(/\./g, '').replace(',', '.')) - ha) <= 1;
  }, wanted);
  assert.match((await total.textContent()) ?? '', /^[\d.,]+$/);
  await page
    .getByRole('button', { name: `Bỏ lọc ${zone.unit.name}` })
    .first()
    .click();
  await page.waitForFunction(() => !location.hash.includes('unit='));
  assert_clean();
  await close();
});

test('another year changes the losses, and the tiles that are asked for', async () => {
  const facts = await figures();
  const [oldest] = facts.epochs;
  assert.ok(oldest && oldest !== facts.epoch, 'the workspace has one epoch only');
  const then = await figures(`?epoch=${oldest}`);
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  const tile = page.waitForRequest(
    (request) => request.url().includes('/tiles/') && request.url().includes(`epoch=${oldest}`),
  );
  const slider = page.getByRole('slider', { name: 'Năm hiện trạng sử dụng đất' });
  await slider.focus();
  await page.keyboard.press('Home');
  await tile;
  await page.locator('.totals').getByText(`ha mất đến ${oldest}`).waitFor();
  await page.locator('.totals').getByText(hectares(then.totals.kept_m2, 'vi'), { exact: true }).waitFor();
  assert.equal(link_of(page).get('epoch'), oldest);
  assert.equal(await slider.getAttribute('aria-valuetext'), oldest);
  await page.keyboard.press('End');
  await page.locator('.totals').getByText(`ha mất đến ${facts.epoch}`).waitFor();
  assert.equal(link_of(page).get('epoch'), null, 'the latest year is the default');
  assert_clean();
  await close();
});

test('a link brings back the exact view', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { epochs } = await figures();
  const hash = `#map=13.5/${lat.toFixed(5)}/${lon.toFixed(5)}&kind=${zone.kind}&unit=${zone.unit.code}&epoch=${epochs.at(-2)}&zone=${encodeURIComponent(zone.id)}&lang=en&theme=dark&layers=zones,encroachments,landuse`;
  const { page, assert_clean, close } = await visit(hash);
  await page.getByRole('complementary').getByRole('heading', { name: zone.name }).waitFor();
  await drawn(page);
  assert.equal(new URL(page.url()).hash, hash);
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  assert.equal(await page.getByRole('slider').getAttribute('aria-valuetext'), epochs.at(-2));
  await page.getByRole('tab', { name: 'Layers' }).click();
  assert.equal(await page.getByRole('switch', { name: 'Land use' }).getAttribute('aria-checked'), 'true');
  assert.equal(await page.getByRole('switch', { name: 'Commune borders' }).getAttribute('aria-checked'), 'false');
  assert_clean();
  await close();
});

test('coordinates under the pointer are in VN-2000 and WGS 84, the scale bar follows the zoom', async () => {
  const { page, assert_clean, close } = await visit('#map=12/21.029014/105.851883&lang=en');
  await drawn(page);
  const coordinates = page.getByRole('group', { name: 'Coordinates' });
  await page.mouse.move(680, 410);
  // The map's centre: the published test point, within what a pixel covers.
  const text = (await coordinates.textContent()) ?? '';
  const [, north, east] = /X ([\d,]+) · Y ([\d,]+)/.exec(text) ?? [];
  assert.ok(Math.abs(Number(north?.replace(/,/g, '')) - 2_326_401) < 60, text);
  assert.ok(Math.abs(Number(east?.replace(/,/g, '')) - 588_351) < 60, text);
  assert.match(text, /21\.02\d{3}° N · 105\.85\d{3}° E/);
  const length = () => page.getByRole('img', { name: /^Scale bar/ }).getAttribute('aria-label');
  const before = await length();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await page.waitForFunction((old) => document.querySelector('.scale')?.getAttribute('aria-label') !== old, before);
  assert_clean();
  await close();
});

test('news from the server bring new figures without a reload', async () => {
  const { revision } = await figures();
  let n_asked = 0;
  const { page, assert_clean, close } = await visit('', {
    prepare: async (tab) => {
      await tab.route('**/events', (route) =>
        route.fulfill({
          contentType: 'text/event-stream',
          body: `retry: 600000\nevent: revision\ndata: {"revision": ${revision + 1}}\n\n`,
        }),
      );
      await tab.route('**/api/v1/summary*', async (route) => {
        n_asked += 1;
        const answer = await route.fetch();
        const body = (await answer.json()) as { revision: number };
        await route.fulfill({
          response: answer,
          json: { ...body, revision: revision + (n_asked > 1 ? 1 : 0) },
        });
      });
    },
  });
  await page.getByText('Dữ liệu vừa được cập nhật.').waitFor({ state: 'attached' });
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForTimeout(300);
  assert.ok(n_asked >= 2, `the figures were asked for ${n_asked} times`);
  assert_clean();
  await close();
});
