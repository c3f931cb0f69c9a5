// Reading: search, language, theme, a phone, and all of it without a mouse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, link_of, PHONE, visit } from './harness.ts';
import { a_zone_with_losses, bare, figures, hectares } from './subjects.ts';

test('search finds a zone without its marks, and Enter goes there', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const field = page.getByRole('combobox', { name: 'Tìm vùng, mã số, xã' });
  await field.pressSequentially(bare(zone.name).toLowerCase(), { delay: 20 });
  const options = page.getByRole('option').filter({ hasText: zone.name });
  await options.first().waitFor();
  await field.press('ArrowDown');
  assert.equal(await field.getAttribute('aria-expanded'), 'true');
  const active = await field.getAttribute('aria-activedescendant');
  assert.ok(active && (await page.locator(`[id="${active}"][aria-selected="true"]`).count()) === 1);
  await options.first().click();
  await page.getByRole('complementary').getByRole('heading', { name: zone.name }).waitFor();
  assert.ok(link_of(page).get('zone'));
  assert_clean();
  await close();
});

test('search says so when there is nothing', async () => {
  const { page, assert_clean, close } = await visit();
  const field = page.getByRole('combobox', { name: 'Tìm vùng, mã số, xã' });
  await field.fill('qqqqzzzz');
  await page.locator('search .message').getByText('Không tìm thấy “qqqqzzzz”').waitFor();
  await field.press('Escape');
  await page.locator('search .message').waitFor({ state: 'hidden' });
  assert_clean();
  await close();
});

test('English and back: words, numbers and the document’s language', async () => {
  const facts = await figures();
  const { page, assert_clean, close } = await visit();
  await page.getByRole('heading', { name: facts.title.vi }).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: facts.title.en }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.locator('.totals').getByText(hectares(facts.totals.kept_m2, 'en'), { exact: true }).waitFor();
  assert.equal(link_of(page).get('lang'), 'en');
  // The choice outlives the page.
  await page.goto(new URL('/', page.url()).href);
  await page.getByRole('heading', { name: facts.title.en }).waitFor();
  await page.getByRole('button', { name: 'Tiếng Việt' }).click();
  await page.getByRole('heading', { name: facts.title.vi }).waitFor();
  assert_clean();
  await close();
});

test('the theme follows the system until somebody chooses', async () => {
  const { page, assert_clean, close } = await visit('', {
    colorScheme: 'dark',
  });
  await page.getByRole('heading', { level: 1 }).waitFor();
  const theme = () => page.locator('html').getAttribute('data-theme');
  assert.equal(await theme(), 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('html[data-theme="light"]').waitFor();
  const style = page.waitForRequest((request) => request.url().includes('/styles/dark.json'));
  await page.getByRole('button', { name: 'Chuyển sang nền tối' }).click();
  await style;
  assert.equal(await theme(), 'dark');
  assert.equal(link_of(page).get('theme'), 'dark');
  assert_clean();
  await close();
});

test('without a mouse: skip to the map, move it, choose a zone, read its card, close it', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=15/${lat}/${lon}`);
  await drawn(page);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Đến bản đồ' });
  assert.ok(await skip.evaluate((link) => link === document.activeElement && link.getBoundingClientRect().top >= 0));
  await page.keyboard.press('Enter');
  await page.locator('.maplibregl-canvas:focus').waitFor();
  await page.keyboard.press('Enter');
  const heading = page.getByRole('complementary').getByRole('heading', { level: 2 });
  await heading.waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H2');
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.locator('.maplibregl-canvas:focus').waitFor();
  const at = page.url();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((old) => location.href !== old, at);
  const zoom = Number(link_of(page).get('map')?.split('/')[0]);
  await page.keyboard.press('+');
  await page.waitForFunction((old) => Number(/map=([\d.]+)/.exec(location.hash)?.[1]) > old, zoom);
  assert_clean();
  await close();
});

test('without a map: the list of zones in view leads to the same cards', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=14/${lat}/${lon}`);
  await drawn(page);
  await page.getByRole('tab', { name: 'Số liệu' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.getByRole('tab', { name: 'Danh sách', selected: true }).waitFor();
  const row = page.getByRole('tabpanel').getByRole('button').filter({ hasText: zone.name }).first();
  await row.waitFor();
  await row.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('complementary').getByRole('heading', { level: 2 }).waitFor();
  assert_clean();
  await close();
});

test('every control that takes the focus shows it', async () => {
  const { page, close } = await visit();
  await drawn(page);
  const unseen: string[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      // The two fields show the focus on the box around them.
      const shown = [at, at.closest('search, .picker')].some((item) => {
        if (!item) return false;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(item);
        const ringed = item !== at && boxShadow.includes('0px 0px 0px 1px');
        return (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) || ringed;
      });
      return { html: at.outerHTML.slice(0, 120), shown };
    });
    if (!found) break;
    seen.add(found.html);
    if (!found.shown) unseen.push(found.html);
  }
  assert.ok(seen.size > 15, `only ${seen.size} controls took the focus`);
  assert.deepEqual(unseen, []);
  await close();
});

test('on a phone one sheet holds the figures, then the zone; handle and keys size it', async () => {
  const zone = await a_zone_with_losses();
  const [lon, lat] = zone.center;
  const { page, assert_clean, close } = await visit(`#map=15/${lat}/${lon}`, {
    viewport: PHONE,
    hasTouch: true,
    isMobile: true,
  });
  await drawn(page);
  const sheet = page.locator('.sheet');
  const height = async () => (await sheet.boundingBox())?.height ?? 0;
  const settled = async (test: (now: number) => boolean) => {
    for (let i = 0; i < 100 && !test(await height()); i++) await page.waitForTimeout(50);
    assert.ok(test(await height()), `the sheet is ${await height()} px high`);
  };
  await settled((now) => now < 220);
  await page.touchscreen.tap(195, 422);
  await sheet.getByRole('heading', { level: 2 }).waitFor();
  await settled((now) => now > 350 && now < 600);
  // The zone that was tapped would lie under the sheet: the map moves it into sight.
  await page.waitForFunction((old) => Number(/map=[\d.]+\/([\d.]+)/.exec(location.hash)?.[1]) < old - 0.001, lat);
  const handle = page.getByRole('button', { name: 'Mở rộng bảng' });
  await handle.focus();
  await page.keyboard.press('ArrowUp');
  await settled((now) => now > 700);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await settled((now) => now < 220);
  const box = await handle.boundingBox();
  assert.ok(box);
  await page.mouse.move(195, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(195, box.y - 200, { steps: 6 });
  await page.mouse.up();
  await settled((now) => now > 350 && now < 600);
  await page.getByRole('button', { name: 'Đóng thẻ vùng' }).click();
  await page.getByRole('tab', { name: 'Số liệu' }).waitFor();
  // Nothing is wider than the window.
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await page.getByRole('button', { name: 'Hiện tọa độ tâm bản đồ' }).click();
  await page.getByRole('group', { name: 'Tọa độ' }).getByText('WGS 84').waitFor();
  assert_clean();
  await close();
});
