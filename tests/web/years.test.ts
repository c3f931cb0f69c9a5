// Two years of the map on either side of a divider: by mouse, finger and keys, beside the years that run; and the legend that filters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { api, assert_accessible, drawn, link_of, LOOKS, OUT, PHONE_TOUCHED, visit } from './harness.ts';
import { a_zone_with_losses, figures } from './subjects.ts';

const COMPARE = { vi: 'So sánh hai năm cạnh nhau', en: 'Compare two years side by side' };
const DIVIDER = { vi: /^Vạch kéo giữa năm/, en: /^Divider between/ };
const slider = (page: Page, lang: 'vi' | 'en' = 'vi') => page.getByRole('slider', { name: DIVIDER[lang] });
const stands = async (page: Page, lang: 'vi' | 'en' = 'vi') =>
  Number(await slider(page, lang).getAttribute('aria-valuenow'));

test('two years lie side by side, and the divider follows the mouse and the keys', async () => {
  const { epochs } = await figures();
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  await page.getByRole('button', { name: COMPARE.vi }).press('Enter');
  await slider(page).waitFor();
  assert.equal(link_of(page).get('beside'), epochs[0]);
  await slider(page).focus();
  await page.keyboard.press('Home');
  const least = await stands(page);
  await page.keyboard.press('ArrowRight');
  assert.ok((await stands(page)) > least);
  await page.keyboard.press('End');
  assert.ok((await stands(page)) > 90);
  const box = await slider(page).boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 1, 300);
  await page.mouse.down();
  await page.mouse.move(box.x - 400, 300, { steps: 4 });
  await page.mouse.up();
  assert.ok((await stands(page)) < 70, 'the divider did not follow the mouse');
  // The link says where it was left.
  const left_at = await stands(page);
  assert.equal(link_of(page).get('divider'), String(left_at));
  await page.reload();
  await drawn(page);
  assert.equal(await stands(page), left_at);
  // The years of both corners, and of the time bar, go their own ways.
  await page.getByRole('combobox', { name: 'Năm bên trái' }).selectOption(epochs[1] ?? '');
  assert.equal(link_of(page).get('beside'), epochs[1]);
  await page.getByRole('button', { name: 'Năm tiếp theo' }).click();
  await page.waitForFunction(() => location.hash.includes('epoch='));
  assert.equal(link_of(page).get('epoch'), epochs[0], 'after the last year the first one comes');
  assert.equal(link_of(page).get('beside'), epochs[1]);
  await page.getByRole('combobox', { name: 'Năm bên phải' }).selectOption(epochs.at(-1) ?? '');
  assert.equal(link_of(page).get('epoch'), null);
  await page.getByRole('button', { name: 'Thôi so sánh hai năm' }).click();
  await slider(page).waitFor({ state: 'detached' });
  assert.deepEqual([link_of(page).get('beside'), link_of(page).get('divider')], [null, null]);
  assert_clean();
  await close();
});

test('the second map may be put away while its patterns are still on their way', async () => {
  const [lon, lat] = (await a_zone_with_losses()).center;
  const { page, assert_clean, close } = await visit(`#map=13/${lat}/${lon}`);
  await drawn(page);
  let asked = 0;
  let let_go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (let_go = resolve));
  await page.route('**/sprites/**', async (route) => {
    asked += 1;
    await held;
    await route.continue();
  });
  const tiles: string[] = [];
  page.on('response', (answer) => void (answer.url().includes('/tiles/') && tiles.push(answer.url())));
  await page.getByRole('button', { name: COMPARE.vi }).click();
  await slider(page).waitFor();
  for (let i = 0; i < 100 && (asked === 0 || tiles.length === 0); i += 1) await page.waitForTimeout(100);
  assert.ok(asked > 0 && tiles.length > 0, 'the second map asked for no patterns or no tiles');
  // Tiles are cut up beside the page; a little later they ask for their patterns.
  await page.waitForTimeout(1_500);
  await page.getByRole('button', { name: 'Thôi so sánh hai năm' }).click();
  await slider(page).waitFor({ state: 'detached' });
  let_go();
  await drawn(page);
  assert_clean();
  await close();
});

test('a click means what its side shows: a piece of the later year is none in the earlier one', async () => {
  const { epochs } = await figures();
  interface Pieces {
    features: { id: string; properties: { zone_id: string; center: [number, number] } }[];
  }
  const found = await api<Pieces>(`/api/v1/encroachments?since=${epochs.at(-1) ?? ''}&limit=1&geometry=none`);
  const piece = found.features[0];
  assert.ok(piece, 'nothing was lost in the last year');
  const [lon, lat] = piece.properties.center;
  const { page, assert_clean, close } = await visit(`#map=16/${lat}/${lon}&beside=${epochs[0] ?? ''}`);
  await drawn(page);
  await slider(page).press('End');
  // The second map draws by itself: a click is tried until it is there.
  const click = () => page.mouse.click(680, 410);
  for (let i = 0; i < 40 && !link_of(page).has('zone'); i += 1) {
    await click();
    await page.waitForTimeout(500);
    assert.equal(link_of(page).get('event'), null, 'that year shows no such piece');
  }
  assert.equal(link_of(page).get('zone'), piece.properties.zone_id);
  await page.keyboard.press('Escape');
  await slider(page).press('Home');
  await click();
  await page.waitForFunction((id) => location.hash.includes(id), piece.id);
  assert_clean();
  await close();
});

test('a finger drags the divider', async () => {
  const { page, assert_clean, close } = await visit('#beside=2014&lang=en', PHONE_TOUCHED);
  await drawn(page);
  await slider(page, 'en').waitFor();
  const was = await stands(page, 'en');
  const box = await slider(page, 'en').boundingBox();
  assert.ok(box);
  const touch = await page.context().newCDPSession(page);
  const at = (x: number) => ({ touchPoints: [{ x, y: 300 }] });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', ...at(box.x + 1) });
  for (const by of [30, 60, 90]) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', ...at(box.x + by) });
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  assert.ok((await stands(page, 'en')) > was + 10, 'the divider did not follow the finger');
  assert_clean();
  await close();
});

test('a press in the legend hides a kind on the map, in the figures and in the table, and the link says so', async () => {
  const facts = await figures();
  const [first, second] = facts.kinds;
  assert.ok(first && second);
  const { page, assert_clean, close } = await visit('#table=zones');
  await drawn(page);
  await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
  const row = page.getByRole('tabpanel').getByRole('button', { name: first.name.vi, exact: true });
  assert.equal(await row.getAttribute('aria-pressed'), 'true');
  await row.press('Enter');
  const others = facts.kinds.slice(1).map(({ kind }) => kind);
  assert.equal(link_of(page).get('kind'), others.join(','));
  assert.equal(await row.getAttribute('aria-pressed'), 'false');
  const table = page.getByRole('region', { name: 'Bảng số liệu', exact: true });
  await page.getByRole('checkbox', { name: 'Trong khung nhìn' }).uncheck();
  const rest = facts.totals.n_zones - first.n_zones;
  await table.getByText(`${new Intl.NumberFormat('vi-VN').format(rest)} vùng · `, { exact: false }).waitFor();
  await row.press('Enter');
  assert.equal(link_of(page).get('kind'), null);

  await page.getByRole('button', { name: `Chỉ hiện ${second.name.vi}` }).click();
  assert.equal(link_of(page).get('kind'), second.kind);
  await page.getByRole('button', { name: 'Chỉ hiện Đất xây dựng' }).click();
  assert.equal(link_of(page).get('group'), 'built');
  const built = await figures(`?kind=${second.kind}&group=built`);
  await page.getByRole('tab', { name: 'Số liệu' }).click();
  const n = new Intl.NumberFormat('vi-VN').format(built.totals.n_events);
  await page.locator('.totals').getByText(n, { exact: true }).waitFor();
  await table.getByRole('button', { name: 'Đất mất', exact: true }).click();
  await table.getByText(`${n} mảnh · `, { exact: false }).waitFor();
  assert_clean();
  await close();
});

for (const [look, options, lang] of LOOKS) {
  test(`nothing of the years and the legend is out of reach for anyone: ${look}`, async () => {
    const { page, assert_clean, close } = await visit(`#beside=2014&lang=${lang}`, options);
    await drawn(page);
    await slider(page, lang).waitFor();
    await assert_accessible(page, `${look}: two years`);
    await page.screenshot({ path: `${OUT}years-${look}.png` });
    await page.getByRole('tab', { name: lang === 'vi' ? 'Lớp bản đồ' : 'Layers' }).click();
    if ('hasTouch' in options)
      await page.getByRole('button', { name: lang === 'vi' ? 'Mở rộng bảng' : 'Enlarge the sheet' }).click();
    await page.getByRole('button', { name: lang === 'vi' ? 'Chỉ hiện Lúa' : 'Show Rice only' }).click();
    await page
      .getByRole('button', { name: lang === 'vi' ? 'Hiện tất cả' : 'Show all', exact: true })
      .last()
      .waitFor();
    await assert_accessible(page, `${look}: a legend that hides`);
    await page.screenshot({ path: `${OUT}legend-${look}.png` });
    assert_clean();
    await close();
  });
}
