// The table of what is in view: sorted, filtered, gone through with keys, taken along as a file; and where there is no map.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { api, assert_accessible, drawn, link_of, LOOKS, OUT, PHONE_TOUCHED, visit } from './harness.ts';
import { a_zone_with_losses, figures } from './subjects.ts';

const SAID = {
  vi: {
    open: 'Xem dạng bảng',
    list: 'Danh sách',
    table: 'Bảng số liệu',
    in_view: 'Trong khung nhìn',
    close: 'Đóng bảng',
  },
  en: {
    open: 'Show as a table',
    list: 'List',
    table: 'Table',
    in_view: 'Only what is in view',
    close: 'Close the table',
  },
};
const table = (page: Page, lang: 'vi' | 'en' = 'vi') =>
  page.getByRole('region', { name: SAID[lang].table, exact: true });
const rows = (page: Page, lang: 'vi' | 'en' = 'vi') => table(page, lang).locator('tbody tr');

interface List {
  n_matched: number;
  features: { properties: { id: string; name: string; kind: string; area_m2: number } }[];
}
const list = (query: string): Promise<List> => api<List>(`/api/v1/zones?geometry=none&limit=50&${query}`);

/** What the rows say first, as soon as the first is this. */
async function names(page: Page, first: string): Promise<string[]> {
  await rows(page).first().getByRole('rowheader', { name: first, exact: true }).waitFor();
  return await rows(page).getByRole('rowheader').allInnerTexts();
}

/** What is saved by a press on a button. */
async function saved(page: Page, button: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    table(page).getByRole('button', { name: button }).click(),
  ]);
  return readFileSync(await download.path());
}

test('a table is sorted, filtered by words, and taken along as it is shown', async () => {
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  await page.getByRole('tab', { name: SAID.vi.list }).click();
  await page.getByRole('button', { name: SAID.vi.open }).click();
  await rows(page).first().waitFor();
  assert.equal(link_of(page).get('table'), 'zones');
  // All that the city has, whatever the window shows.
  await page.getByRole('checkbox', { name: SAID.vi.in_view }).uncheck();
  const facts = await figures();
  const n = new Intl.NumberFormat('vi-VN').format(facts.totals.n_zones);
  await table(page).getByText(`${n} vùng`, { exact: false }).first().waitFor();
  const by_area = await list('sort=-area');
  const named = (found: List) => found.features.map(({ properties }) => properties.name);
  assert.deepEqual(await names(page, named(by_area)[0] ?? ''), named(by_area));
  await table(page).getByRole('button', { name: 'Mất, ha' }).click();
  const by_loss = await list('sort=-lost');
  assert.deepEqual(await names(page, named(by_loss)[0] ?? ''), named(by_loss));
  assert.equal(link_of(page).get('sort'), '-lost');
  assert.equal(
    await table(page).getByRole('columnheader', { name: 'Mất, ha' }).getAttribute('aria-sort'),
    'descending',
  );
  await table(page).getByRole('button', { name: 'Trang sau' }).click();
  const next = await list('sort=-lost&offset=50');
  assert.deepEqual(await names(page, named(next)[0] ?? ''), named(next));

  const zone = await a_zone_with_losses();
  await table(page).getByRole('searchbox').fill(zone.name);
  const few = await list(`sort=-lost&q=${encodeURIComponent(zone.name)}`);
  assert.deepEqual(await names(page, named(few)[0] ?? ''), named(few));
  const csv = (await saved(page, 'Tải CSV')).toString('utf8');
  assert.ok(csv.startsWith('\ufeff'), 'spreadsheets know UTF-8 by its mark');
  const lines = csv.trim().split('\r\n');
  assert.equal(lines.length, 1 + few.n_matched);
  assert.match(lines[0] ?? '', /^id,name,.*,licence,source,epoch,revision,date,simulated$/);
  few.features.forEach(({ properties }, i) => assert.ok(lines[i + 1]?.startsWith(`${properties.id},`), lines[i + 1]));
  assert.equal((await saved(page, 'Tải XLSX')).subarray(0, 2).toString(), 'PK');
  await table(page).getByRole('button', { name: SAID.vi.close }).click();
  await table(page).waitFor({ state: 'detached' });
  assert.equal(link_of(page).get('table') ?? link_of(page).get('find'), null);
  assert_clean();
  await close();
});

test('keys walk through the rows and lead to their place, and the rows stay', async () => {
  const { page, assert_clean, close } = await visit('#table=pieces');
  await drawn(page);
  await rows(page).nth(2).waitFor();
  const said = await rows(page).allInnerTexts();
  await rows(page).first().getByRole('button').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const card = page.getByRole('complementary', { name: 'Mảnh đất mất được chọn' });
  await card.getByRole('heading', { level: 2 }).first().waitFor();
  await page.waitForFunction(() => location.hash.includes('event='));
  const events = await api<{ features: { id: string }[] }>('/api/v1/encroachments?geometry=none&limit=2&sort=-area');
  assert.equal(link_of(page).get('event'), events.features[1]?.id);
  assert.equal(await rows(page).nth(1).getByRole('button').getAttribute('aria-current'), 'true');
  assert.deepEqual(await rows(page).allInnerTexts(), said, 'who went to a row finds the others where they were');
  assert_clean();
  await close();
});

test('on a phone a tapped row shows its card, and closing it leads back to the table', async () => {
  const { page, assert_clean, close } = await visit('#table=zones&lang=en', PHONE_TOUCHED);
  await drawn(page);
  const name = (await rows(page, 'en').nth(1).getByRole('rowheader').innerText()).trim();
  await rows(page, 'en').nth(1).getByRole('button').tap();
  await page.getByRole('heading', { level: 2, name, exact: true }).waitFor();
  await page.getByRole('button', { name: 'Close the zone’s card' }).tap();
  await rows(page, 'en').nth(1).waitFor();
  await table(page, 'en').getByRole('button', { name: SAID.en.close }).tap();
  await page.getByRole('tab', { name: SAID.en.list }).waitFor();
  assert_clean();
  await close();
});

test('where the browser takes the map back the table stands in its place, until it gives it again', async () => {
  const { page, close } = await visit('', { expected: /WebGL|context/i });
  await drawn(page);
  await page.evaluate(() => {
    const context = document.querySelector<HTMLCanvasElement>('.map canvas')?.getContext('webgl2');
    const lose = context?.getExtension('WEBGL_lose_context');
    Object.assign(globalThis, { give_back: () => lose?.restoreContext() });
    lose?.loseContext();
  });
  await page.getByRole('heading', { name: 'Trình duyệt không vẽ được bản đồ' }).waitFor();
  await rows(page).first().waitFor();
  await page.evaluate(() => (globalThis as unknown as { give_back(): void }).give_back());
  await page.getByRole('heading', { name: 'Trình duyệt không vẽ được bản đồ' }).waitFor({ state: 'detached' });
  await close();
});

for (const [look, options, lang] of LOOKS) {
  test(`nothing of the table is out of reach for anyone: ${look}`, async () => {
    const { page, assert_clean, close } = await visit(`#table=zones&lang=${lang}`, options);
    await drawn(page);
    await rows(page, lang).first().waitFor();
    await assert_accessible(page, `${look}: zones`);
    await page.screenshot({ path: `${OUT}table-${look}.png` });
    await table(page, lang)
      .getByRole('button', { name: lang === 'vi' ? 'Đất mất' : 'Land lost' })
      .click();
    await table(page, lang)
      .getByRole('columnheader', { name: lang === 'vi' ? 'Căn cứ' : 'Right' })
      .waitFor();
    await assert_accessible(page, `${look}: pieces`);
    await table(page, lang).getByRole('searchbox').fill('no such words');
    await page.getByRole('heading', { name: lang === 'vi' ? 'Không có dòng nào' : 'No rows' }).waitFor();
    await assert_accessible(page, `${look}: nothing`);
    assert_clean();
    await close();
  });
}
