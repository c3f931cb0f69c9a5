// How journeys read the page of figures: its cards, their tables, what numbers say.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { serving } from './harness.ts';
import type { Figures } from './subjects.ts';

export type Lang = 'vi' | 'en';

// What the API tells of it.
type Text = Record<'vi' | 'en', string>;
interface Sum {
  name: Text | null;
  n_events: number;
  area_m2: number;
}
export interface Summary extends Figures {
  data_date: string;
  loss_groups: string[];
  groups: (Sum & { group: string })[];
  rights: (Sum & { right: string })[];
  codes: (Sum & { code: string })[];
  kinds: (Figures['kinds'][number] & { area_m2: number; kept_m2: number; target_m2: number | null })[];
}
export interface Moved {
  from: string;
  to: string;
  rows: { from: string | null; to: string | null; area_m2: number }[];
}
export interface Unit {
  code: string;
  name: string;
  n_zones: number;
  zones_area_m2: number;
  kept_m2: number;
  lost_m2: number;
  lost_share: number;
  n_events: number;
}

export const SAID = {
  vi: {
    open: 'Biểu đồ và bảng số liệu',
    page: 'Số liệu',
    table: 'Bảng',
    chart: 'Biểu đồ',
    close: 'Đóng trang số liệu',
    unit: 'Xã, phường',
    method: 'Cách tính từng cột',
    sure: 'Số liệu này chắc đến đâu',
  },
  en: {
    open: 'Charts and tables',
    page: 'Figures',
    table: 'Table',
    chart: 'Chart',
    close: 'Close the page of figures',
    unit: 'A commune',
    method: 'How each column is computed',
    sure: 'How sure these figures are',
  },
};

/** A city takes a server that was built for debugging longer than it lets anybody wait for one answer. */
const PATIENT = { timeout: 300_000 };

export const dialog = (page: Page, lang: Lang = 'vi'): Locator =>
  page.getByRole('dialog', { name: SAID[lang].page, exact: true });
export const card = (page: Page, name: string): Locator => page.locator(`#figures-${name}`);

/** Waits until no card waits for anything. */
export async function settled(page: Page): Promise<void> {
  await page.locator('#figures-communes').waitFor();
  await page.waitForFunction(() => !document.querySelector('dialog :is(.bone, .stale)'), undefined, PATIENT);
}

/** Shows a card's figures as a table. */
export async function as_table(page: Page, name: string, lang: Lang = 'vi'): Promise<Locator> {
  await card(page, name).getByRole('button', { name: SAID[lang].table, exact: true }).click();
  const table = card(page, name).getByRole('table');
  await table.locator('tbody tr').first().waitFor();
  return table;
}

/** The cells of a row: its head among them, in their order. */
export const cells = (row: Locator): Promise<string[]> => row.locator('th, td').allInnerTexts();

/** What the columns of a table are called. */
export async function columns(table: Locator): Promise<string[]> {
  return (await table.locator('thead th').allInnerTexts()).map((name) => name.replace(/[↑↓]/g, '').trim());
}

/** Fails when what is shown is not `value`, rounded to the decimals that are shown; null is a dash. */
export function assert_shows(shown: string | undefined, value: number | null, lang: Lang, what: string): void {
  if (value === null) return assert.equal(shown?.trim(), '–', what);
  const [group, point] = lang === 'vi' ? ['.', ','] : [',', '.'];
  const text = (shown ?? '').trim().replace(/\s*%$/, '').replaceAll(group, '').replace(point, '.').replace('−', '-');
  assert.match(text, /^-?\d+(\.\d+)?$/, `${what}: “${shown}”`);
  const decimals = text.split('.')[1]?.length ?? 0;
  const off = Math.abs(Number(text) - value);
  assert.ok(off <= 0.5 * 10 ** -decimals * (1 + 1e-6), `${what}: ${shown} is not ${value}`);
}

/** What the API answers, waited for as the page waits. */
export async function api<T>(path: string): Promise<T> {
  const give_up = Date.now() + 600_000;
  for (;;) {
    const answer = await fetch(serving() + path);
    if (answer.ok) return (await answer.json()) as T;
    assert.ok(answer.status === 503 && Date.now() < give_up, `${path}: ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

/** What a press on a button of a card saves. */
export async function saved(page: Page, name: string, file: 'CSV' | 'SVG' | 'PNG'): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    card(page, name)
      .getByRole('button', { name: new RegExp(`${file}$`) })
      .click(),
  ]);
  return await readFile(await download.path());
}
