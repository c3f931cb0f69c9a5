// What a reader holds over the map: a place that was typed, where he is, and the measure; with the mouse and with keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { assert_accessible, drawn, link_of, LOOKS, OUT, visit } from './harness.ts';

const SAID = {
  vi: {
    find: 'Tìm vùng, mã số, xã',
    place: 'Vị trí đã tìm',
    near: 'Vị trí của bạn',
    me: 'Đến vị trí của tôi',
  },
  en: {
    find: 'Find a zone, code or commune',
    place: 'The place you looked up',
    near: 'Where you are',
    me: 'Go to where I am',
  },
};
const MEASURE = {
  vi: {
    take: 'Đo chiều dài, diện tích',
    card: 'Đo trên bản đồ',
    length: 'Chiều dài',
    area: 'Diện tích',
    undo: 'Bỏ điểm cuối',
  },
  en: {
    take: 'Measure a length or an area',
    card: 'Measure on the map',
    length: 'Length',
    area: 'Area',
    undo: 'Remove the last point',
  },
};
/** How far, in degrees, the map's middle is from a place: cards may stand beside it. */
function away(page: Page, lon: number, lat: number): number {
  const [y = NaN, x = NaN] = (link_of(page).get('map')?.split('/') ?? []).slice(1).map(Number);
  return Math.hypot(x - lon, y - lat);
}
const card = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

/** Sets three points, each awaited by what it adds to the card: a click before the card stands is nobody’s. */
async function measure_at(
  page: Page,
  lang: 'vi' | 'en',
  points: readonly (readonly [number, number])[],
): Promise<void> {
  const shown = card(page, MEASURE[lang].card);
  await shown.waitFor();
  const { undo, length, area } = MEASURE[lang];
  for (const [i, adds] of [
    shown.getByRole('button', { name: undo }),
    shown.getByText(length, { exact: true }),
    shown.getByText(area, { exact: true }),
  ].entries()) {
    await page.mouse.click(...(points[i] as [number, number]));
    await adds.waitFor();
  }
}

test('coordinates of either system are found, shown in both, and laid down with Escape', async () => {
  const { page, assert_clean, close } = await visit();
  await drawn(page);
  const box = page.getByRole('combobox', { name: SAID.vi.find });
  for (const typed of ['21,02850 105,85420', '21°01\'42.6"N 105°51\'15.12"E']) {
    await box.fill(typed);
    await page.getByRole('option', { name: /Tọa độ/ }).waitFor();
    await box.press('Enter');
    const shown = card(page, SAID.vi.place);
    await shown.getByText('21,02850° B · 105,85420° Đ').waitFor();
    await shown.getByText(/VN-2000/).waitFor();
    assert.ok(away(page, 105.8542, 21.0285) < 0.005, page.url());
    await page.keyboard.press('Escape');
    await shown.waitFor({ state: 'detached' });
  }
  // What the card says of the grid leads back to the same place.
  await box.fill('X 2325000 Y 587000');
  await page.getByRole('option').click();
  await card(page, SAID.vi.place).getByText('X 2.325.000 · Y 587.000').waitFor();
  assert_clean();
  await close();
});

test('a name with typing mistakes is guessed, and said to be a guess', async () => {
  const { page, assert_clean, close } = await visit();
  const box = page.getByRole('combobox', { name: SAID.vi.find });
  await box.fill('soc sonn');
  await page.getByText('Không có đúng “soc sonn”. Gần giống nhất:').first().waitFor();
  await page.getByRole('option', { name: /Xã Sóc Sơn/ }).waitFor();
  await box.fill('soc son');
  await page.getByRole('option', { name: /Xã Sóc Sơn/ }).waitFor();
  assert.equal(await page.getByText('Gần giống nhất').count(), 0);
  assert_clean();
  await close();
});

test('where the device is, with how sure it is; and what is said when it may not tell', async () => {
  const here = { longitude: 105.85, latitude: 21.03, accuracy: 120 };
  const told = await visit('', {
    geolocation: here,
    permissions: ['geolocation'],
  });
  await drawn(told.page);
  await told.page.getByRole('button', { name: SAID.vi.me }).click();
  const shown = card(told.page, SAID.vi.near);
  await shown.getByText('21,03000° B · 105,85000° Đ').waitFor();
  await shown.getByText('Sai số ±120 m').waitFor();
  assert.ok(away(told.page, 105.85, 21.03) < 0.005, told.page.url());
  told.assert_clean();
  await told.close();
  const refused = await visit('', { permissions: [] });
  await drawn(refused.page);
  await refused.page.getByRole('button', { name: SAID.vi.me }).click();
  await card(refused.page, SAID.vi.near).getByRole('alert').waitFor();
  refused.assert_clean();
  await refused.close();
});

test('a length and an area are measured with the mouse and with keys, and nothing is chosen meanwhile', async () => {
  const { page, assert_clean, close } = await visit('#map=14/21.0285/105.8542');
  await drawn(page);
  await page.getByRole('button', { name: MEASURE.vi.take }).click();
  const shown = card(page, MEASURE.vi.card);
  await measure_at(page, 'vi', [
    [600, 300],
    [800, 300],
    [800, 450],
  ]);
  const figure = async (name: string) =>
    shown
      .locator('div', { has: page.getByText(name, { exact: true }) })
      .last()
      .locator('dd')
      .innerText();
  const metres = (text: string) => Number(text.replace(/[^\d,]/g, '').replace(',', '.'));
  const [length, around] = [metres(await figure('Chiều dài')), metres(await figure('Chu vi'))];
  // 200 and 150 pixels at this zoom and latitude, and back over 250.
  const pixel_m = (40_075_016.686 * Math.cos((21.0285 * Math.PI) / 180)) / 512 / 2 ** 14;
  assert.ok(Math.abs(length / (350 * pixel_m) - 1) < 0.02, `${length} m for ${350 * pixel_m}`);
  assert.ok(Math.abs(around / (600 * pixel_m) - 1) < 0.02, `${around} m for ${600 * pixel_m}`);
  const hectares = Number((await figure(MEASURE.vi.area)).replace(/[^\d,]/g, '').replace(',', '.'));
  assert.ok(Math.abs(hectares / ((15_000 * pixel_m ** 2) / 1e4) - 1) < 0.03, `${hectares} ha`);
  assert.equal(link_of(page).get('zone'), null);
  await shown.getByRole('button', { name: MEASURE.vi.undo }).click();
  await shown.getByText(MEASURE.vi.area, { exact: true }).waitFor({ state: 'detached' });
  // The map's middle with Enter, elsewhere after it was moved.
  await page.locator('.maplibregl-canvas').focus();
  await page.keyboard.press('Enter');
  await shown.getByText(MEASURE.vi.area, { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await shown.waitFor({ state: 'detached' });
  assert_clean();
  await close();
});

LOOKS.forEach(([look, options, lang]) => {
  test(`the instruments are within everyone’s reach: ${look}`, async () => {
    const here = { longitude: 105.85, latitude: 21.03, accuracy: 40 };
    const { page, assert_clean, close } = await visit(`#lang=${lang}`, {
      ...options,
      geolocation: here,
      permissions: ['geolocation'],
    });
    await drawn(page);
    await page.getByRole('button', { name: SAID[lang].me }).click();
    await card(page, SAID[lang].near)
      .getByText(/105[.,]85000/)
      .waitFor();
    await drawn(page);
    await assert_accessible(page, `${look}: near`);
    await page.screenshot({ path: `${OUT}instruments-near-${look}.png` });
    await page.getByRole('button', { name: MEASURE[lang].take }).click();
    const left = 'viewport' in options ? 200 : 700;
    await measure_at(page, lang, [
      [left, 420],
      [left + 50, 480],
      [left + 100, 420],
    ]);
    await assert_accessible(page, `${look}: measure`);
    await page.screenshot({ path: `${OUT}instruments-measure-${look}.png` });
    assert_clean();
    await close();
  });
});
