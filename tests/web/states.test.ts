// What is shown when there is nothing to show, and that every state can be read by everyone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assert_accessible, drawn, PHONE, visit } from './harness.ts';
import { a_zone_with_losses } from './subjects.ts';

type Json = Record<string, unknown>;

/** The server's summary with changes that a full workspace does not give. */
const summary_with = (change: (body: Json) => Json) => (page: Page) =>
  page.route('**/api/v1/summary*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({
      response: answer,
      json: change((await answer.json()) as Json),
    });
  });

const no_losses = (figures: Json): Json => ({
  ...figures,
  lost_m2: null,
  kept_m2: null,
  lost_share: null,
  n_events: null,
  n_zones_encroached: null,
});

const without_landuse = summary_with((body) => ({
  ...body,
  epoch: null,
  epochs: [],
  rights: [],
  layers_present: ['zones', 'boundaries'],
  totals: no_losses(body['totals'] as Json),
  kinds: (body['kinds'] as Json[]).map(no_losses),
}));

const empty = summary_with((body) => ({
  ...body,
  simulated: false,
  bounds: null,
  epoch: null,
  epochs: [],
  data_date: null,
  layers_present: [],
  kinds: [],
  rights: [],
  totals: {
    ...no_losses(body['totals'] as Json),
    n_zones: 0,
    area_m2: 0,
    n_units: 0,
  },
}));

test('an empty workspace says how to fill it', async () => {
  const { page, assert_clean, close } = await visit('', { prepare: empty });
  await page.getByRole('heading', { name: 'Chưa có vùng nào' }).waitFor();
  await page.getByText('--as zones').waitFor();
  assert.equal(await page.getByText('Dữ liệu mô phỏng').count(), 0);
  await assert_accessible(page, 'empty');
  assert_clean();
  await close();
});

test('without land use losses are called unknown, not zero', async () => {
  const { page, assert_clean, close } = await visit('#lang=en', {
    prepare: without_landuse,
  });
  await page.getByRole('heading', { name: 'Losses are not known yet' }).waitFor();
  await page.getByText('ha in zones').waitFor();
  assert.equal(await page.locator('.loss').count(), 0);
  assert.equal(await page.getByRole('slider').count(), 0);
  await assert_accessible(page, 'no land use');
  assert_clean();
  await close();
});

test('a server that does not answer is said so, and asked again', async () => {
  let down = true;
  const { page, assert_clean, close } = await visit('', {
    expected: /ERR_CONNECTION_REFUSED/,
    prepare: (tab) => tab.route('**/api/**', (route) => (down ? route.abort('connectionrefused') : route.continue())),
  });
  await page.getByRole('alert').getByText('Chưa nối được với máy chủ').waitFor();
  await assert_accessible(page, 'unreachable');
  down = false;
  await page.getByRole('button', { name: 'Thử lại' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  await drawn(page);
  assert_clean();
  await close();
});

test('a style that does not come is said so, the map stays as it was, and it is asked for again', async () => {
  let down = false;
  const { page, assert_clean, close } = await visit('', {
    expected: /ERR_CONNECTION_REFUSED/,
    prepare: (tab) =>
      tab.route('**/styles/*.json*', (route) => (down ? route.abort('connectionrefused') : route.continue())),
  });
  await drawn(page);
  down = true;
  await page.getByRole('button', { name: 'Chuyển sang nền tối' }).click();
  const told = page.getByRole('alert').filter({ hasText: 'Chưa tải được bản đồ' });
  await told.waitFor();
  await drawn(page);
  await assert_accessible(page, 'no style');
  down = false;
  const style = page.waitForResponse((answer) => answer.ok() && answer.url().includes('/styles/'));
  await told.getByRole('button', { name: 'Thử lại' }).click();
  await style;
  await told.waitFor({ state: 'detached' });
  await drawn(page);
  assert_clean();
  await close();
});

test('a server that fails is not called unreachable', async () => {
  const { page, close } = await visit('', {
    expected: /500/,
    prepare: (tab) => tab.route('**/api/v1/summary*', (route) => route.fulfill({ status: 500, body: 'oh' })),
  });
  await page.getByRole('alert').getByText('Máy chủ báo lỗi').waitFor();
  await close();
});

test('a zone that is gone is said so, and the map stays usable', async () => {
  const { page, assert_clean, close } = await visit('#zone=no-such-zone', {
    expected: /404/,
  });
  const card = page.getByRole('complementary');
  await card.getByRole('heading', { name: 'Không có vùng này' }).waitFor();
  await card.getByText('no-such-zone').waitFor();
  await assert_accessible(page, 'zone not found');
  await card.getByRole('button', { name: 'Đóng', exact: true }).click();
  await card.waitFor({ state: 'detached' });
  await drawn(page);
  assert_clean();
  await close();
});

test('a filter that nothing fits offers the way back', async () => {
  const { page, close } = await visit('#kind=no_such_kind', {
    expected: /400|404/,
  });
  await page.getByRole('button', { name: 'Bỏ hết lọc' }).first().click();
  await page.locator('.kinds li').first().waitFor();
  await close();
});

test('without WebGL the figures, the search and the list still work', async () => {
  const zone = await a_zone_with_losses();
  const { page, assert_clean, close } = await visit(`#zone=${encodeURIComponent(zone.id)}`, {
    prepare: (tab) =>
      tab.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      }),
  });
  await page.getByRole('heading', { name: 'Trình duyệt không vẽ được bản đồ' }).waitFor();
  await page.getByRole('heading', { name: zone.name }).waitFor();
  await page.getByRole('tab', { name: 'Danh sách' }).click();
  await page.getByRole('tabpanel').getByRole('button').first().waitFor();
  // In the map's place stands the table: every zone, wherever it lies.
  const table = page.getByRole('region', { name: 'Bảng số liệu', exact: true });
  await table.locator('tbody tr').first().waitFor();
  assert.equal(await page.getByRole('checkbox', { name: 'Trong khung nhìn' }).count(), 0);
  await assert_accessible(page, 'no WebGL');
  assert_clean();
  await close();
});

for (const [name, options] of [
  ['desktop, light', {}],
  ['desktop, dark', { colorScheme: 'dark' as const }],
  ['phone, light', { viewport: PHONE, hasTouch: true, isMobile: true }],
  [
    'phone, dark',
    {
      viewport: PHONE,
      hasTouch: true,
      isMobile: true,
      colorScheme: 'dark' as const,
    },
  ],
] as const) {
  test(`nothing is out of reach for anyone: ${name}`, async () => {
    const zone = await a_zone_with_losses();
    const { page, assert_clean, close } = await visit(
      '#layers=zones,encroachments,landuse,units,context,labels',
      options,
    );
    await page.getByRole('heading', { level: 1 }).waitFor();
    await drawn(page);
    await assert_accessible(page, `${name}: figures`);
    if ('viewport' in options) await page.getByRole('button', { name: 'Mở rộng bảng' }).click();
    await page.locator('.kinds button').first().click();
    await page.getByRole('list', { name: 'Đang lọc' }).waitFor();
    await assert_accessible(page, `${name}: filtered`);
    await page.getByRole('button', { name: 'Lọc mảnh đất mất' }).click();
    await page.getByRole('combobox', { name: 'Bậc diện tích, từ' }).selectOption('2');
    await page.getByRole('button', { name: /^Bỏ lọc từ/ }).waitFor();
    await assert_accessible(page, `${name}: filters`);
    await page.getByRole('tab', { name: 'Biến động' }).click();
    await page.getByRole('table').waitFor();
    await assert_accessible(page, `${name}: changes`);
    await page.getByRole('tab', { name: 'Danh sách' }).click();
    await page.getByRole('tabpanel').locator('section li').first().waitFor();
    await assert_accessible(page, `${name}: pieces`);
    await page.getByRole('button', { name: 'Vùng', exact: true }).click();
    await page.getByRole('heading', { name: 'Vùng trong khung nhìn' }).waitFor();
    await page.getByRole('tabpanel').locator('section li').first().waitFor();
    await assert_accessible(page, `${name}: list`);
    await page.getByRole('tab', { name: 'Lớp bản đồ' }).click();
    await page.getByRole('switch').first().waitFor();
    await assert_accessible(page, `${name}: layers`);
    await page.getByRole('combobox', { name: 'Tìm vùng, mã số, xã' }).fill(zone.name);
    await page.getByRole('option').first().waitFor();
    await assert_accessible(page, `${name}: search`);
    await page.getByRole('option').filter({ hasText: zone.name }).first().click();
    await page.getByRole('heading', { level: 2, name: zone.name }).waitFor();
    await assert_accessible(page, `${name}: zone`);
    await page.getByRole('button', { name: 'Lịch sử của vùng' }).click();
    await page.getByText('Mất ròng mỗi năm').waitFor();
    await assert_accessible(page, `${name}: history`);
    await page.getByRole('button', { name: 'Đóng thẻ vùng' }).waitFor();
    await page.locator('section[aria-labelledby="pieces-title"] li button').first().click();
    await page.getByRole('heading', { name: 'Qua các năm' }).waitFor();
    await assert_accessible(page, `${name}: event`);
    assert_clean();
    await close();
  });
}
